//! The learner's own code, recorded: builds an exercise against the stand-in for Tokio, runs one test, and fetches the
//! recording. For `cargo course trace`, for the pages, and for the verdict on a test that got stuck.

use crate::{
    check::{run, settings::test_limit},
    error::{Error, advice},
    process::limited::{self, End, Finished},
    scratch::build::{self, Built},
    stand_in::{Labels, Purpose, lock, schedules::NUMBERS, stage::Stage},
    workspace::{Exercise, Workspace, did_you_mean},
};
use std::{
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

/// A recorded run of one test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    /// For a terminal, at most 100 characters wide.
    pub chart: String,
    /// For a page: a `<section>` as `<actor-trace>` takes it.
    pub fragment: String,
    /// Who waits for whom if the run got stuck, or who holds whose Sender if tasks never ended; else empty.
    pub waits: String,
    /// A panic, or why the recording was cut; else empty.
    pub ends: String,
}

impl Trace {
    /// Whether [`Trace::waits`] tells more than the verdict: a wait for what is not recorded names nobody.
    pub fn says_who_waits(&self) -> bool {
        !self.waits.is_empty() && !self.waits.ends_with("something that is not recorded")
    }

    /// Whether every task has ended, and without a panic. Of a test that fails, such a run shows nothing that is wrong.
    pub fn ends_well(&self) -> bool {
        self.waits.is_empty() && self.ends.is_empty()
    }
}

/// After how long a run is ended: a third of what a test has. One that can be recorded takes some milliseconds, or 5 s
/// until the recorder gives up on a blocked thread.
fn run_limit() -> Duration {
    test_limit() / 3
}

/// Which run of a test to record.
#[derive(Clone, Copy, Debug, Default)]
pub struct Run<'a> {
    /// The schedule's number; without it, the usual one.
    pub schedule: Option<u64>,
    /// Which of its scenarios, for a test that plays many: "17:0,3".
    pub scenario: Option<&'a str>,
}

/// Records a run of a test of what the exercise's `src` holds now. Writes nothing but under the target folder.
///
/// # Errors
/// [`Error::UnknownTest`]; [`Error::NotRecorded`] when the code uses what the stand-in does not know, when the run never
/// ends or when there is nothing in it to record; those of the file system and of cargo.
///
/// # Cancel safety
/// Dropping the future ends every process.
pub async fn trace(
    workspace: &Workspace,
    exercise: &Exercise,
    test: &str,
    run: Run<'_>,
) -> Result<Trace, Error> {
    possible(exercise)?;
    let stage = Stage::new(workspace, exercise, Purpose::Trace);
    // Pages, the checker and another terminal may ask at the same time.
    let _lock = lock::lock(&stage.folder.with_extension("lock")).await?;

    let mut built = built(workspace, exercise, &stage, Labels::Debug).await?;
    if !built.errors.is_empty() {
        built = self::built(workspace, exercise, &stage, Labels::Types).await?;
    }
    if !built.errors.is_empty() {
        return Err(does_not_build(exercise, &built.errors));
    }
    let executable = find(&built, exercise, test).await?;

    record(&executable, exercise, test, run, &stage.recording()).await
}

/// Runs one test of a program that was built against the stand-in, and fetches what it leaves in the folder `recording`.
///
/// # Errors
/// [`Error::NotRecorded`], and those of the file system.
///
/// # Cancel safety
/// Dropping the future ends the test's processes.
pub(crate) async fn record(
    executable: &Path,
    exercise: &Exercise,
    test: &str,
    run: Run<'_>,
    recording: &Path,
) -> Result<Trace, Error> {
    // What the run before left there.
    match fs::remove_dir_all(recording) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => {
            return Err(Error::Write {
                path: recording.to_owned(),
                source,
            });
        }
        _ => {}
    }
    let mut command = run::one_test(executable, &exercise.folder, test);
    command
        .env("COURSE_TRACE_FOLDER", recording)
        .env("COURSE_TRACE_TITLE", title(exercise, test));
    if let Some(scenario) = run.scenario {
        command.env("SCENARIO", scenario);
    }
    if let Some(number) = run.schedule {
        command.env(NUMBERS, format!("{number}..{}", number.saturating_add(1)));
    }
    let finished = limited::run(command, run_limit()).await.map_err(|error| {
        not_recorded(
            format!("the test program does not start ({error})"),
            "try again, to build it anew",
        )
    })?;
    let read = |name| fs::read_to_string(recording.join(name));
    match (
        read("chart.txt"),
        read("fragment.html"),
        read("waits.txt"),
        read("ends.txt"),
    ) {
        (Ok(chart), Ok(fragment), Ok(waits), Ok(ends)) => Ok(Trace {
            chart,
            fragment,
            waits,
            ends,
        }),
        _ => Err(nothing_recorded(exercise, &finished)),
    }
}

