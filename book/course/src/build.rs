//! The first step of a check: cargo builds an exercise's tests. Its JSON tells where the test programs are, or why
//! there are none; rustc's words are passed on as rustc renders them.

use crate::{
    check::Report, error::Error, excerpt::Excerpt, group::Group, lines::Lines,
    signatures::Complaints, workspace::cargo_program,
};
use cargo_metadata::{Message, diagnostic::DiagnosticLevel};
use std::{
    io,
    path::{Path, PathBuf},
    process::Stdio,
};
use tokio::process::Command;

/// Who gets cargo's own words: "Compiling tokio", "Blocking waiting for file lock".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CargoWords {
    /// The terminal, with cargo's progress bar.
    Terminal,
    /// Us: they become notes on the page, and the reason when cargo itself fails.
    Notes,
}

/// What came out.
#[derive(Debug)]
pub enum Build {
    /// Test programs to run.
    Ready {
        /// Their paths.
        executables: Vec<PathBuf>,
        /// rustc's warnings, with colours.
        warnings: String,
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
    root: &Path,
    package: &str,
    words: CargoWords,
    report: &mut Report,
) -> Result<Build, Error> {
    let mut command = Command::new(cargo_program());
    command
        .args([
            "test",
            "--no-run",
            "--message-format=json-diagnostic-rendered-ansi",
        ])
        .args(["--package", package])
        .current_dir(root)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(match words {
            CargoWords::Terminal => Stdio::inherit(),
            CargoWords::Notes => Stdio::piped(),
        });
    let mut cargo = Group::spawn(command).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => Error::NoCargo,
        _ => Error::Cargo(error),
    })?;

    let mut messages = Lines::new(cargo.take_stdout());
    let mut said = Lines::new(cargo.take_stderr());
    let mut found = Found::default();
    let mut notes = Notes::default();
    // Both at once, until both have ended: cargo would wait for ever on a full pipe that nobody reads.
    loop {
        tokio::select! {
            Some(line) = messages.next() => found.read(&line),
            Some(line) = said.next() => {
                if let Some(note) = notes.read(&line) {
                    report.note(note).await;
                }
            }
            else => break,
        }
    }
    let status = cargo.wait().await.map_err(Error::Cargo)?;

    if status.success() {
        return Ok(Build::Ready {
            executables: found.executables,
            warnings: Excerpt::of(&found.warnings),
        });
    }
    let text = Excerpt::of(&match found.errors.is_empty() {
        false => found.errors,
        true => notes.reason(package),
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
}

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
                let text = message.message.rendered.unwrap_or(message.message.message);
                let all = match message.message.level {
                    DiagnosticLevel::Error | DiagnosticLevel::Ice => &mut self.errors,
                    _ => &mut self.warnings,
                };
                // Several targets of the package may say the same.
                if !all.contains(&text) {
                    all.push_str(&text);
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
}

impl Notes {
    /// A note for the reader, if the line is worth one.
    fn read(&mut self, line: &str) -> Option<String> {
        self.all.push_str(line);
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
    fn reason(&self, package: &str) -> String {
        let words = match self.all.trim_end() {
            "" => "cargo says above why.",
            words => words,
        };
        format!(
            "`{package}` could not be built, and not because of its Rust code.\n\n{words}\n\n{}\n",
            self.next_step()
        )
    }

    fn next_step(&self) -> String {
        const NETWORK: &str =
            "The first build downloads packages: connect to the network once and check again.";
        const PLACE: &str =
            "Make room or rights to write there, or set CARGO_TARGET_DIR to a folder of yours.";
        const CHANGED: &str = "A Cargo.toml that was changed by accident comes back with \
            `git checkout -- PATH`, with the path of that one file.";
        let says = |signs: &[&str]| signs.iter().any(|sign| self.all.contains(sign));
        // The numbers are the system's for: no rights, no room, read-only.
        if says(&["os error 13", "os error 28", "os error 30"]) {
            PLACE.to_owned()
        } else if says(&["failed to download", "resolve host", "network", "--offline"]) {
            NETWORK.to_owned()
        } else if self.all.is_empty() {
            // The terminal got cargo's words, we did not: any of these.
            [NETWORK, PLACE, CHANGED].join("\n")
        } else {
            CHANGED.to_owned()
        }
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
        assert_eq!(notes.read("    Finished `test` profile"), None);
    }

    #[test]
    fn what_cargo_says_is_kept_and_followed_by_the_next_step() {
        let mut notes = Notes::default();
        notes.read("error: failed to download `tokio`");
        let reason = notes.reason("recipe");
        assert!(reason.contains("error: failed to download `tokio`"));
        assert!(reason.contains("connect to the network"));
        notes.read("error: Read-only file system (os error 30) at path \"/a\"");
        assert!(notes.reason("recipe").contains("CARGO_TARGET_DIR"));
    }

    #[test]
    fn words_that_are_no_message_are_ignored() {
        let mut found = Found::default();
        found.read("hello from a build script");
        assert!(found.errors.is_empty() && found.executables.is_empty());
    }
}
