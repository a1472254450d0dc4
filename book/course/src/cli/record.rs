//! `cargo course record`: the runs that the pages play.

use crate::{
    error::Error,
    process::{echo, group::Group, lines::Lines},
    terminal,
    workspace::{Workspace, cargo_program},
};
use std::{io, process::Stdio};
use tokio::process::Command;

/// Records the book's listings into `book/src/traces`, or with `check` compares the committed recordings with what the code does
/// now. The exit code is 1 if one differs.
///
/// # Errors
/// Cargo could not be started.
///
/// # Cancel safety
/// Dropping the future ends the processes.
pub async fn record(workspace: &Workspace, check: bool) -> Result<u8, Error> {
    let mut command = Command::new(cargo_program());
    command
        .args(["run", "--quiet", "--package", "traces", "--"])
        .current_dir(&workspace.root);
    if check {
        command.arg("--check");
    }
    command.stdout(Stdio::piped());
    echo::to_pipe(&mut command, echo::has_terminal());
    let mut cargo = Group::spawn(command).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => Error::NoCargo,
        _ => Error::Cargo(error),
    })?;
    let mut said = Lines::new(cargo.take_stdout());
    let mut progress = echo::lines(cargo.take_stderr(), true);
    loop {
        tokio::select! {
            Some(line) = said.next() => terminal::say(line),
            Some(_) = progress.next() => {}
            else => break,
        }
    }
    let ended = cargo.wait().await.map_err(Error::Cargo)?;
    Ok(u8::from(!ended.success()))
}
