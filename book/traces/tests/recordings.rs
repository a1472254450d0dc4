//! The recordings in the book are what its listings do, today and every time.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

fn traces(arguments: &[&Path]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_traces"))
        .args(arguments)
        .output()
        .unwrap()
}

fn record(folder: &Path) -> BTreeMap<PathBuf, String> {
    let output = traces(&[folder]);
    assert!(output.status.success(), "{output:?}");
    let chapters = fs::read_dir(folder).unwrap();
    let files = chapters.flat_map(|chapter| fs::read_dir(chapter.unwrap().path()).unwrap());
    let texts = files.map(|file| {
        let file = file.unwrap().path();
        (file.clone(), fs::read_to_string(file).unwrap())
    });
    texts.collect()
}

#[test]
fn the_book_shows_what_the_listings_do_now() {
    let output = traces(&[Path::new("--check")]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
}

#[test]
fn recordings_are_the_same_to_the_byte_every_time() {
    let folder = tempfile::tempdir().unwrap();
    let first = record(folder.path());
    for _ in 0..20 {
        assert_eq!(first, record(folder.path()));
    }
}

#[test]
fn a_recording_that_was_edited_is_found_out() {
    let folder = tempfile::tempdir().unwrap();
    record(folder.path());
    let file = folder.path().join("recipe/ask.html");
    let html = fs::read_to_string(&file).unwrap();
    fs::write(&file, html.replacen("Caller waits", "Caller sleeps", 1)).unwrap();
    let output = traces(&[Path::new("--check"), folder.path()]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success());
    assert!(said.contains("ask.html:"), "{said}");
    assert!(said.contains("Caller sleeps"), "{said}");
    assert!(said.contains("cargo run -p traces"), "{said}");

    fs::remove_file(&file).unwrap();
    let output = traces(&[Path::new("--check"), folder.path()]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("is not there"), "{said}");
}

/// A page takes a file in as one piece of HTML: a blank line would end it. Each scenario is data and its words.
#[test]
fn every_scenario_has_data_and_a_sentence_for_each_event() {
    let folder = tempfile::tempdir().unwrap();
    for (name, html) in record(folder.path()) {
        assert!(!html.contains("\n\n"), "{name:?}");
        for section in html.split("<section ").skip(1) {
            let (_, data) = section
                .split_once("<script type=\"application/json\">")
                .unwrap();
            let (data, words) = data.split_once("</script>").unwrap();
            let data: serde_json::Value = serde_json::from_str(data).unwrap();
            let events = data["steps"].as_array().unwrap().len();
            assert!(events > 0, "{name:?}");
            assert_eq!(events, words.matches("<li>").count(), "{name:?}");
            let lines = data["steps"].as_array().unwrap();
            assert!(
                lines.iter().any(|event| event[2] != 0),
                "{name:?}: no event is in the listing's file"
            );
        }
    }
}
