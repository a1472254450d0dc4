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

/// Judges all answers of the named exercise, or of all, those that are right in this many schedules.
///
/// # Errors
/// There is no such exercise, or the answers cannot be read or built at all. An answer that is not as it should be is a
/// finding in the report.
///
/// # Cancel safety
/// Dropping the future ends every process.
pub async fn judge(workspace: &Workspace, name: Option<&str>, seeds: u64) -> Result<Report, Error> {
    let begin = Instant::now();
    let exercises: Vec<&Exercise> = match name {
        Some(name) => vec![workspace.exercise(name)?],
        None => workspace.exercises.iter().collect(),
    };

    let mut findings = Vec::new();
    let mut answers = Vec::new();
    for exercise in exercises {
        findings.extend(answer::what_is_missing(exercise)?);
        findings.extend(answer::stale_stub(exercise));
        answers.extend(answer::of(exercise)?);
    }
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
    let judged = schedules::judge(workspace, &answers, judged.collect(), seeds).await?;
    findings.extend(judged);
    Ok(Report {
        findings,
        took: begin.elapsed(),
    })
}
