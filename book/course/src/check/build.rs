//! The first step of a check: cargo builds an exercise's tests. Its JSON tells where the test programs are, or why
//! there are none; rustc's words are passed on as rustc renders them.

use crate::{
    check::{
        report::Report,
        settings::{CargoWords, Scratch, Settings},
        signatures::Complaints,
    },
    error::{Error, advice},
    process::{echo, excerpt::Excerpt, group::Group, lines::Lines, plain},
    workspace::cargo_program,
};
use cargo_metadata::{Message, diagnostic::DiagnosticLevel};
use std::{io, path::PathBuf, process::Stdio, time::Duration};
use tokio::{
    process::Command,
    time::{Instant, sleep_until},
};

/// What is said of a build that failed for another reason than what the learner wrote.
pub const NOT_ITS_CODE: &str = "could not be built, and not because of its Rust code.";

/// What came out.
#[derive(Debug)]
pub enum Build {
    /// Test programs to run.
    Ready {
        /// Their paths.
        executables: Vec<PathBuf>,
        /// rustc's warnings, with colours.
        warnings: String,
        /// Those among them that say what the code does not do.
        undone: String,
    },
    /// There are none.
    Broken {
        /// Why: rustc's or cargo's own words, with colours.
        text: String,
        /// If all of rustc's errors are in `tests`, and so the code itself compiles: what they are about.
        only_in_tests: Option<Complaints>,
    },
}

/// Builds the tests of one package; what cargo does meanwhile goes to `report` as notes.
///
/// # Errors
/// Cargo could not be started.
///
/// # Cancel safety
/// Dropping the future ends cargo and all that it started.
pub async fn build(
    settings: &Settings,
    package: &str,
    report: &mut Report,
) -> Result<Build, Error> {
    let shown = settings.words == CargoWords::Terminal;
    let mut command = Command::new(cargo_program());
    command
        .args([
            "test",
            "--no-run",
            "--message-format=json-diagnostic-rendered-ansi",
        ])
        .args(["--package", package])
        .current_dir(&settings.root)
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    if let Some(Scratch { manifest, target }) = &settings.scratch {
        command.arg("--manifest-path").arg(manifest);
        command.arg("--target-dir").arg(target);
    }
    if settings.offline {
        command.arg("--offline");
    }
    echo::to_pipe(&mut command, shown);
    let mut cargo = Group::spawn(command).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => Error::NoCargo,
        _ => Error::Cargo(error),
    })?;

    let mut messages = Lines::new(cargo.take_stdout());
    let mut said = echo::lines(cargo.take_stderr(), shown);
    let mut found = Found::default();
    let mut notes = Notes::default();
    let (mut silent_since, mut long) = (Instant::now(), settings.long);
    // Both at once, until both have ended: cargo would wait for ever on a full pipe that nobody reads.
    loop {
        tokio::select! {
            line = messages.next(), if !messages.is_over() => {
                line.inspect(|line| found.read(line));
            }
            line = said.next(), if !said.is_over() => {
                (silent_since, long) = (Instant::now(), settings.long);
                if let Some(note) = line.and_then(|line| notes.read(&line)) {
                    report.note(note).await;
                }
            }
            () = sleep_until(silent_since + long), if !(messages.is_over() && said.is_over()) => {
                report.note_long(notes.long(long)).await;
                long *= 2;
            }
            else => break,
        }
    }
    let status = cargo.wait().await.map_err(Error::Cargo)?;

    if status.success() {
        return Ok(Build::Ready {
            executables: found.executables,
            warnings: Excerpt::of(&found.warnings),
            undone: Excerpt::of(&found.undone),
        });
    }
    let text = Excerpt::of(&match found.errors.is_empty() {
        false => found.errors,
        true => notes.reason(package, shown),
    });
    Ok(Build::Broken {
        text,
        only_in_tests: found.complaints.only_in_tests(),
    })
}

/// What matters of cargo's JSON.
#[derive(Default)]
struct Found {
    executables: Vec<PathBuf>,
    errors: String,
    complaints: Complaints,
    warnings: String,
    undone: String,
}

/// rustc's lints whose finding may be why a test fails. The others (`dead_code`, `unused_variables`) are about work that is not done yet.
const UNDONE: [&str; 3] = [
    "unused_must_use",
    "unreachable_code",
    "unconditional_recursion",
];

