//! Which answers there are to judge, and what is expected of each.

use crate::{
    error::Error,
    judge::Finding,
    workspace::{Exercise, answers},
};
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// One `lib.rs` to be judged.
#[derive(Clone, Debug)]
pub struct Answer {
    pub exercise: Exercise,
    /// As the author knows it: "exercise", "rejected/atomic.rs".
    pub label: String,
    pub source: Source,
    /// For an exercise that was changed since it was committed: what git has, in case that the change is a learner's
    /// answer.
    pub in_git: Option<Source>,
    pub expected: Expected,
}

/// Where the text of an answer is, and the name of its package in the scratch workspace.
#[derive(Clone, Debug)]
pub struct Source {
    pub package: String,
    pub text: Text,
}

#[derive(Clone, Debug)]
pub enum Text {
    File(PathBuf),
    Here(String),
}

/// What has to come out.
#[derive(Clone, Debug)]
pub enum Expected {
    /// It fails, and these words are in what a test says, or in what rustc says.
    Untouched { words: String },
    /// Every test passes.
    Passes,
    /// This test fails, and says all of this.
    Fails { test: String, says: Vec<String> },
    /// In the usual schedule this test passes, and in some other one it fails and says all of this.
    FailsInSomeSchedule { test: String, says: Vec<String> },
    /// It does not compile, and rustc says all of this.
    DoesNotCompile { says: Vec<String> },
}

impl Answer {
    /// The test that decides, if one does.
    pub fn only_test(&self) -> Option<&str> {
        match &self.expected {
            Expected::Fails { test, .. } | Expected::FailsInSomeSchedule { test, .. } => Some(test),
            _ => None,
        }
    }

    fn new(exercise: &Exercise, label: String, file: PathBuf, expected: Expected) -> Self {
        Self {
            exercise: exercise.clone(),
            source: Source::new(exercise, &label, Text::File(file)),
            label,
            in_git: None,
            expected,
        }
    }

    pub fn sources(&self) -> impl Iterator<Item = &Source> {
        [&self.source].into_iter().chain(&self.in_git)
    }
}

impl Source {
    fn new(exercise: &Exercise, label: &str, text: Text) -> Self {
        let label = label.replace(|c: char| !c.is_ascii_alphanumeric(), "-");
        Self {
            package: format!("{}--{label}", exercise.name),
            text,
        }
    }
}

/// All answers of an exercise.
pub fn of(exercise: &Exercise) -> Result<Vec<Answer>, Error> {
    let mut all = vec![untouched(exercise)?];

    let solution = exercise.solution.join("src").join("lib.rs");
    if solution.is_file() {
        all.push(Answer::new(
            exercise,
            "solution".to_owned(),
            solution,
            Expected::Passes,
        ));
    }
    for accepted in answers::accepted(exercise)? {
        let label = format!("accepted/{}", file_name(&accepted.file));
        all.push(Answer::new(
            exercise,
            label,
            accepted.file,
            Expected::Passes,
        ));
    }
    for rejected in answers::rejected(exercise)? {
        let label = format!("rejected/{}", file_name(&rejected.file));
        let expected = match rejected.test.as_str() {
            "compile" => Expected::DoesNotCompile {
                says: rejected.says,
            },
            test if rejected.in_some_schedules => Expected::FailsInSomeSchedule {
                test: test.to_owned(),
                says: rejected.says,
            },
            test => Expected::Fails {
                test: test.to_owned(),
                says: rejected.says,
            },
        };
        all.push(Answer::new(exercise, label, rejected.file, expected));
    }
    Ok(all)
}

fn untouched(exercise: &Exercise) -> Result<Answer, Error> {
    let file = exercise.folder.join("src").join("lib.rs");
    let here = fs::read_to_string(&file).map_err(|source| Error::Read {
        path: file.clone(),
        source,
    })?;
    let words = exercise.starts_with.clone();
    let mut answer = Answer::new(
        exercise,
        "exercise".to_owned(),
        file,
        Expected::Untouched { words },
    );
    // A work tree may have other line endings than the repository.
    answer.in_git = committed(&exercise.folder)
        .filter(|text| *text != here.replace("\r\n", "\n"))
        .map(|text| Source::new(exercise, "exercise in git", Text::Here(text)));
    Ok(answer)
}

