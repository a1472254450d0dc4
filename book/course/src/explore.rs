//! Other schedules: runs an exercise's tests against the stand-in for Tokio, in which a task that could run may be put off, by a
//! number. What is red in one of them, and green in the usual one, goes wrong on several threads, sooner or later. For `cargo
//! course explore`, for a check that is green, and for the judge.

use crate::{
    check::test_limit,
    error::Error,
    run::{self, Verdict},
    status::Outcome,
    trace::{
        self, NUMBERS, built, lock,
        stage::{Labels, Purpose, Stage},
    },
    workspace::{Exercise, Workspace, did_you_mean},
};
use std::{
    fs,
    num::NonZero,
    ops::Range,
    path::{Path, PathBuf},
    thread::available_parallelism,
};
use tokio::task::JoinSet;

/// So many schedules are tried when nobody says how many: a few seconds.
pub const USUAL: u64 = 200;

/// So many run in one process: enough to make its start cheap, few enough to keep all cores busy.
const IN_A_PROCESS: u64 = 50;

/// A test that is red in a schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Red {
    /// The schedule.
    pub number: u64,
    /// The test's name.
    pub test: String,
    /// Fails or never ends.
    pub outcome: Outcome,
    /// What it said; who waits for whom, where a recording of that schedule shows it.
    pub said: String,
}

/// Runs the tests of what the exercise's `src` holds now, or one of them, in each of these schedules, up to the first that is red.
///
/// # Errors
/// [`Error::UnknownTest`]; [`Error::NotExplored`] when the code uses what the stand-in does not know; those of the file system and
/// of cargo.
///
/// # Cancel safety
/// Dropping the future ends every process.
pub async fn explore(
    workspace: &Workspace,
    exercise: &Exercise,
    test: Option<&str>,
    numbers: Range<u64>,
) -> Result<Option<Red>, Error> {
    let stage = Stage::new(workspace, exercise, Purpose::Explore);
    let lock = lock::lock(&stage.folder.with_extension("lock")).await?;
    let built = built(workspace, exercise, &stage, Labels::Types).await;
    let built = built.map_err(not_explored)?;
    if !built.errors.is_empty() {
        return Err(not_explored(trace::does_not_build(exercise, &built.errors)));
    }
    let mut tests = Vec::new();
    for executable in &built.executables {
        let names = run::list(executable, &exercise.folder, test_limit()).await;
        let names = names.map_err(|reason| Error::NotExplored {
            reason,
            next: "try again, to build it anew".to_owned(),
        })?;
        tests.extend(names.into_iter().map(|name| (executable.clone(), name)));
    }
    if let Some(wanted) = test {
        let all: Vec<String> = tests.iter().map(|(_, name)| name.clone()).collect();
        tests.retain(|(_, name)| name == wanted);
        if tests.is_empty() {
            return Err(Error::UnknownTest {
                exercise: exercise.name.clone(),
                test: wanted.to_owned(),
                near: did_you_mean(wanted, all.iter().map(String::as_str)),
                all: all.join(", "),
            });
        }
    }
    let red = first_red(&tests, &exercise.folder, &stage.folder, numbers).await;
    drop(lock);
    match red {
        Some(red) => Ok(Some(with_who_waits(workspace, exercise, red).await)),
        None => Ok(None),
    }
}

/// What a person is told when no schedule was red.
pub fn green(numbers: &Range<u64>) -> String {
    match numbers.end.saturating_sub(numbers.start) {
        1 => format!("green in schedule {}", numbers.start),
        many => format!("green in {many} schedules"),
    }
}

/// What a person is told first when one was red.
pub fn headline(red: &Red) -> String {
    let Red {
        number,
        test,
        outcome,
        ..
    } = red;
    format!("in schedule {number} the test {test} {}", outcome.words())
}

/// The command that shows the run in that schedule.
pub fn its_run(exercise: &Exercise, red: &Red) -> String {
    let Red { number, test, .. } = red;
    format!(
        "cargo course trace {} {test} --seed {number}",
        exercise.name
    )
}

/// The stage's errors are in the words of those who record.
fn not_explored(error: Error) -> Error {
    match error {
        Error::NotRecorded { reason, next } => Error::NotExplored { reason, next },
        other => other,
    }
}

/// The first schedule in which one of these tests is red. `notes` is a folder for the processes' own notes.
pub(crate) async fn first_red(
    tests: &[(PathBuf, String)],
    folder: &Path,
    notes: &Path,
    numbers: Range<u64>,
) -> Option<Red> {
    let at_once = available_parallelism().map_or(1, NonZero::get);
    let (folder, notes) = (folder.to_owned(), notes.to_owned());
    let mut chunks = (numbers.clone())
        .step_by(IN_A_PROCESS as usize)
        .flat_map(|first| {
            let chunk = first..numbers.end.min(first + IN_A_PROCESS);
            tests.iter().cloned().map(move |test| (chunk.clone(), test))
        });
    // Dropping the set ends the processes.
    let mut running = JoinSet::new();
    let mut red: Option<Red> = None;
    loop {
        while running.len() < at_once
            && red.is_none()
            && let Some((chunk, (executable, test))) = chunks.next()
        {
            let (folder, notes) = (folder.clone(), notes.clone());
            running.spawn(async move { run(&executable, &test, &folder, &notes, chunk).await });
        }
        match running.join_next().await {
            // What was under way at the same time may have found an earlier one.
            Some(Ok(Some(new))) if red.as_ref().is_none_or(|old| new.number < old.number) => {
                red = Some(new);
            }
            Some(_) => {}
            None => return red,
        }
    }
}

/// Runs one test in these schedules, in one process.
async fn run(
    executable: &Path,
    test: &str,
    folder: &Path,
    notes: &Path,
    numbers: Range<u64>,
) -> Option<Red> {
    let last = notes.join(format!("{test}-{}.schedule", numbers.start));
    let mut command = run::one_test(executable, folder, test);
    command
        .env(NUMBERS, format!("{}..{}", numbers.start, numbers.end))
        .env("HARNESS_SCHEDULE_FILE", &last);
    // Each schedule has the harness's own limits.
    let beside = executable.parent().unwrap_or(folder);
    let Verdict { outcome, said, .. } = run::run_command(command, beside, 10 * test_limit()).await;
    let number = fs::read_to_string(&last).ok();
    let _ = fs::remove_file(&last);
    (outcome != Outcome::Passes).then(|| Red {
        number: (number.and_then(|number| number.parse().ok())).unwrap_or(numbers.start),
        test: test.to_owned(),
        outcome,
        said,
    })
}

/// Adds what a recording of that very schedule shows.
async fn with_who_waits(workspace: &Workspace, exercise: &Exercise, mut red: Red) -> Red {
    // The verdict holds without it, so an error is no news.
    if trace::is_about_waiting(&red.said)
        && let Ok(recorded) = trace::trace(workspace, exercise, &red.test, Some(red.number)).await
        && recorded.says_who_waits()
    {
        red.said = format!("{}\n\nRecorded: {}", red.said, recorded.waits);
    }
    red
}
