//! Tells the program that runs one test a process (`cargo course`) what became of the test. Neither the output nor the exit code
//! would do: the code under test can print whatever a passing test prints, and `exit(0)`.
//!
//! The program sets `HARNESS_PROOF`, and writes two lines to the process's stdin: the path of a file of its own, and a word. They are
//! read, and stdin thereby emptied, before the test's body runs; so the code under test meets them nowhere. The first line of the file
//! is then the word and one of [`BEGUN`], [`PASSED`], [`FAILED`] and [`NEVER_ENDS`]; the report of what went wrong follows it. A reader that finds
//! the file does not know the word. The file of a test that does not use this harness stays as it was.

use crate::report::Report;
use std::{
    env, fs,
    io::{self, Write},
    path::PathBuf,
    sync::{
        OnceLock,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

const BEGUN: &str = "begun";
const PASSED: &str = "passed";
const FAILED: &str = "failed";
const NEVER_ENDS: &str = "never ends";

/// One failure is enough, whatever else a test checks.
static HAS_FAILED: AtomicBool = AtomicBool::new(false);

/// To be called before the code under test runs.
pub(crate) fn begun() {
    leave(BEGUN, "");
}

/// To be called when all is known. Returns whether the report has been handed over; if not, it has to be printed.
pub(crate) fn ended(outcome: &Result<(), Box<Report>>) -> bool {
    match outcome {
        Ok(()) => leave(PASSED, ""),
        Err(report) => failed(report),
    }
}

/// A report for the moment before the process is aborted. It goes past the test runner, which keeps what a test prints until the
/// test ends.
pub(crate) fn last_words(report: &Report) {
    if !failed(report) {
        // An error says that nobody reads, and there is nobody else to be told.
        let _ = writeln!(io::stderr(), "\n{report}");
    }
}

fn failed(report: &Report) -> bool {
    let result = if report.never_ends() {
        NEVER_ENDS
    } else {
        FAILED
    };
    let left = leave(result, &report.to_string());
    HAS_FAILED.store(true, Relaxed);
    left
}

fn leave(result: &str, report: &str) -> bool {
    static ASKED: OnceLock<Option<(PathBuf, String)>> = OnceLock::new();
    let asked = ASKED.get_or_init(|| {
        env::var_os("HARNESS_PROOF")?;
        let mut lines = io::stdin().lines();
        let path = PathBuf::from(lines.next()?.ok()?);
        Some((path, lines.next()?.ok()?))
    });
    // Only a file that is there already: a process that this one started has another stdin.
    let Some((file, word)) = asked.as_ref().filter(|(file, _)| file.is_file()) else {
        return false;
    };
    HAS_FAILED.load(Relaxed) || fs::write(file, format!("{word} {result}\n{report}")).is_ok()
}
