//! What became of an answer, and whether that is what was expected.

use super::{
    answer::{Answer, Expected},
    unchanged::Digests,
};
use crate::{
    check::{run, status::Outcome},
    scratch::build::Built,
    terminal,
    workspace::Exercise,
};
use std::{
    fmt::{self, Display},
    path::{Path, PathBuf},
    time::Duration,
};

/// One line of the report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The exercise's name.
    pub exercise: String,
    /// Which answer: "rejected/atomic.rs".
    pub label: String,
    /// Whether it is as it should be.
    pub is_right: bool,
    /// What came out; for a wrong one with what to do next.
    pub what: String,
    /// What the test said that a rejected answer has to fail, or rustc; else empty.
    pub said: String,
    /// In which schedule it said so; `None` for the usual one.
    pub schedule: Option<u64>,
}

impl Finding {
    pub(super) fn wrong(exercise: &Exercise, label: &str, what: String) -> Self {
        Self::new(exercise, label, Err(what))
    }

    fn new(exercise: &Exercise, label: &str, result: Result<String, String>) -> Self {
        Self {
            exercise: exercise.name.clone(),
            label: label.to_owned(),
            is_right: result.is_ok(),
            what: result.unwrap_or_else(|wrong| wrong),
            said: String::new(),
            schedule: None,
        }
    }
}

/// Everything that was found.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// In the order of the exercises, then of the answers; what is printed ends with those that are not as they should be.
    pub findings: Vec<Finding>,
    /// So many answers were left out: nothing that they depend on has changed since they were as they should be.
    pub unchanged: usize,
    /// Of the exercises that were looked at in [`SCHEDULES`](super::SCHEDULES) or more; see [`unchanged`](super::unchanged).
    pub digests: Digests,
    /// By the wall clock, with building.
    pub took: Duration,
}

impl Report {
    /// Every answer is as it should be.
    pub fn is_green(&self) -> bool {
        self.findings.iter().all(|finding| finding.is_right)
    }
}

impl Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (right, wrong): (Vec<_>, Vec<_>) =
            (self.findings.iter()).partition(|finding| finding.is_right);
        // The wrong ones last: the end of a log is what is seen.
        for Finding {
            exercise,
            label,
            is_right,
            what,
            ..
        } in right.iter().chain(&wrong)
        {
            if *is_right {
                writeln!(
                    f,
                    "{} {exercise} {label}: {}",
                    terminal::good("✓"),
                    terminal::quiet(what)
                )?;
            } else {
                writeln!(
                    f,
                    "{} {exercise} {label}:\n{}",
                    terminal::bad("✗"),
                    terminal::indented(what, 4)
                )?;
            }
        }
        let took = self.took.as_secs_f64();
        if self.unchanged > 0 {
            writeln!(
                f,
                "{}",
                terminal::quiet(format!(
                    "{} answers are unchanged since they were as they should be (--anew judges them, too)",
                    self.unchanged
                ))
            )?;
        }
        write!(
            f,
            "\n{} as they should be, {} not, in {took:.1} s",
            right.len(),
            wrong.len()
        )
    }
}

/// Judges one answer, of which all `sources` were built in their order.
pub(super) async fn judge(answer: &Answer, built: &[Built], limit: Duration) -> Finding {
    let folder = &answer.exercise.folder;
    let first = built.first().cloned().unwrap_or_default();
    let mut said = String::new();
    let result = match &answer.expected {
        Expected::Untouched { words } => match untouched(&first, folder, words, limit).await {
            Err(wrong) => match built.get(1) {
                // So `judge` stays green in the folder of a learner who has solved the exercise.
                Some(stub) => untouched(stub, folder, words, limit).await.map(|right| {
                    format!(
                        "{right}; this is `stub.rs`, the file here is taken for a learner's answer"
                    )
                }),
                None => Err(wrong),
            },
            right => right,
        },
        Expected::Passes => passes(&first, folder, limit).await,
        Expected::FailsInSomeSchedule { test, .. } => {
            passes_as_usual(&first, folder, test, limit).await
        }
        Expected::Fails { test, says } => fails(&first, folder, test, says, limit, &mut said).await,
        Expected::DoesNotCompile { says } => {
            said.clone_from(&first.errors);
            does_not_compile(&first, says)
        }
    };
    Finding {
        said,
        ..Finding::new(&answer.exercise, &answer.label, result)
    }
}

