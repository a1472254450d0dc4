//! The workshop kit, on the course itself: what is made from the pages, hints and answers is made from all of them.

mod common;

use clap::CommandFactory;
use common::{Fixture, file};
use course::{
    cli::Cli,
    kit::{notes, pack::PACKED},
    workspace::{Workspace, answers, page::Page},
};
use serde_json::Value;
use std::{collections::BTreeSet, env, fs, path::Path, process::Command};

/// Runs a command in the course: exit code, stdout, stderr.
fn course(arguments: &[&str]) -> (i32, String, String) {
    course_in(Path::new(env!("CARGO_MANIFEST_DIR")), arguments)
}

fn course_in(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_course"))
        .args(arguments)
        .current_dir(folder)
        // Ours may be set for the tests themselves.
        .env_remove("CARGO_TARGET_DIR")
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let code = output.status.code().unwrap();
    (code, text(output.stdout), text(output.stderr))
}

/// After a change of a page's minutes or steps, `BLESS=1 cargo test -p course --test kit` writes them anew.
#[test]
fn the_plans_of_half_a_day_and_of_a_day_are_as_they_were_read_by_somebody() {
    for hours in ["3.5", "7"] {
        let (code, plan, error) = course(&["agenda", "--hours", hours]);
        assert_eq!(code, 0, "{error}");
        let file = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/golden")
            .join(format!("agenda-{hours}h.md"));
        if env::var_os("BLESS").is_some() {
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(&file, &plan).unwrap();
        }
        let written = fs::read_to_string(&file).unwrap_or_default();
        assert!(
            written == plan,
            "{} is not current: run `BLESS=1 cargo test -p course --test kit`, and read whether the plan still makes sense",
            file.display()
        );
    }
}

fn json(arguments: &[&str]) -> Value {
    let (code, plan, error) = course(&[arguments, &["--json"]].concat());
    assert_eq!(code, 0, "{error}");
    serde_json::from_str(&plan).unwrap()
}

fn names(list: &Value) -> Vec<&str> {
    list.as_array()
        .unwrap()
        .iter()
        .map(|name| name.as_str().unwrap())
        .collect()
}

#[test]
fn a_plan_fits_its_hours_leaves_no_gap_and_tears_no_turn() {
    for hours in ["1.5", "2", "3", "4", "5.5", "6", "8", "10"] {
        let plan = json(&["agenda", "--hours", hours]);
        let of = hours.parse::<f64>().unwrap() * 60.0;
        assert_eq!(plan["of"].as_f64(), Some(of));
        assert!(plan["minutes"].as_f64().unwrap() <= of);
        let (mut at, mut stretch, mut before) = (9 * 60, 0, Value::Null);
        let mut taught = BTreeSet::new();
        for entry in plan["entries"].as_array().unwrap() {
            let (kind, minutes) = (
                entry["kind"].as_str().unwrap(),
                entry["minutes"].as_u64().unwrap(),
            );
            let clock = format!("{:02}:{:02}", at / 60, at % 60);
            assert_eq!(entry["at"], clock.as_str(), "{hours} hours");
            at += minutes;
            if matches!(kind, "break" | "lunch") {
                stretch = 0;
                continue;
            }
            stretch += minutes;
            // The last words on a chapter and the close belong to what was before.
            assert!(
                stretch <= 100,
                "{hours} hours: {stretch} minutes at {clock}"
            );
            if kind == "step" && before["kind"] == "talk" {
                assert_eq!(before["step"], entry["step"], "{hours} hours: {clock}");
            }
            assert!(
                !(kind == "step" && stretch == minutes && before["step"] == entry["step"]),
                "{hours} hours: a break between a talk and its step, {clock}"
            );
            taught.extend(entry["chapter"].as_str());
            before = entry.clone();
        }
        let chosen = names(&plan["chapters"]);
        assert_eq!(taught, chosen.iter().copied().collect(), "{hours} hours");
        assert_eq!(names(&plan["drop"]).len(), chosen.len());
        let lunches = plan["entries"].as_array().unwrap().iter();
        let lunches = lunches.filter(|entry| entry["kind"] == "lunch").count();
        assert_eq!(lunches == 1, of > 300.0, "{hours} hours");
    }
}

