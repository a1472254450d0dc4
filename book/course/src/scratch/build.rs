//! Builds a scratch workspace by one cargo, and sorts what comes out by package.

use crate::{
    error::{Error, advice},
    process::{echo, group::Group, lines::Lines, plain},
    workspace::{Workspace, cargo_program},
};
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

/// Builds the scratch workspace in `folder`, with cargo's settings for `workspace`; the result is by package name. With `shows_progress` the terminal gets
/// cargo's own words.
///
/// # Errors
/// Cargo could not be started, or failed though rustc found nothing wrong.
pub async fn build(
    workspace: &Workspace,
    folder: &Path,
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
        .arg(&workspace.target)
        .arg("--manifest-path")
        .arg(folder.join("Cargo.toml"))
        // Here cargo finds the course's own `.cargo/config.toml`, wherever the target folder is.
        .current_dir(&workspace.root)
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    if workspace.offline {
        command.arg("--offline");
    }
    echo::to_pipe(&mut command, shows_progress);
    let mut cargo = Group::spawn(command).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => Error::NoCargo,
        _ => Error::Cargo(error),
    })?;

    let mut messages = Lines::new(cargo.take_stdout());
    let mut said = echo::lines(cargo.take_stderr(), shows_progress);
    let mut words = String::new();
    let mut all: HashMap<String, Built> = HashMap::new();
    loop {
        tokio::select! {
            Some(line) = messages.next() => read(&line, &mut all),
            Some(line) = said.next() => {
                words.push_str(&echo::words(&line));
                words.push('\n');
            }
            else => break,
        }
    }
    let status = cargo.wait().await.map_err(Error::Cargo)?;

    let is_rustc_content = all.values().all(|built| built.errors.is_empty());
    if !status.success() && is_rustc_content {
        let words = advice::error(&words).to_owned();
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
