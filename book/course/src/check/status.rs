//! What is known about one exercise: the JSON that pages receive, and what the terminal prints. It is always sent
//! whole, so who joins late needs no history.

use crate::{process::plain, workspace::hints::TestHints};
use serde::{Serialize, Serializer};
use std::path::Path;

/// Where the check of an exercise stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// Not checked yet.
    Waiting,
    /// Cargo builds it.
    Building,
    /// It does not build: a verdict.
    Broken,
    /// Its tests run.
    Running,
    /// All tests have their results: a verdict.
    Done,
}

impl Phase {
    /// Whether the check has come to its end.
    pub fn is_verdict(self) -> bool {
        matches!(self, Self::Broken | Self::Done)
    }
}

/// What became of one test.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// Not run yet.
    Waiting,
    /// It ended well.
    Passes,
    /// It ended badly and says why.
    Fails,
    /// It had to be ended.
    #[serde(rename = "never ends")]
    NeverEnds,
    /// `hints.md` knows it, the test program does not.
    Missing,
}

impl Outcome {
    /// As the page and the terminal say it.
    pub fn words(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Passes => "passes",
            Self::Fails => "fails",
            Self::NeverEnds => "never ends",
            Self::Missing => "missing",
        }
    }
}

/// One test and its result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Test {
    /// The test function's name.
    pub name: String,
    /// What it promises; empty for a test that the learner added.
    pub promise: String,
    /// The heading of its step, for the terminal: the page has it already.
    #[serde(skip)]
    pub step: String,
    /// What became of it.
    pub result: Outcome,
    /// What it said when it failed, at most 16 KiB of plain text.
    pub said: String,
    /// What is known to lead to that.
    pub causes: Option<Causes>,
}

/// What leads to a failure, as far as it is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Causes {
    /// Where the book tells of it: a link.
    pub page: String,
    /// The thoughts of those who saw it before. Empty when there is no telling.
    pub thoughts: Vec<Thought>,
}

/// What somebody thought who gave a wrong answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Thought {
    /// In their words.
    pub words: String,
    /// The name of the answer: "spins".
    pub answer: String,
}

/// How a test begins whose panic another one has told.
pub const SAME_PANIC: &str = "The same panic as in";

/// What became of a green exercise in other schedules.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Schedules {
    /// Waiting while they are tried.
    pub result: Outcome,
    /// The result in a line.
    pub words: String,
    /// The command that shows the run of the one that is red; else empty.
    pub run: String,
    /// What the test said there.
    pub said: String,
}

/// All that is known about one exercise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Status {
    /// The exercise's name.
    pub name: String,
    /// Where its check stands.
    pub phase: Phase,
    /// While it builds: what cargo does now. With the verdict: what else its reader must know.
    pub note: String,
    /// Why it does not build: rustc's own words, with the terminal's colours. Pages get them without.
    #[serde(serialize_with = "without_colours")]
    pub broken: String,
    /// The tests in the order of `hints.md`, then those that the learner added.
    pub tests: Vec<Test>,
    /// How many tests pass.
    pub passed: usize,
    /// How many tests there are.
    pub of: usize,
    /// How many notes so far say that the build takes long: a terminal shows these alone.
    #[serde(skip)]
    pub long: u32,
    /// After a green verdict, when somebody looks further.
    pub schedules: Option<Schedules>,
    /// rustc's warnings, with the terminal's colours.
    #[serde(skip)]
    pub warnings: String,
    /// Those among them that say what the code does not do. Pages get them without colours.
    #[serde(serialize_with = "without_colours")]
    pub undone: String,
}

impl Status {
    /// An exercise that was not checked yet.
    pub fn waiting(name: &str, hints: &[TestHints]) -> Self {
        let tests = hints
            .iter()
            .map(|hints| Test::waiting(&hints.test, &hints.promise, &hints.step));
        let mut status = Self {
            name: name.to_owned(),
            phase: Phase::Waiting,
            note: String::new(),
            broken: String::new(),
            tests: tests.collect(),
            passed: 0,
            of: 0,
            long: 0,
            schedules: None,
            warnings: String::new(),
            undone: String::new(),
        };
        status.count();
        status
    }

    /// Every test passes.
    pub fn is_green(&self) -> bool {
        self.phase == Phase::Done && self.passed == self.of && self.of > 0
    }

    /// The first test that has a result and does not pass.
    pub fn first_failing(&self) -> Option<&Test> {
        self.tests
            .iter()
            .find(|test| !matches!(test.result, Outcome::Passes | Outcome::Waiting))
    }

    /// Takes over which tests the test program really has: expected ones that it lacks are missing, others are added.
    pub fn found_tests(&mut self, names: &[String], missing: &str) {
        for test in &mut self.tests {
            if !names.contains(&test.name) {
                test.result = Outcome::Missing;
                test.said = missing.to_owned();
            }
        }
        for name in names {
            if !self.tests.iter().any(|test| test.name == *name) {
                self.tests.push(Test::waiting(name, "", ""));
            }
        }
        self.count();
    }

