//! Questions to ask an actor from the outside: does it wait or poll, is its mailbox bounded, how much runs at once?

use crate::settle;
use std::{
    future::poll_fn,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    task::Poll,
    thread,
    time::Duration,
};
use tokio::{
    runtime::{Builder, Handle},
    task::coop::unconstrained,
    time::sleep,
};
use tokio_test::task;

/// The number of tasks that have been spawned and have not ended, after all of them had a chance to run.
pub async fn alive_tasks() -> usize {
    settle().await;
    Handle::current().metrics().num_alive_tasks()
}

/// Starts `times` calls, polls each of them once, and drops it: callers that gave up at once. The actor does not get to
/// run in between, so what the calls sent waits in its mailbox. Returns how many of the calls were done in that one poll.
pub async fn start_and_drop<F: Future>(times: usize, mut call: impl FnMut() -> F) -> usize {
    // Tokio makes a task yield after 128 operations in one poll, which would make every channel look bounded at 128.
    unconstrained(async {
        let mut done = 0;
        for _ in 0..times {
            done += usize::from(task::spawn(call()).poll().is_ready());
        }
        done
    })
    .await
}

/// Starts `times` calls and polls each of them once, while no actor gets to run. Then lets the actors run, and returns how
/// many calls have their answer: those whose messages went in at once, and did not have to wait for a slot.
pub async fn answered_at_once<F: Future>(times: usize, mut call: impl FnMut() -> F) -> usize {
    let mut waiting = Vec::with_capacity(times);
    unconstrained(async {
        for _ in 0..times {
            let mut call = task::spawn(call());
            if call.poll().is_pending() {
                waiting.push(call);
            }
        }
    })
    .await;
    let answered = times - waiting.len();
    settle().await;
    unconstrained(async {
        let done = waiting.iter_mut().filter_map(|call| match call.poll() {
            Poll::Ready(_) => Some(()),
            Poll::Pending => None,
        });
        answered + done.count()
    })
    .await
}

/// How many messages a mailbox takes while nobody reads it: calls `send` until one of the futures has to wait, at most
/// `limit` times. `None` when all `limit` of them went in: as good as unbounded.
pub async fn accepted_sends<F: Future>(limit: usize, mut send: impl FnMut() -> F) -> Option<usize> {
    unconstrained(async { (0..limit).find(|_| task::spawn(send()).poll().is_pending()) }).await
}

/// How often the runtime woke up in one virtual minute. Tasks that wait for messages do not wake at all: what is left is
/// the minute's own timer, which Tokio moves on in a few steps (up to a dozen). A task that sleeps and looks every 10 ms
/// wakes thousands of times. Fewer than 30 is quiet.
pub async fn wake_ups() -> u64 {
    let before = wake_ups_so_far();
    sleep(Duration::from_secs(60)).await;
    wake_ups_so_far() - before
}

/// How often the runtime has woken up since it began. Each timer that fires wakes it once, and a few times before that when it was
/// far away.
///
/// # Panics
/// Outside of a runtime.
pub fn wake_ups_so_far() -> u64 {
    Handle::current().metrics().worker_park_count(0)
}

/// Runs `call` to its end, and counts how often it was polled. A call that waits is polled when something has happened for it: a few times.
/// To be run in a task of its own, where nobody else's wake-ups count.
pub async fn count_polls<F: Future>(call: F) -> (F::Output, usize) {
    let (mut call, mut polls) = (pin!(call), 0);
    poll_fn(|cx| {
        polls += 1;
        call.as_mut().poll(cx).map(|output| (output, polls))
    })
    .await
}

/// Runs `body` on a runtime of its own, and then shuts that runtime down, with all its tasks. What `body` returns outlives it: a handle
/// whose actor is gone, though nobody dropped the handle. So it is when `main` returns.
///
/// # Panics
/// When `body` does.
pub fn on_a_runtime_that_ends<F: Future>(body: impl FnOnce() -> F + Send + 'static) -> F::Output
where
    F::Output: Send + 'static,
{
    let collect_panics = crate::report::collect_as_here();
    let thread = thread::spawn(|| {
        collect_panics();
        let runtime = Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .expect("a runtime can be started: the test runs on one");
        runtime.block_on(body())
    });
    thread
        .join()
        .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// Counts how many jobs run at the same time. A test hands it to the code under test, inside of the job.
#[derive(Debug, Clone, Default)]
pub struct Overlap(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    now: AtomicUsize,
    most: AtomicUsize,
}

impl Overlap {
    /// Runs `job` as one more of those that run now. A job that is dropped no longer counts.
    pub async fn run<F: Future>(&self, job: F) -> F::Output {
        let now = self.0.now.fetch_add(1, SeqCst) + 1;
        self.0.most.fetch_max(now, SeqCst);
        let _leave = Leave(&self.0.now);
        job.await
    }

    /// How many run now.
    pub fn now(&self) -> usize {
        self.0.now.load(SeqCst)
    }

    /// The most that have run at the same time so far.
    pub fn most(&self) -> usize {
        self.0.most.load(SeqCst)
    }
}

struct Leave<'a>(&'a AtomicUsize);

impl Drop for Leave<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, SeqCst);
    }
}
