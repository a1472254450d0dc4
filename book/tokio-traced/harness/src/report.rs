//! What the functions taken from the real harness fail with. There it becomes a report, here an event of the recording.

use std::panic::Location;

pub(crate) struct Failure;

impl Failure {
    /// Ends the run, at a line of the test.
    pub fn raise(message: String, at: &'static Location<'static>) -> ! {
        tokio::panic_at(message, at)
    }
}

/// A recording has no use for the panics of other threads.
pub(crate) fn collect_as_here() -> impl FnOnce() + Send + 'static {
    || {}
}