#[test]
fn chapters_are_chosen_by_number_or_name_and_a_second_day_goes_on() {
    let plan = json(&["agenda", "--hours", "7", "--chapters", "2,recipe,01"]);
    assert_eq!(names(&plan["chapters"]), ["recipe", "run-method"]);
    let plan = json(&["agenda", "--hours", "7", "--known", "1,2,6"]);
    assert_eq!(names(&plan["known"]), ["recipe", "run-method", "select"]);
    assert!(!names(&plan["chapters"]).contains(&"select"));
    // What was done before has been done with all that it needs.
    let arguments = ["--chapters", "deadlocks", "--known", "cycles"];
    let plan = json(
        &[
            &["agenda", "--hours", "3", "--start", "13:30"],
            &arguments[..],
        ]
        .concat(),
    );
    assert_eq!(plan["entries"][0]["at"], "13:30");
}

#[test]
fn what_cannot_be_planned_is_refused_with_the_next_step() {
    for (arguments, words) in [
        (
            &["--hours", "7", "--chapters", "1,12"][..],
            &["builds on select", "recipe,run-method,select,backpressure"][..],
        ),
        (
            &["--hours", "3", "--chapters", "1,2,6"],
            &["there are 3 h", "--hours 4", "leave out select"],
        ),
        (&["--hours", "1"], &["--hours 1.5"]),
        (&["--hours", "30"], &["--known"]),
        (
            &["--hours", "10", "--chapters", "1,2,3,4,5,6,7,8,9"],
            &["a plan a day"],
        ),
        (&["--hours", "3", "--chapters", "slect"], &["`select`"]),
        (&["--hours", "3", "--start", "noon"], &["13:30"]),
    ] {
        let (code, out, error) = course(&[&["agenda"], arguments].concat());
        assert_ne!(code, 0, "{arguments:?}: {out}");
        for words in words {
            assert!(error.contains(words), "{arguments:?}: {error}");
        }
    }
}

#[test]
fn what_a_trainer_reads_beside_the_page_is_short() {
    let workspace = Workspace::find(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap();
    for exercise in &workspace.exercises {
        let file = notes::by_hand(&workspace, exercise);
        let text = fs::read_to_string(&file).unwrap();
        let (file, lines) = (file.display(), text.lines().count());
        assert!(
            (1..=10).contains(&lines),
            "{file}: {lines} lines, and not 1 to 10"
        );
        let long = text.lines().find(|line| line.chars().count() > 220);
        assert_eq!(long, None, "{file}");
    }
}

/// Nothing that the notes are made from gets lost on the way.
#[test]
fn the_notes_have_every_question_run_promise_and_thought() {
    let workspace = Workspace::find(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap();
    for exercise in &workspace.exercises {
        let page = Page::read(&workspace, exercise).unwrap();
        let notes = notes::chapter(&workspace, exercise, &page).unwrap();
        let count = |words: &str| notes.matches(words).count();
        let questions = page.turns.iter().map(|turn| turn.questions.len());
        let questions: usize = questions.sum();
        let runs: usize = page.turns.iter().map(|turn| turn.runs.len()).sum();
        assert_eq!(count("\n### Ask ("), questions, "{}", exercise.name);
        assert_eq!(count("\n**Answer: "), questions, "{}", exercise.name);
        assert_eq!(count("\n### Show ("), runs, "{}", exercise.name);
        for hints in exercise.hints().unwrap() {
            let test = format!("(`{}`)", hints.test);
            assert_eq!(count(&test), 1, "{}: {}", exercise.name, hints.test);
        }
        for answer in answers::rejected(exercise).unwrap() {
            let name = format!("(`{}`", answer.name());
            assert_eq!(count(&name), 1, "{}: {}", exercise.name, answer.name());
        }
        assert!(!notes.contains("{{#include"), "{}", exercise.name);
    }
}

#[test]
fn the_notes_of_a_chapter_are_pages_without_a_dead_include() {
    let (code, out, error) = course(&["notes", "recipe"]);
    assert_eq!((code, error.as_str()), (0, ""));
    let place = out.trim().strip_prefix("the notes are in ").unwrap();
    let page = Path::new(place).with_file_name("01-recipe.html");
    let page = fs::read_to_string(page).unwrap();
    assert!(page.contains("Answer: 3."), "{page}");
}

/// A fixture has no recorder: what is missing is in the line, and a learner's code that does not compile is not missing.
#[test]
fn ready_says_in_one_line_what_is_missing() {
    let tests = "#[test] fn counts() {}\n";
    let fixture = Fixture::new().exercise("01-early", "not Rust yet\n", tests, &["counts"]);
    file(&fixture.root.join("solutions/01-early/src/lib.rs"), "");
    let (code, out, error) = course_in(&fixture.root, &["ready"]);
    assert_eq!(code, 1, "{out}{error}");
    assert_eq!(out.lines().count(), 1, "{out}");
    assert!(out.starts_with("not ready: cannot record"), "{out}{error}");
    assert!(out.contains("1 of 1 exercises built"), "{out}");
    let place = fixture.root.to_string_lossy();
    assert!(!out.contains(&*place), "{out}");

    let (code, out, _) = course_in(&fixture.root, &["ready", "--json"]);
    let found: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &found["ready"]), (1, &Value::Bool(false)));
    assert_eq!(found["built"], 1);
}

