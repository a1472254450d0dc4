//! Tests of tests: what becomes of a body under [`check`](crate::check), as something to look at instead of a test that fails.

use crate::{
    check::{Clock, as_test, boxed, run},
    report::Report,
    schedule,
    watchdog::Limits,
};
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering::Relaxed},
};

/// What became of a body that was [`tried`].
#[derive(Debug)]
pub enum Tried {
    /// It came to its end, and nothing else was found.
    Passed,
    /// It came to its end, and then it was found that tasks were left over, or that one had panicked. Says which.
    Overlooked(String),
    /// It panicked. Says with what, and where.
    Failed(String),
    /// It did not come to its end: it waits for ever, it spins, it blocks. Says which.
    NeverEnded(String),
}

/// Runs `body` as [`check`](crate::check) does, on a thread, a runtime and a virtual clock of its own, and returns what became of it. To be
/// called in [`cross_check`], or in a scenario.
pub fn tried<F>(body: impl FnOnce() -> F + Send + 'static) -> Tried
where
    F: Future<Output = ()> + 'static,
{
    let is_over = Arc::new(AtomicBool::new(false));
    let over = is_over.clone();
    let body = boxed(move || async move {
        body().await;
        over.store(true, Relaxed);
    });
    match run(Clock::Virtual, Limits::from_env(), body) {
        Ok(()) => Tried::Passed,
        Err(report) if is_over.load(Relaxed) && !report.never_ends() => {
            Tried::Overlooked(report.to_string())
        }
        Err(report) if report.never_ends() || report.waited_in_vain() => {
            Tried::NeverEnded(report.to_string())
        }
        Err(report) => Tried::Failed(report.to_string()),
    }
}

/// Runs `test`, which [tries](tried) bodies, and returns what is wrong with what became of them. It may be run several times, each
/// time in another schedule.
///
/// # Panics
/// When something is wrong, as [`check`](crate::check) does.
pub fn cross_check(mut test: impl FnMut() -> Result<(), String>) {
    as_test(|| schedule::each(|| test().map_err(Report::because)));
}