    /// Takes over the result of one test.
    pub fn set_result(&mut self, name: &str, result: Outcome, said: String) {
        if let Some(test) = self.tests.iter_mut().find(|test| test.name == name) {
            // Two tests may have one name, in two files: a failure is not covered by the other one's success.
            if result == Outcome::Passes && test.result != Outcome::Waiting {
                return;
            }
            test.result = result;
            test.said = said;
        }
        self.count();
    }

    /// One panic of the learner's code may fail many tests: the first of them says it, and the others name that one.
    pub fn say_panics_once(&mut self) {
        let mut said: Vec<(String, String)> = Vec::new();
        for test in &mut self.tests {
            let Some((panic, place)) = panic_in_src(&test.said) else {
                continue;
            };
            match said.iter().find(|(other, _)| *other == panic) {
                Some((_, first)) => {
                    test.said = format!("{SAME_PANIC} `{first}`: {place}");
                }
                None => said.push((panic, test.name.clone())),
            }
        }
    }

    /// Adds to what failed what is known to lead there: `known` is asked with a test's name and what it said.
    pub fn say_causes(&mut self, known: impl Fn(&str, &str) -> Option<Causes>) {
        let failed = |test: &&mut Test| matches!(test.result, Outcome::Fails | Outcome::NeverEnds);
        for test in self.tests.iter_mut().filter(failed) {
            if !test.said.starts_with(SAME_PANIC) {
                test.causes = known(&test.name, &test.said);
            }
        }
    }

    fn count(&mut self) {
        self.of = self.tests.len();
        self.passed = self
            .tests
            .iter()
            .filter(|test| test.result == Outcome::Passes)
            .count();
    }
}

impl Test {
    fn waiting(name: &str, promise: &str, step: &str) -> Self {
        Self {
            name: name.to_owned(),
            promise: promise.to_owned(),
            step: step.to_owned(),
            result: Outcome::Waiting,
            said: String::new(),
            causes: None,
        }
    }
}

/// The message and the place of a panic in `src`, if what a test said begins with one, and that place alone.
fn panic_in_src(said: &str) -> Option<(String, String)> {
    let (message, rest) = said.split_once("\n  --> ")?;
    let place = rest.lines().next()?;
    let is_in_src = place.replace('\\', "/").contains("/src/") && Path::new(place).is_relative();
    is_in_src.then(|| (format!("{message}\n{place}"), place.to_owned()))
}

fn without_colours<S: Serializer>(text: &str, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&plain::text(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one_test() -> Status {
        let hints = [TestHints {
            test: "counts".to_owned(),
            step: String::new(),
            promise: "It counts".to_owned(),
            hints: Vec::new(),
        }];
        Status::waiting("recipe", &hints)
    }

    #[test]
    fn the_json_is_what_the_page_expects() {
        let mut status = one_test();
        status.phase = Phase::Broken;
        status.broken = "\u{1b}[31merror\u{1b}[0m: no".to_owned();
        status.undone = "\u{1b}[33mwarning\u{1b}[0m: unused".to_owned();
        status.set_result(
            "counts",
            Outcome::NeverEnds,
            "This test never ends".to_owned(),
        );
        let json: serde_json::Value =
            serde_json::from_str(&serde_json::to_string(&status).unwrap()).unwrap();
        assert_eq!(
            json,
            serde_json::json!({
                "name": "recipe", "phase": "broken", "note": "", "broken": "error: no",
                "tests": [{ "name": "counts", "promise": "It counts", "result": "never ends", "said": "This test never ends", "causes": null }],
                "passed": 0, "of": 1, "schedules": null, "undone": "warning: unused",
            })
        );
    }

    #[test]
    fn a_panic_that_fails_many_tests_is_said_once() {
        let mut status = one_test();
        let names = ["counts", "adds", "asserts", "panics_elsewhere"];
        status.found_tests(&names.map(str::to_owned), "");
        let panic =
            "not yet implemented\n  --> exercises/01-recipe/src/lib.rs:16:9\nA task panicked";
        let assertion = "two and two\n  --> exercises/01-recipe/tests/recipe.rs:7:1";
        let elsewhere = panic.replace("16:9", "17:9");
        for (name, said) in names.into_iter().zip([
            panic,
            &format!("{panic}: the sum never came"),
            assertion,
            &elsewhere,
        ]) {
            status.set_result(name, Outcome::Fails, said.to_owned());
        }
        status.say_panics_once();
        let said: Vec<_> = status.tests.iter().map(|test| test.said.as_str()).collect();
        let same = "The same panic as in `counts`: exercises/01-recipe/src/lib.rs:16:9";
        assert_eq!(said, [panic, same, assertion, &elsewhere]);
    }

    #[test]
    fn a_test_that_is_gone_is_missing_and_one_that_is_new_comes_last() {
        let mut status = one_test();
        status.found_tests(&["my_own".to_owned()], "bring it back");
        assert_eq!(status.tests[0].result, Outcome::Missing);
        assert_eq!(status.tests[0].said, "bring it back");
        assert_eq!(
            (
                status.tests[1].name.as_str(),
                status.tests[1].promise.as_str()
            ),
            ("my_own", "")
        );
        status.set_result("my_own", Outcome::Passes, String::new());
        status.phase = Phase::Done;
        assert_eq!((status.passed, status.of), (1, 2));
        assert!(!status.is_green());
    }
}
