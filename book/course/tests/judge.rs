//! The judge is judged: it has to find what is wrong, and to say what to do about it.

mod common;

use common::{Fixture, file};
use course::{judge, workspace::Workspace};
use std::{path::Path, process::Command};

const STUB: &str = "pub fn count() -> u32 { todo!(\"step 1: count\") }\n";
const RIGHT: &str = "pub fn count() -> u32 { 2 }\n";

/// An exercise with everything that it needs; each test has its own name for it.
fn complete(name: &str) -> Fixture {
    let folder = format!("01-{name}");
    let tests =
        format!("#[test] fn counts() {{ assert_eq!({name}::count(), 2, \"two are\\n  here\") }}\n");
    let fixture = Fixture::new().exercise(&folder, STUB, &tests, &["counts"]);
    let solution = fixture.root.join("solutions").join(folder);
    file(&solution.join("src/lib.rs"), RIGHT);
    file(&solution.join("stub.rs"), STUB);
    file(
        &solution.join("accepted/sum.rs"),
        "//! accepted: adds\npub fn count() -> u32 { 1 + 1 }\n",
    );
    file(
        &solution.join("rejected/one.rs"),
        "//! rejected: counts\n//! says: two are here\n//! thinks: \"One.\"\npub fn count() -> u32 { 1 }\n",
    );
    file(
        &solution.join("rejected/text.rs"),
        "//! rejected: compile\n//! says: mismatched types\n//! thinks: \"Text.\"\npub fn count() -> u32 { \"2\" }\n",
    );
    // Cargo writes it at the first build; the judge copies it.
    assert!(
        Command::new("cargo")
            .arg("generate-lockfile")
            .current_dir(&fixture.root)
            .status()
            .unwrap()
            .success()
    );
    fixture
}

/// The labels of what is wrong, with what is said.
async fn wrong(fixture: &Fixture) -> Vec<(String, String)> {
    let report = judge::judge(&fixture.workspace(), None, 0, false)
        .await
        .unwrap();
    let wrong = report
        .findings
        .into_iter()
        .filter(|finding| !finding.is_right);
    wrong.map(|finding| (finding.label, finding.what)).collect()
}

#[tokio::test]
async fn a_complete_exercise_is_green() {
    let fixture = complete("complete");
    let report = judge::judge(&fixture.workspace(), Some("complete"), 0, false)
        .await
        .unwrap();
    assert!(report.is_green(), "{report}");
    let labels: Vec<_> = report
        .findings
        .iter()
        .map(|finding| finding.label.as_str())
        .collect();
    assert_eq!(
        labels,
        [
            "exercise",
            "solution",
            "accepted/sum.rs",
            "rejected/one.rs",
            "rejected/text.rs"
        ]
    );
    assert!(
        report.to_string().contains("5 as they should be, 0 not"),
        "{report}"
    );
}

#[tokio::test]
async fn what_is_wrong_is_found_and_the_next_step_is_said() {
    let fixture = complete("wrong");
    let solution = fixture.root.join("solutions/01-wrong");
    for stub in [
        "exercises/01-wrong/src/lib.rs",
        "solutions/01-wrong/stub.rs",
    ] {
        file(&fixture.root.join(stub), "pub fn count() -> u32 { 3 }\n");
    }
    file(
        &solution.join("src/lib.rs"),
        "pub fn count() -> u32 { 4 }\n",
    );
    file(
        &solution.join("accepted/sum.rs"),
        "//! accepted: adds\npub fn count() -> u32 { \"2\" }\n",
    );
    file(
        &solution.join("rejected/a_passes.rs"),
        &format!("//! rejected: counts\n//! says: x\n//! thinks: y\n{RIGHT}"),
    );
    file(
        &solution.join("rejected/b_other_words.rs"),
        "//! rejected: counts\n//! says: two are here\n//! says: not this\n//! thinks: y\npub fn count() -> u32 { 1 }\n",
    );
    file(
        &solution.join("rejected/c_compiles.rs"),
        &format!("//! rejected: compile\n//! says: x\n//! thinks: y\n{RIGHT}"),
    );
    file(
        &solution.join("rejected/d_never_ends.rs"),
        "//! rejected: counts\n//! says: This test never ends\n//! thinks: y\npub fn count() -> u32 { std::process::exit(0) }\n",
    );

    let wrong = wrong(&fixture).await;
    let labels: Vec<_> = wrong.iter().map(|(label, _)| label.as_str()).collect();
    assert_eq!(
        labels,
        [
            "exercise",
            "solution",
            "accepted/sum.rs",
            "rejected/a_passes.rs",
            "rejected/b_other_words.rs",
            "rejected/c_compiles.rs",
            "rejected/d_never_ends.rs"
        ]
    );
    let next_steps = [
        "starts_with",
        "correct the answer",
        "correct the answer",
        "move the answer to accepted/",
        "“not this”",
        "it compiles",
        "std::process::exit",
    ];
    for ((label, what), words) in wrong.iter().zip(next_steps) {
        assert!(what.contains(words), "{label}: {words} in {what}");
    }
}

