//! Runs tests that were built against the stand-in for Tokio in many schedules: by its number, each puts other tasks off that could
//! run. What is red in one of them, and green in the usual one, goes wrong on several threads, sooner or later.

use crate::check::{
    run::{self, Verdict},
    settings::test_limit,
    status::Outcome,
};
use std::{
    fs,
    num::NonZero,
    ops::Range,
    path::{Path, PathBuf},
    thread::available_parallelism,
};
use tokio::task::JoinSet;

/// Names the schedules to run in, for the harness: "1..201".
pub const NUMBERS: &str = "HARNESS_SCHEDULES";

/// Names a file, for the harness: which schedule was begun last.
const LAST: &str = "HARNESS_SCHEDULE_FILE";

/// So many schedules are tried when nobody says how many: a few seconds.
pub const USUAL: u64 = 200;

/// So many run in one process. A test that plays 300 scenarios plays them all in each.
const IN_A_PROCESS: u64 = 200;

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
        .env(LAST, &last);
    // Each schedule has the harness's own limits.
    let Verdict { outcome, said, .. } =
        run::run_command(command, executable, 10 * test_limit()).await;
    let number = fs::read_to_string(&last).ok();
    let _ = fs::remove_file(&last);
    (outcome != Outcome::Passes).then(|| Red {
        number: (number.and_then(|number| number.parse().ok())).unwrap_or(numbers.start),
        test: test.to_owned(),
        outcome,
        said,
    })
}
