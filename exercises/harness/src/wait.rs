//! Waiting, in virtual time, for things that have to happen.

use crate::report::Failure;
use std::{panic::Location, time::Duration};
use tokio::{
    runtime::Handle,
    time::{Instant, timeout},
};

/// Longer than anything in a test takes; in virtual time it passes at once, as soon as every task waits.
const FOR_EVER: Duration = Duration::from_secs(3600);

/// Waits for `future`, and fails the test when it cannot finish any more because every task waits for another one.
/// `what` names what is waited for: "the reply", "room 2 to close".
///
/// # Cancel safety
/// That of `future`.
#[track_caller]
pub fn within<F: Future>(what: &str, future: F) -> impl Future<Output = F::Output> {
    let (what, here) = (what.to_owned(), Location::caller());
    async move { within_at(&what, here, future).await }
}

async fn within_at<F: Future>(
    what: &str,
    here: &'static Location<'static>,
    future: F,
) -> F::Output {
    let Ok(output) = timeout(FOR_EVER, future).await else {
        let others = crate::check::others(Handle::current().metrics().num_alive_tasks());
        Failure::raise(
            format!(
                "{what} never came: a deadlock. An hour of virtual time went by, and that passes only while every task waits.\n\
                 {others}\n\
                 Who should have sent it, and what is that one waiting for? (Threads outside of this runtime are not seen.)"
            ),
            here,
        )
    };
    output
}

/// As [`within`], and `future` may take no virtual time either: no sleep and no time-out is part of a right answer here.
#[track_caller]
pub fn in_no_time<F: Future>(what: &str, future: F) -> impl Future<Output = F::Output> {
    let (what, here) = (what.to_owned(), Location::caller());
    async move {
        let start = Instant::now();
        let output = within_at(&what, here, future).await;
        let took = start.elapsed();
        if took > Duration::ZERO {
            Failure::raise(
                format!(
                    "{what} came only after {took:?} of virtual time.\n\
                     Nothing in it has to take time: somebody waits for a timer. A sleep or a time-out hides a wait, it does not cure it."
                ),
                here,
            );
        }
        output
    }
}

/// Lets every other task run until all of them wait. No virtual time passes. A task that sleeps counts as waiting.
///
/// Never returns while a task spins; [`check`](crate::check) then says so.
///
/// # Cancel safety
/// Dropping it does no harm.
pub async fn settle() {
    let metrics = Handle::current().metrics();
    let before = metrics.worker_park_count(0);
    // The runtime parks its thread only when no task can run. While a blocking task is under way, the clock stands still.
    let idle = Handle::current().spawn_blocking(move || {
        while metrics.worker_park_count(0) == before {
            std::thread::sleep(Duration::from_micros(20));
        }
    });
    let _ = idle.await;
}
