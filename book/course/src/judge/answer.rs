//! Which answers there are to judge, and what is expected of each.

use crate::{
    error::Error,
    judge::Finding,
    workspace::{Exercise, answers, stub},
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
    /// For an exercise that is not its stub any more: the stub, in case that the change is a learner's answer.
    pub stub: Option<Source>,
    pub expected: Expected,
}

/// Where the text of an answer is, and the name of its package in the scratch workspace.
#[derive(Clone, Debug)]
pub struct Source {
    pub package: String,
    pub file: PathBuf,
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
            source: Source::new(exercise, &label, file),
            label,
            stub: None,
            expected,
        }
    }

    pub fn sources(&self) -> impl Iterator<Item = &Source> {
        [&self.source].into_iter().chain(&self.stub)
    }
}

impl Source {
    fn new(exercise: &Exercise, label: &str, file: PathBuf) -> Self {
        let label = label.replace(|c: char| !c.is_ascii_alphanumeric(), "-");
        Self {
            package: format!("{}--{label}", exercise.name),
            file,
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
    let file = exercise.library();
    let is_stub = stub::is(exercise)?;
    let words = exercise.starts_with.clone();
    let mut answer = Answer::new(
        exercise,
        "exercise".to_owned(),
        file,
        Expected::Untouched { words },
    );
    answer.stub = (!is_stub && exercise.stub().is_file())
        .then(|| Source::new(exercise, "stub", exercise.stub()));
    Ok(answer)
}

/// Where git has another exercise than `stub.rs`: its author has forgotten one of the two.
pub fn stale_stub(exercise: &Exercise) -> Option<Finding> {
    let committed = committed(&exercise.folder)?;
    let stub = fs::read_to_string(exercise.stub()).ok()?;
    let folder = exercise.folder_name();
    (stub::plain(&stub) != committed).then(|| {
        let why = format!(
            "git has another exercises/{folder}/src/lib.rs than this: copy it to solutions/{folder}/stub.rs, \
             unless what was committed is a learner's answer"
        );
        Finding::wrong(exercise, "stub.rs", why)
    })
}

/// `src/lib.rs` as it was committed last; `None` without git or before the first commit.
fn committed(folder: &Path) -> Option<String> {
    let output = Command::new("git")
        .args(["show", "HEAD:./src/lib.rs"])
        .current_dir(folder)
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| stub::plain(&text))
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
    if !exercise.stub().is_file() {
        miss(
            "stub.rs",
            format!(
                "there is no solutions/{folder}/stub.rs: copy the untouched exercises/{folder}/src/lib.rs there, for `cargo course reset`"
            ),
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