#[tokio::test]
async fn what_an_exercise_lacks_is_named() {
    let fixture = complete("lacking");
    let folder = fixture.root.join("solutions/01-lacking");
    std::fs::remove_dir_all(&folder).unwrap();
    file(&folder.join("rejected/nameless.rs"), RIGHT);
    file(
        &fixture.root.join("exercises/01-lacking/hints.md"),
        "<details data-test=\"renamed\">\n<summary>Yes</summary>\n</details>\n",
    );
    let exercise = &fixture.workspace().exercises[0];
    let missing = judge::what_is_missing(exercise).unwrap();
    let all: String = missing
        .iter()
        .map(|finding| format!("{}: {}\n", finding.label, finding.what))
        .collect();
    for words in [
        "there is no solutions/01-lacking/src/lib.rs",
        "there is no solutions/01-lacking/stub.rs",
        "accepted has no answer",
        "rejected/nameless.rs: `` is no test",
        "`//! thinks:` line",
        "the test `counts` has no entry",
        "there is no test `renamed`",
        "at least one hint",
    ] {
        assert!(all.contains(words), "{words} in {all}");
    }
}

fn git(folder: &Path, arguments: &[&str]) {
    let identity = [
        "-c",
        "user.name=A",
        "-c",
        "user.email=a@example.org",
        "-c",
        "commit.gpgsign=false",
        "-c",
        "core.autocrlf=false",
    ];
    let mut command = Command::new("git");
    command.args(identity).args(arguments).current_dir(folder);
    // Where git itself runs our tests (a hook), these lead to its own repository.
    for name in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"] {
        command.env_remove(name);
    }
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
}

#[tokio::test]
async fn a_learner_s_answer_in_place_of_the_exercise_is_no_fault() {
    let fixture = complete("learned");
    let file_of_learner = fixture.root.join("exercises/01-learned/src/lib.rs");
    file(&file_of_learner, RIGHT);

    let report = judge::judge(&fixture.workspace(), None, 0, false)
        .await
        .unwrap();
    assert!(report.is_green(), "{report}");
    assert!(
        report.findings[0].what.contains("a learner's answer"),
        "{report}"
    );
    assert_eq!(std::fs::read_to_string(file_of_learner).unwrap(), RIGHT);
}

#[tokio::test]
async fn a_stub_that_is_not_what_git_has_is_found() {
    let fixture = complete("stale");
    git(&fixture.root, &["init", "--quiet"]);
    git(
        &fixture.root,
        &["add", "exercises", "solutions", "Cargo.toml"],
    );
    git(&fixture.root, &["commit", "--quiet", "--message", "Begin"]);
    let wrong_before = wrong(&fixture).await;
    assert_eq!(wrong_before, []);

    let other = format!("// A better task.\n{STUB}");
    file(&fixture.root.join("exercises/01-stale/src/lib.rs"), &other);
    git(
        &fixture.root,
        &["commit", "--quiet", "--all", "--message", "Say it better"],
    );
    let wrong = wrong(&fixture).await;
    let [(label, what)] = &wrong[..] else {
        panic!("{wrong:?}")
    };
    assert_eq!(label, "stub.rs");
    assert!(what.contains("solutions/01-stale/stub.rs"), "{what}");
}