impl Found {
    fn read(&mut self, line: &str) {
        // A line that is no message was printed by a build script.
        match serde_json::from_str(line) {
            Ok(Message::CompilerArtifact(artifact)) if artifact.profile.test => {
                self.executables
                    .extend(artifact.executable.map(PathBuf::from));
            }
            Ok(Message::CompilerMessage(message)) => {
                self.complaints.add(&message.message);
                let lint = message.message.code.as_ref().map(|lint| lint.code.as_str());
                let is_undone = lint.is_some_and(|lint| UNDONE.contains(&lint));
                let text = message.message.rendered.unwrap_or(message.message.message);
                // `compile_error!` takes any text.
                let text = plain::coloured(&text);
                let all = match message.message.level {
                    DiagnosticLevel::Error | DiagnosticLevel::Ice => &mut self.errors,
                    _ => &mut self.warnings,
                };
                // Several targets of the package may say the same.
                if !all.contains(&text) {
                    all.push_str(&text);
                    if is_undone {
                        self.undone.push_str(&text);
                    }
                }
            }
            _ => {}
        }
    }
}

/// What cargo said in words.
#[derive(Default)]
struct Notes {
    compiled: usize,
    all: String,
    /// What was last worth a note.
    last: String,
}

impl Notes {
    /// What has gone on for so long now.
    fn long(&self, time: Duration) -> String {
        let last = match self.last.as_str() {
            "" => "waiting for cargo",
            last => last,
        };
        format!("{last}, for {} s now", time.as_secs())
    }

    /// A note for the reader, if the line is worth one.
    fn read(&mut self, line: &str) -> Option<String> {
        let note = self.note(line)?;
        self.last.clone_from(&note);
        Some(note)
    }

    fn note(&mut self, line: &str) -> Option<String> {
        let line = echo::words(line);
        self.all.push_str(&line);
        self.all.push('\n');
        let line = line.trim();
        if let Some(package) = line.strip_prefix("Compiling ") {
            let name = package.split(' ').next().unwrap_or(package);
            self.compiled += 1;
            let packages = if self.compiled == 1 {
                "package"
            } else {
                "packages"
            };
            Some(format!(
                "compiling {name} ({} {packages} so far)",
                self.compiled
            ))
        } else if line.starts_with("Blocking waiting for file lock") {
            Some("waiting: another cargo is at work in this folder".to_owned())
        } else if line.starts_with("Downloading") || line.starts_with("Updating") {
            Some("downloading packages (only the first time)".to_owned())
        } else {
            None
        }
    }

    /// Why cargo failed though rustc had nothing to say.
    fn reason(&self, package: &str, shown: bool) -> String {
        let words = match advice::error(&self.all) {
            _ if shown => "cargo says above why.",
            "" => "cargo does not say why.",
            words => words,
        };
        format!(
            "`{package}` {NOT_ITS_CODE}\n\n{words}\n\n{}\n",
            advice::next_step(&self.all)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cargo_does_becomes_a_note() {
        let mut notes = Notes::default();
        assert_eq!(
            notes.read("   Compiling tokio v1.54.1").unwrap(),
            "compiling tokio (1 package so far)"
        );
        assert_eq!(
            notes.read("   Compiling recipe v0.0.0 (/a/b c)").unwrap(),
            "compiling recipe (2 packages so far)"
        );
        assert!(
            notes
                .read("    Blocking waiting for file lock on build directory")
                .unwrap()
                .starts_with("waiting")
        );
        assert!(
            notes
                .long(Duration::from_secs(10))
                .starts_with("waiting: another cargo")
        );
        assert_eq!(notes.read("    Finished `test` profile"), None);
    }

    #[test]
    fn what_takes_long_is_what_cargo_said_last() {
        let mut notes = Notes::default();
        let ten = Duration::from_secs(10);
        assert_eq!(notes.long(ten), "waiting for cargo, for 10 s now");
        notes.read("   Compiling recipe v0.0.0 (/a)");
        notes.read("some other words");
        assert_eq!(
            notes.long(ten),
            "compiling recipe (1 package so far), for 10 s now"
        );
    }

    #[test]
    fn what_cargo_says_is_kept_and_followed_by_the_next_step() {
        let mut notes = Notes::default();
        notes.read("error: failed to download `tokio`");
        let reason = notes.reason("recipe", false);
        assert!(reason.contains("error: failed to download `tokio`"));
        assert!(reason.contains("connect to the network"));
        let reason = notes.reason("recipe", true);
        assert!(!reason.contains("tokio") && reason.contains("connect to the network"));
    }

    #[test]
    fn words_that_are_no_message_are_ignored() {
        let mut found = Found::default();
        found.read("hello from a build script");
        assert!(found.errors.is_empty() && found.executables.is_empty());
    }
}