/// Whether the exercise can be built against the stand-in.
///
/// # Errors
/// [`Error::NotRecorded`]: a dependency of its own needs the real Tokio.
pub(super) fn possible(exercise: &Exercise) -> Result<(), Error> {
    match &exercise.real_tokio {
        None => Ok(()),
        Some(dependency) => Err(not_recorded(
            format!("{dependency} is built on the real Tokio, and not on the stand-in for it"),
            &format!("`cargo course check {}` says all there is", exercise.name),
        )),
    }
}

pub(super) async fn built(
    workspace: &Workspace,
    exercise: &Exercise,
    stage: &Stage,
    labels: Labels,
) -> Result<Built, Error> {
    stage.lay_out(workspace, exercise, labels)?;
    let mut all = build::build(workspace, &stage.folder, false)
        .await
        .map_err(|error| match error {
            Error::Scratch { words, .. } => {
                not_recorded(first_line(&words), &advice::next_step(&words))
            }
            other => other,
        })?;
    let built = all.remove(&exercise.name).unwrap_or_default();
    // The stand-in's own errors would be ours.
    let errors = built.errors.clone()
        + &all
            .into_values()
            .map(|other| other.errors)
            .collect::<String>();
    Ok(Built { errors, ..built })
}

/// Finds the test program that has this test.
async fn find(built: &Built, exercise: &Exercise, test: &str) -> Result<PathBuf, Error> {
    let mut all = Vec::new();
    for executable in &built.executables {
        let names = run::list(executable, &exercise.folder, test_limit())
            .await
            .map_err(|text| not_recorded(first_line(&text), "try again, to build it anew"))?;
        if names.iter().any(|name| name == test) {
            return Ok(executable.clone());
        }
        all.extend(names);
    }
    Err(Error::UnknownTest {
        exercise: exercise.name.clone(),
        test: test.to_owned(),
        near: did_you_mean(test, all.iter().map(String::as_str)),
        all: all.join(", "),
    })
}

/// What the test promises, or its name.
fn title(exercise: &Exercise, test: &str) -> String {
    let hints = exercise.hints().unwrap_or_default();
    let promise = hints.into_iter().find(|hints| hints.test == test);
    promise.map_or_else(|| test.to_owned(), |hints| hints.promise)
}

/// The first of rustc's errors in one line: "error[E0599]: no method … (exercises/01-recipe/src/lib.rs:12:5)".
pub(super) fn does_not_build(exercise: &Exercise, errors: &str) -> Error {
    let place = errors
        .lines()
        .find_map(|line| line.trim_start().strip_prefix("--> "));
    let place = place.map_or(String::new(), |place| format!(" ({place})"));
    not_recorded(
        format!(
            "it does not compile against the stand-in for Tokio: {}{place}",
            first_line(errors)
        ),
        &format!(
            "if `cargo course check {}` does compile it, then its verdict holds, and book/tokio-traced/README.md says what cannot be recorded",
            exercise.name
        ),
    )
}

fn nothing_recorded(exercise: &Exercise, finished: &Finished) -> Error {
    let check = format!("see what `cargo course check {}` says", exercise.name);
    match finished.end {
        End::OutOfTime => not_recorded(
            "the run never ends: something in it waits or loops without an `.await`".to_owned(),
            &check,
        ),
        End::Exited(status) if status.success() => {
            not_recorded("this test starts no tasks".to_owned(), "choose another one")
        }
        End::Exited(_) => {
            // The line after "thread … panicked at …:" is the panic's own.
            let panic = (finished.stderr.lines())
                .skip_while(|line| !line.contains("panicked at"))
                .nth(1);
            let said = panic.map_or_else(|| first_line(&finished.stderr), str::to_owned);
            not_recorded(format!("the test ended before its run: {said}"), &check)
        }
    }
}

fn not_recorded(reason: String, next: &str) -> Error {
    Error::NotRecorded {
        reason,
        next: next.to_owned(),
    }
}

fn first_line(text: &str) -> String {
    let line = text.lines().find(|line| !line.trim().is_empty());
    line.unwrap_or("nobody says why").trim().to_owned()
}