#[tokio::test]
async fn what_has_not_changed_is_not_judged_again() {
    let fixture = complete("unchanged");
    let root = &fixture.root;
    let workspace = fixture.workspace();
    let judged = |anew| judge::judge(&workspace, None, judge::SCHEDULES, anew);

    let report = judged(false).await.unwrap();
    assert_eq!(
        (report.findings.len(), report.unchanged),
        (5, 0),
        "{report}"
    );
    judge::unchanged::write(&workspace, &report).unwrap();

    file(&root.join("exercises/01-unchanged/src/lib.rs"), RIGHT);
    let report = judged(false).await.unwrap();
    assert_eq!(
        (report.findings.len(), report.unchanged),
        (0, 5),
        "{report}"
    );
    assert!(report.to_string().contains("5 answers are unchanged"));
    let report = judged(true).await.unwrap();
    assert_eq!(report.findings.len(), 5, "{report}");

    let tests = "exercises/01-unchanged/tests/unchanged.rs";
    let answer = "solutions/01-unchanged/rejected/one.rs";
    for name in [tests, answer, "Cargo.lock"] {
        let old = std::fs::read_to_string(root.join(name)).unwrap();
        file(&root.join(name), &format!("{old}\n"));
        let report = judged(false).await.unwrap();
        assert_eq!(report.findings.len(), 5, "{name} has changed: {report}");
        file(&root.join(name), &old);
    }

    // What is wrong is judged again each time.
    file(
        &root.join(answer),
        &format!("//! rejected: counts\n//! says: x\n//! thinks: y\n{RIGHT}"),
    );
    let report = judged(false).await.unwrap();
    assert!(!report.is_green(), "{report}");
    judge::unchanged::write(&workspace, &report).unwrap();
    let report = judged(false).await.unwrap();
    assert_eq!(report.findings.len(), 5, "{report}");
}

/// The course that this crate belongs to.
fn real() -> Workspace {
    Workspace::find(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap()
}

#[test]
fn every_test_of_an_exercise_runs_in_the_harness() {
    // What a plain test comes to is read from its output, where the code under test may print what it likes.
    const STARTS: [&str; 3] = ["check(", "check_in_real_time(", "scenarios::<"];
    for exercise in &real().exercises {
        let file = format!("tests/{}.rs", exercise.crate_name());
        let text = std::fs::read_to_string(exercise.folder.join(file)).unwrap();
        let starts = |body: &str| STARTS.iter().any(|call| body.contains(call));
        // Or a function of this file does, which is called for each of several types: `numbered::<OnKameo>();`
        let calls = |body: &str| {
            let called = body
                .lines()
                .filter_map(|line| line.trim().split_once("::<"));
            let mut called =
                called.filter_map(|(name, _)| text.split_once(&format!("\nfn {name}<")));
            called.any(|(_, function)| starts(function.split_once("\n}\n").unwrap().0))
        };
        for test in text.split("#[test]").skip(1) {
            let (body, _) = test.split_once("\n}\n").unwrap();
            let name = body.lines().find(|line| line.starts_with("fn "));
            assert!(
                starts(body) || calls(body),
                "{}: call the harness's `check` in `{}`",
                exercise.name,
                name.unwrap_or_default()
            );
        }
    }
}

#[test]
fn the_lock_file_needs_no_c_compiler() {
    let lock = std::fs::read_to_string(real().root.join("Cargo.lock")).unwrap();
    assert!(
        !lock.contains("name = \"psm\""),
        "Cargo.lock has `psm`, which needs a C compiler and time: it came with pest 2.9. Go back, in this order: \
         `cargo update -p NAME --precise 2.8.6` with pest_derive, pest_generator, pest_meta and pest for NAME"
    );
}