async fn untouched(
    built: &Built,
    folder: &Path,
    words: &str,
    limit: Duration,
) -> Result<String, String> {
    let right = format!("fails with “{words}”");
    if built.errors.contains(words) {
        return Ok(right);
    }
    let mut heard = built.errors.clone();
    for (executable, test) in tests(built, folder, limit).await? {
        let verdict = run::run(&executable, folder, &test, limit).await;
        if verdict.said.contains(words) {
            return Ok(right);
        }
        heard.push_str(&format!(
            "{test} {}: {}\n",
            verdict.outcome.words(),
            verdict.said
        ));
    }
    Err(format!(
        "nothing says “{words}”, but:\n{heard}\n\
         correct src/lib.rs, or `starts_with` in the exercise's Cargo.toml"
    ))
}

async fn passes(built: &Built, folder: &Path, limit: Duration) -> Result<String, String> {
    const NEXT: &str = "correct the answer; or, if it is right, the test that is too strict";
    compiles(built, NEXT)?;
    let tests = tests(built, folder, limit).await?;
    let count = tests.len();
    for (executable, test) in tests {
        let verdict = run::run(&executable, folder, &test, limit).await;
        if verdict.outcome != Outcome::Passes {
            return Err(format!(
                "`{test}` {}:\n{}\n\n{NEXT}",
                verdict.outcome.words(),
                verdict.said
            ));
        }
    }
    Ok(format!("every test passes ({count})"))
}

/// For an answer that is red in some schedules: `schedules.rs` looks for one.
async fn passes_as_usual(
    built: &Built,
    folder: &Path,
    test: &str,
    limit: Duration,
) -> Result<String, String> {
    compiles(built, "correct the answer")?;
    let tests = tests(built, folder, limit).await?;
    for (executable, name) in tests {
        let verdict = run::run(&executable, folder, &name, limit).await;
        if verdict.outcome != Outcome::Passes {
            return Err(format!(
                "`{name}` {} in the usual schedule, too: say `rejected: {name}` without “in some schedules”. It says:\n{}",
                verdict.outcome.words(),
                verdict.said
            ));
        }
    }
    Ok(format!("`{test}` passes in the usual schedule"))
}

async fn fails(
    built: &Built,
    folder: &Path,
    test: &str,
    says: &[String],
    limit: Duration,
    said: &mut String,
) -> Result<String, String> {
    compiles(
        built,
        "correct the answer; or, if that is its fault, say `rejected: compile`",
    )?;
    let tests = tests(built, folder, limit).await?;
    let Some((executable, _)) = tests.iter().find(|(_, name)| name == test) else {
        // The guard over the headers says so, with the next step.
        return Err(format!("there is no test `{test}`"));
    };
    let verdict = run::run(executable, folder, test, limit).await;
    if verdict.outcome == Outcome::Passes {
        return Err(format!(
            "`{test}` passes: make the test see what is wrong, or move the answer to accepted/"
        ));
    }
    heard(&verdict.said, says).map_err(|missing| {
        format!(
            "`{test}` {} as it should, but does not say “{missing}”. It says:\n{}\n\n\
            correct the `says:` line, or what the test tells learners",
            verdict.outcome.words(),
            verdict.said
        )
    })?;
    *said = verdict.said;
    Ok(format!("`{test}` {}", verdict.outcome.words()))
}

fn does_not_compile(built: &Built, says: &[String]) -> Result<String, String> {
    if built.errors.is_empty() {
        return Err("it compiles: name the test that must fail in its `rejected:` line".to_owned());
    }
    heard(&built.errors, says).map_err(|missing| {
        format!(
            "rustc does not say “{missing}” but:\n{}\n\ncorrect the `says:` line, or the answer",
            built.errors
        )
    })?;
    Ok("does not compile".to_owned())
}

fn compiles(built: &Built, next: &str) -> Result<(), String> {
    match built.errors.as_str() {
        "" => Ok(()),
        errors => Err(format!("it does not compile:\n{errors}\n{next}")),
    }
}

/// The first of `says` that is not in `said`. Line breaks count as blanks: the harness wraps its text.
pub(super) fn heard<'a>(said: &str, says: &'a [String]) -> Result<(), &'a str> {
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let said = words(said);
    match says.iter().find(|phrase| !said.contains(&words(phrase))) {
        Some(missing) => Err(missing),
        None => Ok(()),
    }
}

pub(super) async fn tests(
    built: &Built,
    folder: &Path,
    limit: Duration,
) -> Result<Vec<(PathBuf, String)>, String> {
    let mut tests = Vec::new();
    for executable in &built.executables {
        let names = run::list(executable, folder, limit).await?;
        tests.extend(names.into_iter().map(|name| (executable.clone(), name)));
    }
    if tests.is_empty() && built.errors.is_empty() {
        return Err("cargo built no test of it: see cargo's words above".to_owned());
    }
    Ok(tests)
}
