//! Builds a scratch workspace by one cargo, and sorts what comes out by package.

use crate::{error::Error, group::Group, lines::Lines, plain, workspace::cargo_program};
use cargo_metadata::{Message, PackageId, diagnostic::DiagnosticLevel};
use std::{
    collections::HashMap,
    io,
    path::{Path, PathBuf},
    process::Stdio,
};
use tokio::process::Command;

/// What came out of one package.
#[derive(Clone, Debug, Default)]
pub struct Built {
    /// Its test programs.
    pub executables: Vec<PathBuf>,
    /// rustc's errors, as plain text.
    pub errors: String,
}

/// Builds the scratch workspace in `folder`; the result is by package name. With `shows_progress` the terminal gets
/// cargo's own words.
///
/// # Errors
/// Cargo could not be started, or failed though rustc found nothing wrong.
pub async fn build(
    folder: &Path,
    target: &Path,
    shows_progress: bool,
) -> Result<HashMap<String, Built>, Error> {
    let mut command = Command::new(cargo_program());
    command
        // `--keep-going`: some answers are there because they do not compile.
        .args([
            "build",
            "--tests",
            "--workspace",
            "--keep-going",
            "--message-format=json",
        ])
        .arg("--target-dir")
        .arg(target)
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(match shows_progress {
            true => Stdio::inherit(),
            false => Stdio::piped(),
        });
    let mut cargo = Group::spawn(command).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => Error::NoCargo,
        _ => Error::Cargo(error),
    })?;

    let mut messages = Lines::new(cargo.take_stdout());
    let mut said = Lines::new(cargo.take_stderr());
    let mut words = String::new();
    let mut all: HashMap<String, Built> = HashMap::new();
    loop {
        tokio::select! {
            Some(line) = messages.next() => read(&line, &mut all),
            Some(line) = said.next() => {
                words.push_str(&line);
                words.push('\n');
            }
            else => break,
        }
    }
    let status = cargo.wait().await.map_err(Error::Cargo)?;

    let is_rustc_content = all.values().all(|built| built.errors.is_empty());
    if !status.success() && is_rustc_content {
        if words.is_empty() {
            "(they are above)".clone_into(&mut words);
        }
        let folder = folder.to_owned();
        return Err(Error::Scratch { words, folder });
    }
    Ok(all)
}

fn read(line: &str, all: &mut HashMap<String, Built>) {
    match serde_json::from_str(line) {
        Ok(Message::CompilerArtifact(artifact)) if artifact.profile.test => {
            let built = all.entry(name(&artifact.package_id)).or_default();
            built
                .executables
                .extend(artifact.executable.map(PathBuf::from));
        }
        Ok(Message::CompilerMessage(message))
            if message.message.level == DiagnosticLevel::Error =>
        {
            let text = message.message.rendered.unwrap_or(message.message.message);
            all.entry(name(&message.package_id))
                .or_default()
                .errors
                .push_str(&plain::text(&text));
        }
        _ => {}
    }
}

/// The name in an id such as `path+file:///a/b/0#recipe--solution@0.0.0`. It would be left away if the folder had the
/// same name. See <https://doc.rust-lang.org/cargo/reference/pkgid-spec.html>.
fn name(id: &PackageId) -> String {
    let (_, fragment) = id.repr.rsplit_once('#').unwrap_or_default();
    fragment.split('@').next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_is_known_by_the_name_in_its_id() {
        let id = PackageId {
            repr: "path+file:///tmp/a%20b/judge/0#recipe--rejected-atomic-rs@0.0.0".to_owned(),
        };
        assert_eq!(name(&id), "recipe--rejected-atomic-rs");
    }
}
