//! The second step of a check: runs the tests of a test program, one process each, so that one that never ends or
//! brings its process down takes no other with it. This is the contract that cargo-nextest relies on too: `--list
//! --format terse`, then `--exact NAME`.

use crate::{
    check::{
        proof::{self, Left, Proof},
        status::Outcome,
    },
    process::{
        excerpt::Excerpt,
        limited::{self, End, Finished},
        plain,
    },
};
use std::{fmt::Display, path::Path, time::Duration};
use tokio::process::Command;

/// How a test may say that it ended itself because it would never have ended.
const NEVER_ENDS: &str = "This test never ends";

/// What to look for where a process ended and nothing says why.
const GUESS: &str = "\
    If it prints no reason: who calls `std::process::exit` or `abort`? Or did the system kill it, because it took all the memory?";

/// What became of one test and what it said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Passes, fails or never ends.
    pub outcome: Outcome,
    /// What it said, empty when it passes.
    pub said: String,
    /// Whether it had to be ended from outside: its limit was over.
    pub was_ended: bool,
}

/// The names of the tests in a test program.
///
/// # Errors
/// The program does not list them; the text says why.
pub async fn list(
    executable: &Path,
    folder: &Path,
    limit: Duration,
) -> Result<Vec<String>, String> {
    let listed = limited::run(
        command(executable, folder, &["--list", "--format", "terse"]),
        limit,
    )
    .await;
    match listed {
        Ok(finished) if finished.end.is_success() => {
            let names = finished
                .stdout
                .lines()
                .filter_map(|line| line.strip_suffix(": test"));
            Ok(names.map(str::to_owned).collect())
        }
        Ok(finished) => Err(format!(
            "the test program does not list its tests:\n{}{}",
            finished.stdout, finished.stderr
        )),
        Err(error) => Err(format!(
            "the test program does not start ({error}): build it again"
        )),
    }
}

/// Runs one test. After `limit` it is ended, with every process that it started; the harness knows better what to
/// say, so give it the time to do so first.
///
/// # Cancel safety
/// Dropping the future ends the test's processes.
pub async fn run(executable: &Path, folder: &Path, test: &str, limit: Duration) -> Verdict {
    run_command(one_test(executable, folder, test), executable, limit).await
}

/// The same, of a command that [`one_test`] has made for this program. Its result is kept beside it.
///
/// # Cancel safety
/// Dropping the future ends the test's processes.
pub async fn run_command(mut command: Command, executable: &Path, limit: Duration) -> Verdict {
    // There is room and leave to write, since cargo has just done so.
    let beside = executable.parent().unwrap_or(executable);
    let broken = |what: &str, error: &dyn Display, next: &str| Verdict {
        outcome: Outcome::Fails,
        said: format!("{what} ({error}): {next}"),
        was_ended: false,
    };
    let proof = Proof::new(beside).and_then(|proof| Ok((proof.stdin()?, proof)));
    let (stdin, proof) = match proof {
        Ok(proof) => proof,
        Err(error) => {
            let what = format!(
                "the result of the test cannot be kept in {}",
                beside.display()
            );
            return broken(&what, &error, "make room or rights to write there");
        }
    };
    command.env(proof::ASK.0, proof::ASK.1);
    match limited::run_with(command, stdin, limit).await {
        Ok(finished) => judge(finished, proof.read(), limit),
        Err(error) => broken(
            "the test program does not start",
            &error,
            "save again to build it anew",
        ),
    }
}

/// The command that runs one test.
pub fn one_test(executable: &Path, folder: &Path, test: &str) -> Command {
    // A learner's `#[ignore]` must not turn a test green.
    let arguments = ["--exact", test, "--nocapture", "--include-ignored"];
    command(executable, folder, &arguments)
}

fn command(executable: &Path, folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(executable);
    command
        .args(arguments)
        .current_dir(folder)
        // It would be this program's: `cargo run` has set it.
        .env_remove("CARGO_PKG_NAME")
        // A backtrace would bury what the test has to say.
        .env("RUST_BACKTRACE", "0")
        // The harness: a thread that spins and prints would bury its report.
        .env("HARNESS_EXIT_WHEN_STUCK", "1");
    command
}

