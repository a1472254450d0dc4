//! Waiting, in virtual time, for things that have to happen.

use crate::report::Failure;
use std::{
    future::poll_fn,
    panic::Location,
    pin::{Pin, pin},
    task::Poll,
    time::Duration,
};
use tokio::{
    runtime::Handle,
    task::coop::unconstrained,
    time::{Instant, sleep},
};

/// Longer than anything in a test takes; in virtual time it passes at once, as soon as every task waits.
const FOR_EVER: Duration = Duration::from_secs(3600);

/// So much longer may a timer be that is told from a deadlock. With the hour, and what a test took before, less than a test may take.
const LONG_TIMER: Duration = Duration::from_secs(12 * 3600);

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
    let start = Instant::now();
    let mut future = pin!(future);
    let wake_ups = match wait(FOR_EVER, future.as_mut()).await {
        Waited::For(output) => return output,
        Waited::InVain { wake_ups } => wake_ups,
    };
    let alive = Handle::current().metrics().num_alive_tasks();
    if wake_ups == 0 && at_most(LONG_TIMER, future).await.is_some() {
        let took = start.elapsed();
        Failure::raise(
            format!(
                "{what} came only after {took:?} of virtual time.\n\
                 A test waits for an hour, no longer. Which sleep, time-out or interval takes so much time?"
            ),
            here,
        );
    }
    let why = match wake_ups {
        0 => format!(
            ": a deadlock. An hour of virtual time went by, and that passes only while every task waits.\n\
             {}\n\
             Who should have sent it, and what is that one waiting for? (Not seen are threads outside of this runtime, tasks of a `LocalSet`, and timers of more than twelve hours.)",
            crate::check::others(alive)
        ),
        n => format!(
            ", and yet something goes on: an hour of virtual time went by, and in its second half timers woke the runtime {n} times.\n\
             Is it a loop that sleeps and looks, or ticks, and should have brought this? Then what does it look for, and who changes that? \
             Or does it tick beside tasks that wait for each other (a deadlock)?\n\
             Tasks alive: {alive}."
        ),
    };
    Failure::raise(format!("{what} never came{why}"), here)
}

/// What became of a wait.
pub(crate) enum Waited<T> {
    For(T),
    /// The time went by. If tasks went by timers to the end, the number of wake-ups in its second half; else 0.
    InVain {
        wake_ups: u64,
    },
}

/// Waits for `future` at most `limit`.
pub(crate) async fn wait<F: Future>(limit: Duration, future: F) -> Waited<F::Output> {
    let mut future = pin!(future);
    // What a task still did before it got stuck lies in the first half.
    if let Some(output) = at_most(limit / 2, future.as_mut()).await {
        return Waited::For(output);
    }
    let before = parks();
    match at_most(limit / 2, future).await {
        Some(output) => Waited::For(output),
        None => Waited::InVain {
            wake_ups: beyond_noise(parks() - before),
        },
    }
}

/// `tokio::time::timeout`, which is compiled anew for each future: with this, building a test file takes a tenth less.
pub(crate) async fn at_most<F: Future>(
    limit: Duration,
    mut future: Pin<&mut F>,
) -> Option<F::Output> {
    // Even a future that leaves no budget cannot keep the time from being noticed.
    let mut time = pin!(unconstrained(sleep(limit)));
    poll_fn(|cx| match future.as_mut().poll(cx) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending => time.as_mut().poll(cx).map(|()| None),
    })
    .await
}

/// How often timers woke the runtime while `time` went by; 0 if it was as good as never.
pub(crate) async fn wake_ups_in(time: Duration) -> u64 {
    let before = parks();
    sleep(time).await;
    beyond_noise(parks() - before)
}

fn parks() -> u64 {
    Handle::current().metrics().worker_park_count(0)
}

/// A timer that is far away wakes the runtime a few times before it fires: Tokio moves it on through the levels of its timer wheel.
/// Such are the harness's own, and a time-out in which a task is stuck.
fn beyond_noise(parks: u64) -> u64 {
    const NOISE: u64 = 10;
    if parks > NOISE { parks } else { 0 }
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
