//! `cargo course explore`: an exercise's tests in many schedules.

use crate::{
    error::Error,
    stand_in::{explore, schedules::green},
    terminal,
    workspace::Workspace,
};
use std::ops::Range;

/// Runs the tests of an exercise, or one of them, in these schedules. The exit code is 1 if something is red.
///
/// # Errors
/// There is no such exercise or test, or it cannot be built against the stand-in.
///
/// # Cancel safety
/// Dropping the future ends the processes.
pub async fn explore(
    workspace: &Workspace,
    name: &str,
    test: Option<&str>,
    numbers: Range<u64>,
) -> Result<u8, Error> {
    let exercise = workspace.exercise(name)?;
    terminal::say(terminal::quiet(
        "exploring (the first time, the stand-in for Tokio is built too) …",
    ));
    let red = explore::explore(workspace, exercise, test, numbers.clone()).await?;
    let code = u8::from(red.is_some());
    let result = explore::result(exercise, red, &green(&numbers));
    terminal::say(terminal::schedules(exercise, &result));
    Ok(code)
}
