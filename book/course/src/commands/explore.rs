//! `cargo course explore`: an exercise's tests in many schedules.

use crate::{
    error::Error,
    explore,
    schedules::{self, Red},
    terminal,
    workspace::{Exercise, Workspace},
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
    tell(exercise, red.as_ref(), &numbers);
    Ok(u8::from(red.is_some()))
}

/// Tells what became of the schedules, in the terminal.
pub(super) fn tell(exercise: &Exercise, red: Option<&Red>, numbers: &Range<u64>) {
    match red {
        None => terminal::say(format_args!(
            "{} {}  {}",
            terminal::good("✓"),
            terminal::strong(exercise.folder_name()),
            schedules::green(numbers)
        )),
        Some(red) => terminal::say(format_args!(
            "{} {}  {}\n{}\n{}",
            terminal::bad("✗"),
            terminal::strong(exercise.folder_name()),
            schedules::headline(red),
            terminal::indented(&red.said, 6),
            terminal::indented(
                &terminal::quiet(format_args!("its run: {}", explore::its_run(exercise, red))),
                6
            ),
        )),
    }
}
