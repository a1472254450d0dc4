//! `cargo course judge`: tests of the tests. The untouched exercise must fail for its stated reason, the solution and
//! every accepted answer must pass, and every rejected answer must fail in the test that it names, with the words
//! that it names. What is right has to be right in many schedules, too; a rejected answer may be wrong only there.
//!
//! Never writes to `exercises/` or `solutions/`: all answers are built in a scratch workspace under `target/judge`,
//! by one cargo.

mod answer;
mod finding;
mod packages;
mod runs;
mod schedules;
pub mod told;
pub mod unchanged;

use answer::Answer;
pub use finding::{Finding, Report};

use crate::{
    check::settings::test_limit,
    error::Error,
    process::echo,
    scratch::build::{self, Built},
    workspace::{Exercise, Workspace},
};
use std::{num::NonZero, sync::Arc, thread::available_parallelism, time::Instant};
use tokio::{sync::Semaphore, task::JoinSet};

/// What an exercise lacks: a solution, answers, hints, or a header that can be read. Builds nothing.
///
/// # Errors
/// A file cannot be read.
pub fn what_is_missing(exercise: &Exercise) -> Result<Vec<Finding>, Error> {
    answer::what_is_missing(exercise)
}

/// So many schedules are enough to say that an answer is right.
pub const SCHEDULES: u64 = 10;

/// Judges all answers of the named exercise, or of all; those that are right in this many schedules. Unless it is `anew`, chapters are left out
/// that have not changed since they were judged.
///
/// # Errors
/// There is no such exercise, or the answers cannot be read or built at all. An answer that is not as it should be is a
/// finding in the report.
///
/// # Cancel safety
/// Dropping the future ends every process.
pub async fn judge(
    workspace: &Workspace,
    name: Option<&str>,
    seeds: u64,
    anew: bool,
) -> Result<Report, Error> {
    let begin = Instant::now();
    let exercises: Vec<&Exercise> = match name {
        Some(name) => vec![workspace.exercise(name)?],
        None => workspace.exercises.iter().collect(),
    };

    let mut report = Report {
        digests: unchanged::digests(workspace, exercises.iter().copied()),
        ..Report::default()
    };
    let known = unchanged::known(workspace);
    let mut answers = Vec::new();
    for exercise in exercises {
        report.findings.extend(answer::what_is_missing(exercise)?);
        report.findings.extend(answer::stale_stub(exercise));
        let of_it = answer::of(exercise)?;
        let name = exercise.folder_name();
        let is_known = report.digests.get(&name) == known.get(&name);
        if is_known && !anew && seeds <= SCHEDULES {
            report.unchanged += of_it.len();
        } else {
            answers.extend(of_it);
        }
    }
    if seeds < SCHEDULES {
        report.digests.clear();
    }
    if !answers.is_empty() {
        let judged = judged(workspace, answers, seeds).await?;
        report.findings.extend(judged);
    }
    report.took = begin.elapsed();
    Ok(report)
}

/// Builds and runs them.
async fn judged(
    workspace: &Workspace,
    answers: Vec<Answer>,
    seeds: u64,
) -> Result<Vec<Finding>, Error> {
    let folder = packages::folder(workspace);
    packages::lay_out(&folder, workspace, &answers, |_| {})?;
    let mut built = build::build(workspace, &folder, echo::has_terminal()).await?;

    // As many at once as there are cores: each runs a test at a time.
    let permits = Arc::new(Semaphore::new(
        available_parallelism().map_or(1, NonZero::get),
    ));
    let mut judging = JoinSet::new();
    for (index, answer) in answers.iter().cloned().enumerate() {
        let built: Vec<Built> = (answer.sources())
            .map(|source| built.remove(&source.package).unwrap_or_default())
            .collect();
        let permits = permits.clone();
        judging.spawn(async move {
            // An error says that the semaphore was closed, which nobody does.
            let _permit = permits.acquire().await;
            (index, finding::judge(&answer, &built, test_limit()).await)
        });
    }
    // A task that panicked would be missing here: `join_all` passes the panic on.
    let mut judged = judging.join_all().await;
    judged.sort_by_key(|(index, _)| *index);
    let judged = judged.into_iter().map(|(_, finding)| finding);
    schedules::judge(workspace, &answers, judged.collect(), seeds).await
}
