//! Tests of tests: each body that is tried is recorded, and the last recording is kept.

use crate::{
    check::{leave_end, record_on_trial},
    schedule,
};
use std::panic;
use tokio::runtime::Handle;

/// What became of a body that was [`tried`].
#[derive(Debug)]
pub enum Tried {
    Passed,
    Overlooked(String),
    Failed(String),
    NeverEnded(String),
}

/// Records `body`.
///
/// # Panics
/// In a scenario, which is recorded itself.
pub fn tried<F>(body: impl FnOnce() -> F + Send + 'static) -> Tried
where
    F: Future<Output = ()>,
{
    assert!(
        Handle::try_current().is_err(),
        "this scenario runs its body on a runtime of its own, and a recording shows one"
    );
    record_on_trial(body)
}

/// Runs `test`, which [tries](tried) bodies.
///
/// # Panics
/// When something is wrong with what became of them.
pub fn cross_check(mut test: impl FnMut() -> Result<(), String>) {
    if let Err(wrong) = schedule::each(&mut test) {
        leave_end(&wrong);
        panic::resume_unwind(Box::new("the recording shows why"));
    }
}