/// A part of it was lost on the way here.
#[test]
fn ready_says_that_an_exercise_does_not_build_as_it_came() {
    let tests = "#[test] fn counts() { env!(\"CARGO_BIN_EXE_lost\"); }\n";
    let fixture = Fixture::new().exercise("01-early", "// as it came\n", tests, &["counts"]);
    let stub = fixture.root.join("solutions/01-early/stub.rs");
    file(&stub, "// as it came\n");
    let (code, out, error) = course_in(&fixture.root, &["ready"]);
    assert_eq!(code, 1, "{out}{error}");
    assert!(
        out.starts_with("not ready: error: environment variable"),
        "{out}{error}"
    );
    assert!(out.contains("0 of 1 exercises built"), "{out}");
}

#[test]
fn show_runs_an_answer_in_a_copy_and_leaves_the_learner_s_alone() {
    let tests = "#[test] fn counts() { assert_eq!(shown::count(), 2, \"who counts?\") }\n";
    let fixture = Fixture::new().exercise("01-shown", "// mine\n", tests, &["counts"]);
    let solution = fixture.root.join("solutions/01-shown");
    file(
        &solution.join("src/lib.rs"),
        "pub fn count() -> u32 { 2 }\n",
    );
    file(
        &solution.join("rejected/atomic.rs"),
        "//! rejected: counts\n//! says: who\n//! thinks: \"One is enough.\"\npub fn count() -> u32 { 1 }\n",
    );
    file(
        &solution.join("rejected/text.rs"),
        "//! rejected: compile\n//! says: mismatched types\n//! thinks: \"Text.\"\npub fn count() -> u32 { \"2\" }\n",
    );
    let lock = Command::new("cargo")
        .arg("generate-lockfile")
        .current_dir(&fixture.root)
        .status();
    assert!(lock.unwrap().success());

    let show = |answer: &[&str]| course_in(&fixture.root, &[&["show", "1"], answer].concat());
    for (answer, words) in [
        (&[][..], &["solution", "atomic", "One is enough."][..]),
        (&["solution"], &["all 1 tests pass"]),
        (
            &["rejected/atomic.rs"],
            &["One is enough.", "who counts?", "Promise of counts"],
        ),
        (&["text"], &["mismatched types"]),
    ] {
        let (code, out, error) = show(answer);
        assert_eq!(code, 0, "{out}{error}");
        for words in words {
            assert!(out.contains(words), "{words} in {out}");
        }
    }
    let (code, _, error) = show(&["atmic"]);
    assert_eq!(code, 1);
    assert!(error.contains("did you mean `atomic`?"), "{error}");
    assert_eq!(text(&fixture, "exercises/01-shown/src/lib.rs"), "// mine\n");
}

