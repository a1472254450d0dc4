//! The learner's own code in other schedules: builds an exercise, with its tests and the very harness, against the stand-in for
//! Tokio, and runs it there. For `cargo course explore`, and after a check that is green.

use crate::{
    check::{
        progress::ProgressHandle,
        run,
        said::scenario_in,
        settings::test_limit,
        status::{Outcome, Schedules, Status},
    },
    error::Error,
    stand_in::{
        Labels, Purpose, lock,
        schedules::{Red, USUAL, first_red, green, headline},
        stage::Stage,
        trace::{self, built, possible},
        who_waits,
    },
    workspace::{Exercise, Workspace, did_you_mean},
};
use std::ops::Range;

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
    if !has_stand_in(workspace) {
        return Err(Error::NotExplored {
            reason: "there is no stand-in for Tokio here".to_owned(),
            next: "`git checkout book/tokio-traced` brings it back".to_owned(),
        });
    }
    possible(exercise).map_err(not_explored)?;
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

/// What a person is told before it.
pub const BEGINS: &str =
    "now in other schedules (the first time, the stand-in for Tokio is built too) …";

/// Goes on after a green verdict, and tells `progress` what it finds.
///
/// # Cancel safety
/// Dropping the future ends every process. Progress then keeps what it heard last.
pub async fn after_green(
    workspace: &Workspace,
    exercise: &Exercise,
    mut status: Status,
    progress: &ProgressHandle,
) {
    if !is_possible(workspace, exercise) {
        return;
    }
    status.schedules = Some(in_words(Outcome::Waiting, BEGINS));
    // Progress is gone when the program ends: then nobody is left to be told.
    let _ = progress.report(status.clone()).await;
    let numbers = 1..USUAL + 1;
    let found = explore(workspace, exercise, None, numbers.clone()).await;
    status.schedules = Some(match found {
        Ok(red) => result(exercise, red, &format!("also {}", green(&numbers))),
        Err(_) => in_words(Outcome::Waiting, &not_tried(exercise)),
    });
    let _ = progress.report(status).await;
}

/// What a person is told of it; `green` is said when nothing is red.
pub fn result(exercise: &Exercise, red: Option<Red>, green: &str) -> Schedules {
    match red {
        None => in_words(Outcome::Passes, green),
        Some(red) => Schedules {
            result: red.outcome,
            words: headline(&red),
            run: its_run(exercise, &red),
            said: red.said,
        },
    }
}

/// What a person is told when other schedules could not be tried: the verdict holds without them.
pub fn not_tried(exercise: &Exercise) -> String {
    format!(
        "not in other schedules: `cargo course explore {}` says why",
        exercise.name
    )
}

fn in_words(result: Outcome, words: &str) -> Schedules {
    Schedules {
        result,
        words: words.to_owned(),
        run: String::new(),
        said: String::new(),
    }
}

/// The command that shows the run in that schedule.
fn its_run(exercise: &Exercise, red: &Red) -> String {
    let Red {
        number, test, said, ..
    } = red;
    let scenario =
        scenario_in(said).map_or_else(String::new, |which| format!(" --scenario {which}"));
    format!(
        "cargo course trace {} {test}{scenario} --seed {number}",
        exercise.name
    )
}

/// Whether the stand-in is there, and the exercise can be built against it.
pub fn is_possible(workspace: &Workspace, exercise: &Exercise) -> bool {
    has_stand_in(workspace) && possible(exercise).is_ok()
}

fn has_stand_in(workspace: &Workspace) -> bool {
    workspace.root.join("book").join("tokio-traced").is_dir()
}

/// The stage's errors are in the words of those who record.
fn not_explored(error: Error) -> Error {
    match error {
        Error::NotRecorded { reason, next } => Error::NotExplored { reason, next },
        other => other,
    }
}

/// Adds what a recording of that very schedule shows.
async fn with_who_waits(workspace: &Workspace, exercise: &Exercise, mut red: Red) -> Red {
    let asked = who_waits::recorded(workspace, exercise, &red.test, &red.said, Some(red.number));
    if let Some(waits) = asked.await {
        red.said = format!("{}\n\nRecorded: {waits}", red.said);
    }
    red
}