/// `src/lib.rs` as it was committed last; `None` without git or before the first commit.
fn committed(folder: &Path) -> Option<String> {
    let output = Command::new("git")
        .args(["show", "HEAD:./src/lib.rs"])
        .current_dir(folder)
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.replace("\r\n", "\n"))
}

fn file_name(file: &Path) -> String {
    file.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

/// What an exercise has to have beside its answers' being right.
pub fn what_is_missing(exercise: &Exercise) -> Result<Vec<Finding>, Error> {
    let mut missing = Vec::new();
    let mut miss = |label: &str, why: String| missing.push(Finding::wrong(exercise, label, why));
    let folder = exercise.folder_name();

    if !exercise.solution.join("src").join("lib.rs").is_file() {
        miss(
            "solution",
            format!("there is no solutions/{folder}/src/lib.rs: write one"),
        );
    }
    let accepted = answers::accepted(exercise)?;
    if accepted.is_empty() {
        miss(
            "accepted",
            format!(
                "solutions/{folder}/accepted has no answer: add a right one that is built differently"
            ),
        );
    }
    for answer in accepted.iter().filter(|answer| answer.why.is_empty()) {
        let label = format!("accepted/{}", file_name(&answer.file));
        miss(
            &label,
            "begin the file with `//! accepted: why it is right and what it costs`".to_owned(),
        );
    }

    let tests = tests(exercise)?;
    let rejected = answers::rejected(exercise)?;
    if rejected.is_empty() {
        miss(
            "rejected",
            format!(
                "solutions/{folder}/rejected has no answer: add a wrong one that learners write"
            ),
        );
    }
    for answer in &rejected {
        let label = format!("rejected/{}", file_name(&answer.file));
        if answer.test != "compile" && !tests.contains(&answer.test) {
            let names = Vec::from_iter(tests.iter().map(String::as_str)).join(", ");
            miss(
                &label,
                format!(
                    "`{}` is no test of the exercise: begin the file with `//! rejected: TEST`, TEST being compile or one of {names}",
                    answer.test
                ),
            );
        }
        if answer.says.is_empty() || answer.thinks.is_empty() {
            miss(&label, "it needs a `//! says:` line (words of the failure) and a `//! thinks:` line (the misconception)".to_owned());
        }
    }

    let hints = exercise.hints()?;
    let promised: BTreeSet<String> = hints.iter().map(|hints| hints.test.clone()).collect();
    for test in tests.difference(&promised) {
        miss(
            "hints.md",
            format!("the test `{test}` has no entry: add one"),
        );
    }
    for test in promised.difference(&tests) {
        miss(
            "hints.md",
            format!("there is no test `{test}`: correct the entry's data-test, or delete it"),
        );
    }
    for hints in hints
        .iter()
        .filter(|hints| hints.hints.is_empty() || hints.promise.is_empty())
    {
        miss(
            "hints.md",
            format!(
                "the entry for `{}` needs a summary and at least one hint",
                hints.test
            ),
        );
    }
    Ok(missing)
}

/// The tests in `tests/*.rs`, read from the text: each `#[test]` is followed by its function.
fn tests(exercise: &Exercise) -> Result<BTreeSet<String>, Error> {
    let mut names = BTreeSet::new();
    for file in answers::rust_files(&exercise.folder.join("tests"))? {
        let text = fs::read_to_string(&file).map_err(|source| Error::Read {
            path: file.clone(),
            source,
        })?;
        let mut is_test = false;
        for line in text.lines().map(str::trim) {
            is_test |= line.starts_with("#[test]") || line.starts_with("#[tokio::test");
            if let (true, Some((_, rest))) = (is_test, line.split_once("fn ")) {
                names.extend(rest.split_once('(').map(|(name, _)| name.to_owned()));
                is_test = false;
            }
        }
    }
    Ok(names)
}