#[test]
fn whatever_the_workspace_consists_of_is_packed() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let manifest: toml::Table = fs::read_to_string(root.join("Cargo.toml"))
        .unwrap()
        .parse()
        .unwrap();
    for member in manifest["workspace"]["members"].as_array().unwrap() {
        let (top, _) = member.as_str().unwrap().split_once('/').unwrap();
        assert!(PACKED.contains(&top), "{member}");
    }
    for name in PACKED {
        assert!(root.join(name).exists(), "{name} is not there any more");
    }
}

/// The folder has a space and letters that are not ASCII, as all fixtures.
#[test]
fn a_pack_holds_the_course_without_answers_and_builds_with_an_empty_cargo_home() {
    let fixture = answered("// my answer\n");
    file(&fixture.root.join("private.txt"), "not the course's");
    file(
        &fixture.root.join("exercises/01-begun/src/room.rs"),
        "// mine",
    );
    file(
        &fixture.root.join("exercises/01-begun/src/main.rs"),
        "fn main() {} // as chapter 16's: no answer",
    );
    let lock = Command::new("cargo")
        .arg("generate-lockfile")
        .current_dir(&fixture.root)
        .status();
    assert!(lock.unwrap().success());
    let (code, out, error) = course_in(&fixture.root, &["pack", "--dest", "course é.tar.gz"]);
    assert_eq!(code, 0, "{out}{error}");

    let unpacked = fixture.root.join("target/elsewhere é");
    fs::create_dir_all(&unpacked).unwrap();
    let tar = Command::new("tar")
        .arg("-xzf")
        .arg(fixture.root.join("course é.tar.gz"))
        .current_dir(&unpacked)
        .status();
    assert!(tar.unwrap().success());
    let root = unpacked.join("actors-with-tokio");
    for name in [
        "START.txt",
        "read/index.html",
        "solutions/01-begun/stub.rs",
        "exercises/01-begun/src/main.rs",
    ] {
        assert!(root.join(name).is_file(), "{name}");
    }
    for name in ["private.txt", "target", "exercises/01-begun/src/room.rs"] {
        assert!(!root.join(name).exists(), "{name}");
    }
    let library = root.join("exercises/01-begun/src/lib.rs");
    assert_eq!(fs::read_to_string(library).unwrap(), STUB);
    let empty = tempfile::tempdir().unwrap();
    let built = Command::new("cargo")
        .args(["check", "--quiet", "--package", "begun"])
        .env("CARGO_HOME", empty.path())
        .env_remove("CARGO_TARGET_DIR")
        .current_dir(&root)
        .output()
        .unwrap();
    assert!(built.status.success(), "{built:?}");
}

/// The pages and the README name no command that is not there.
#[test]
fn every_command_that_a_page_names_is_one() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let command = Cli::command();
    let mut pages = vec![root.join("README.md")];
    let sources = fs::read_dir(root.join("book/src")).unwrap();
    pages.extend(sources.map(|entry| entry.unwrap().path()));
    for page in pages
        .iter()
        .filter(|page| page.extension().is_some_and(|end| end == "md"))
    {
        let text = fs::read_to_string(page).unwrap();
        for part in text.split("cargo course ").skip(1) {
            let word: String = part.chars().take_while(char::is_ascii_lowercase).collect();
            let is_one = word.is_empty() || command.find_subcommand(&word).is_some();
            assert!(is_one, "{}: `cargo course {word}`", page.display());
        }
    }
}

const STUB: &str = "// Yours: é.\npub fn count() -> u32 { todo!() }\n";

/// An exercise with a stub, and an answer in its place.
fn answered(answer: &str) -> Fixture {
    let fixture = Fixture::new().exercise("01-begun", answer, "", &["counts"]);
    file(&fixture.root.join("solutions/01-begun/stub.rs"), STUB);
    fixture
}

fn text(fixture: &Fixture, name: &str) -> String {
    fs::read_to_string(fixture.root.join(name)).unwrap()
}

