//! `cargo course record`: the runs that the pages play.

use crate::{
    error::Error,
    group::Group,
    workspace::{Workspace, cargo_program},
};
use std::io;
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
    let mut cargo = Group::spawn(command).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => Error::NoCargo,
        _ => Error::Cargo(error),
    })?;
    let ended = cargo.wait().await.map_err(Error::Cargo)?;
    Ok(u8::from(!ended.success()))
}
