//! Waiting for things that have to happen. The real ones give up after an hour of virtual time; here that would only stand
//! between the test and whom it waits for: a recording notices by itself that nothing moves any more, and ends.

use crate::{report::Failure, wait};
use std::{panic::Location, time::Duration};
use tokio::time::Instant;

/// Waits for `future`.
///
/// # Cancel safety
/// That of `future`.
pub async fn within<F: Future>(_what: &str, future: F) -> F::Output {
    future.await
}

/// As [`within`], and `future` may take no virtual time.
///
/// # Panics
/// When it takes some.
#[track_caller]
pub fn in_no_time<F: Future>(what: &str, future: F) -> impl Future<Output = F::Output> {
    let (what, here) = (what.to_owned(), Location::caller());
    async move {
        let start = Instant::now();
        let output = future.await;
        let took = start.elapsed();
        if took > Duration::ZERO {
            let said =
                format!("{what} came only after {took:?}, and nothing in it has to take time");
            Failure::raise(said, here);
        }
        output
    }
}

/// Lets every other task run until all of them wait.
#[track_caller]
pub fn settle() -> impl Future<Output = ()> {
    tokio::until_all_wait(wait::settle())
}