#[test]
fn reset_keeps_each_answer_and_needs_no_git() {
    let fixture = answered("mod room; // mine\n");
    let library = fixture.root.join("exercises/01-begun/src/lib.rs");
    file(&library.with_file_name("room.rs"), "// my room\n");
    // The same hint before and after: they begin anew.
    let hint = || course_in(&fixture.root, &["hint", "begun", "counts"]).1;
    let first = hint();
    assert!(first.contains("hint 1 of"), "{first}");
    // A path is a name, too, as the shell completes it.
    let (code, out, error) = course_in(&fixture.root, &["reset", "exercises/01-begun/"]);
    assert_eq!(code, 0, "{error}");
    assert!(out.contains("01-begun-1"), "{out}");
    assert_eq!(hint(), first);
    assert_eq!(fs::read_to_string(&library).unwrap(), STUB);
    let kept = |number: u32, name: &str| {
        text(
            &fixture,
            &format!("target/course/kept/01-begun-{number}/{name}"),
        )
    };
    assert_eq!(kept(1, "lib.rs"), "mod room; // mine\n");
    assert_eq!(kept(1, "room.rs"), "// my room\n");

    // Once more: nothing is overwritten, and what is no text is kept too.
    fs::write(&library, b"second \xff").unwrap();
    let (code, _, error) = course_in(&fixture.root, &["reset", "begun"]);
    assert_eq!(code, 0, "{error}");
    assert_eq!(kept(1, "lib.rs"), "mod room; // mine\n");
    let second = fixture.root.join("target/course/kept/01-begun-2/lib.rs");
    assert_eq!(fs::read(second).unwrap(), b"second \xff");
    assert_eq!(fs::read_to_string(&library).unwrap(), STUB);
}

#[test]
fn reset_leaves_alone_what_is_as_it_came() {
    let fixture = answered(&STUB.replace('\n', "\r\n"));
    let (code, out, _) = course_in(&fixture.root, &["reset", "begun"]);
    assert_eq!(code, 0);
    assert!(out.contains("nothing to do"), "{out}");
    assert!(!fixture.root.join("target/course/kept").exists());
}

#[test]
fn reset_changes_nothing_when_the_answer_cannot_be_kept_or_the_stub_is_gone() {
    let fixture = answered("// mine\n");
    let library = fixture.root.join("exercises/01-begun/src/lib.rs");
    // A file where the folder should be.
    file(&fixture.root.join("target/course/kept"), "");
    let (code, _, error) = course_in(&fixture.root, &["reset", "begun"]);
    assert_eq!(code, 1);
    assert!(error.contains("kept cannot be written"), "{error}");
    assert_eq!(fs::read_to_string(&library).unwrap(), "// mine\n");

    fs::remove_file(fixture.root.join("solutions/01-begun/stub.rs")).unwrap();
    let (code, _, error) = course_in(&fixture.root, &["reset", "begun"]);
    assert_eq!(code, 1);
    assert!(error.contains("stub.rs cannot be read"), "{error}");
    assert_eq!(fs::read_to_string(&library).unwrap(), "// mine\n");
}

#[cfg(unix)]
#[test]
fn reset_replaces_a_link_and_not_what_it_leads_to() {
    let fixture = answered("");
    let library = fixture.root.join("exercises/01-begun/src/lib.rs");
    let elsewhere = fixture.root.join("mine.rs");
    file(&elsewhere, "// mine, elsewhere\n");
    fs::remove_file(&library).unwrap();
    std::os::unix::fs::symlink(&elsewhere, &library).unwrap();
    let (code, _, error) = course_in(&fixture.root, &["reset", "begun"]);
    assert_eq!(code, 0, "{error}");
    assert_eq!(fs::read_to_string(&library).unwrap(), STUB);
    assert_eq!(
        fs::read_to_string(&elsewhere).unwrap(),
        "// mine, elsewhere\n"
    );
    assert_eq!(
        text(&fixture, "target/course/kept/01-begun-1/lib.rs"),
        "// mine, elsewhere\n"
    );
}
