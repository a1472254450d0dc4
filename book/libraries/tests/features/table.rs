//! The table of the page, and its proof.

use serde_json::Value;
use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

const COLUMNS: [(&str, &str); 6] = [
    ("by hand", "by_hand"),
    ("actix", "on_actix"),
    ("kameo", "on_kameo"),
    ("ractor", "on_ractor"),
    ("rsactor", "on_rsactor"),
    ("xtra", "on_xtra"),
];

/// The name of the tests, the words of the page, and what a crate would not be without that has it.
const ROWS: [(&str, &str, &[&str]); 12] = [
    ("typed_replies", "typed replies", &[]),
    ("supervision", "supervision", &["supervis"]),
    ("links", "links between actors", &["fn link", "monitor("]),
    (
        "registry",
        "registry",
        &["fn lookup", "fn where_is", "registry"],
    ),
    ("remote", "other machines", &["remote", "cluster"]),
    ("streams", "streams", &["fn attach_stream", "fn add_stream"]),
    (
        "priorities",
        "priorities",
        &["with_priority", "fn priority"],
    ),
    ("timers", "timers", &["fn send_interval", "fn run_interval"]),
    ("bounded_by_default", "bounded by default", &[]),
    ("on_panic", "after a panic", &[]),
    ("on_last_drop", "after the last handle is dropped", &[]),
    ("on_full", "when the mailbox is full", &[]),
];

fn here() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The line above each test of a file: what the cell says.
fn cell(tests: &str, row: &str) -> Option<String> {
    let (before, _) = tests.split_once(&format!("#[test]\nfn {row}() {{"))?;
    let line = before.lines().next_back()?;
    Some(line.strip_prefix("/// ")?.to_owned())
}

fn table() -> String {
    let files = COLUMNS.map(|(_, file)| {
        let file = here().join("tests/features").join(file);
        fs::read_to_string(file.with_extension("rs")).unwrap()
    });
    let mut table = format!(
        "| What it gives | {} |\n",
        COLUMNS.map(|(name, _)| name).join(" | ")
    );
    table.push_str(&format!("| --- |{}\n", " --- |".repeat(COLUMNS.len())));
    for (row, words, _) in ROWS {
        let cells = files
            .each_ref()
            .map(|tests| cell(tests, row).unwrap_or_else(|| "–".to_owned()));
        table.push_str(&format!("| {words} | {} |\n", cells.join(" | ")));
    }
    table
}

/// The table is made of the tests, and a reader reads what they prove.
#[test]
fn the_page_has_the_table_of_these_tests() {
    let file = here()
        .with_file_name("listings")
        .join("tables/libraries_features.md");
    if env::var_os("BLESS").is_some() {
        fs::write(&file, table()).unwrap();
    }
    assert_eq!(
        fs::read_to_string(&file).unwrap_or_default(),
        table(),
        "`BLESS=1 cargo test -p actor-libraries --test features` writes the table"
    );
}

/// A cell without a test says that there is nothing of the kind. The names of such things do not stand in the crate's source, in the version
/// that is locked.
#[test]
fn what_a_crate_does_not_have_is_not_in_its_source() {
    let metadata = metadata();
    for (name, file) in &COLUMNS[1..] {
        let tests = here().join("tests/features").join(file);
        let tests = fs::read_to_string(tests.with_extension("rs")).unwrap();
        let mut source = String::new();
        read_all(&folder(&metadata, name).join("src"), &mut source);
        assert!(!source.is_empty(), "{name}");
        for (row, _, words) in ROWS {
            for word in words.iter().filter(|_| cell(&tests, row).is_none()) {
                assert!(
                    !source.contains(word),
                    "{name} has something of {row}: {word}"
                );
            }
        }
    }
}

fn read_all(folder: &Path, text: &mut String) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read_all(&path, text);
        } else if path.extension().is_some_and(|end| end == "rs") {
            let all = fs::read_to_string(&path).unwrap();
            // Comments may speak of what is not there.
            let code = all.lines().filter(|line| !line.trim().starts_with("//"));
            text.extend(code.flat_map(|line| [line, "\n"]));
        }
    }
}

fn metadata() -> Value {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let rustc = Command::new("rustc").arg("-vV").output().unwrap();
    let rustc = String::from_utf8(rustc.stdout).unwrap();
    let host = rustc.lines().find_map(|line| line.strip_prefix("host: "));
    let output = Command::new(cargo)
        .args(["metadata", "--format-version=1", "--locked"])
        // What other systems need is not there.
        .args(["--filter-platform", host.unwrap()])
        .current_dir(here())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

fn package<'a>(metadata: &'a Value, name: &str) -> &'a Value {
    let mut packages = metadata["packages"].as_array().unwrap().iter();
    packages.find(|package| package["name"] == name).unwrap()
}

fn folder(metadata: &Value, name: &str) -> PathBuf {
    let manifest = package(metadata, name)["manifest_path"].as_str().unwrap();
    Path::new(manifest).parent().unwrap().to_owned()
}

/// The features that a crate offers, and what each turns on.
pub fn features(name: &str) -> Value {
    package(&metadata(), name)["features"].clone()
}