/// What the code under test printed: libtest's own words around it are of no use to the learner.
fn printed(stdout: &str) -> &str {
    let printed = stdout.trim_start().trim_start_matches("running 1 test");
    let end = ["\nfailures:", "\ntest result:"]
        .iter()
        .filter_map(|words| printed.find(words))
        .min();
    let printed = &printed[..end.unwrap_or(printed.len())];
    match printed.trim_end().rsplit_once('\n') {
        Some((before, last)) if last.starts_with("test ") && last.ends_with("FAILED") => before,
        _ if printed.trim().starts_with("test ") && printed.trim().ends_with("FAILED") => "",
        _ => printed,
    }
}

fn judge(finished: Finished, left: Left, limit: Duration) -> Verdict {
    let Finished {
        end,
        stdout,
        stderr,
    } = finished;
    // What the harness has to say comes first, whatever else was printed.
    let report = match &left {
        Left::Failed(report) | Left::NeverEnds(report) => Excerpt::of(plain::text(report).trim()),
        Left::Nothing | Left::Begun | Left::Passed => String::new(),
    };
    let mut said = stderr.trim().to_owned();
    if !report.is_empty() && !said.is_empty() {
        said = format!("{report}\n\nIt printed:\n{said}");
    } else {
        said.insert_str(0, &report);
    }
    let printed = printed(&stdout).trim();
    if !printed.is_empty() {
        let heading = match (said.is_empty(), said.contains("\n\nIt printed:\n")) {
            (true, _) => "",
            (_, true) => "\n",
            (_, false) => "\n\nIt printed:\n",
        };
        said.push_str(&format!("{heading}{printed}"));
    }

    let (outcome, said) = match (end, left) {
        (_, Left::NeverEnds(_)) => (Outcome::NeverEnds, said),
        (_, Left::Failed(_)) => (Outcome::Fails, said),
        (End::OutOfTime, _) => {
            let ended = format!("{NEVER_ENDS}: it was ended after {} s.", limit.as_secs());
            (Outcome::NeverEnds, format!("{ended}\n\n{said}"))
        }
        (End::Exited(status), Left::Passed) if status.success() => (Outcome::Passes, String::new()),
        // A test that does not use the harness: its own words are all there is to go by.
        (End::Exited(status), Left::Nothing) if status.success() && is_libtests_result(&stdout) => {
            (Outcome::Passes, String::new())
        }
        (End::Exited(status), _) if status.success() => {
            let gone =
                "The test's process ended before the test did: who calls `std::process::exit`?";
            (Outcome::Fails, format!("{gone}\n\n{said}"))
        }
        // Anywhere in it: what the learner's own code prints may come first.
        (End::Exited(_), _) if said.lines().any(|line| line.starts_with(NEVER_ENDS)) => {
            (Outcome::NeverEnds, said)
        }
        (End::Exited(status), Left::Begun) => {
            let gone = format!("The test's process ended before the test did ({status}). {GUESS}");
            (Outcome::Fails, format!("{gone}\n\n{said}"))
        }
        (End::Exited(status), _) if said.is_empty() => (
            Outcome::Fails,
            format!("The test failed without a word ({status}). {GUESS}"),
        ),
        (End::Exited(_), _) => (Outcome::Fails, said),
    };
    Verdict {
        outcome,
        said: said.trim_end().to_owned(),
        was_ended: end == End::OutOfTime,
    }
}

/// Whether libtest printed its last line. It is missing when something called `std::process::exit` in mid-test. What a thread of the
/// test prints may stand before this part of the line, which libtest writes in one piece, or may have pushed it out of the excerpt.
fn is_libtests_result(stdout: &str) -> bool {
    stdout.contains(". 1 passed; 0 failed; 0 ignored; ") || stdout.contains(" bytes left out …]")
}
