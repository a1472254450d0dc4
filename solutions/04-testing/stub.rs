//! Exercise 04, testing: tests for a flood control.
//!
//! This time you write the tests. A limiter says how often a member may post, and your `suite` says whether a limiter is right: it runs to
//! its end when it is, and panics when it is not.
//!
//! Page: book/src/04-testing.md. The tests are in tests/testing.rs: they hand your suite four limiters that are right, and more
//! than a dozen that are broken, each in one way. They go step by step, and so can you:
//!
//!     cargo test -p testing
//!
//! Stuck? `cargo course hint testing` says a little more each time.

use std::{cell::Cell, panic, sync::Once, time::Duration};

/// Flood control: at most so many posts in a window of time. One limiter serves one member.
///
/// A right limiter keeps each of these promises:
///
/// 1. **Count.** A post that is allowed while no window is open opens one, which lasts `per`. In a window, `posts` posts are allowed,
///    the one that opened it included, and every other call is refused.
/// 2. **Time.** When the window is over, the next call opens a new one. A call that is refused changes nothing. (At the very instant
///    in which a window ends, it may count as open or as over: ask a millisecond before or after it.)
/// 3. **Alone.** Two limiters know nothing of each other.
/// 4. **At once.** An answer needs no time, only that tasks of this runtime get their turns. (A task or two may be in between, and a
///    few turns.)
/// 5. **End.** When the limiter is dropped, its tasks end. That needs no time either. No task of it panics, then or before.
/// 6. **Given up.** A call that is polled, and dropped before anything else has run, takes nothing: if it was not answered, it is as if
///    it had not been made. (When it is dropped later, its post may count or not.)
/// 7. **Any order.** Calls may overlap, and may be answered in any order. It changes nothing when a task is late, nor when a call
///    is polled again before it was woken. (One that was begun, and then is neither polled nor dropped, may keep the others waiting.)
///
/// Whether there is a task in a limiter, or two, or none, is its own business.
pub trait Limiter: Send + Sync + Sized + 'static {
    /// `posts` is at least 1. `per` is a whole number of milliseconds, at least 2, and at most an hour.
    fn new(posts: u32, per: Duration) -> Self;

    /// Whether one more post may be made now.
    fn allow(&self) -> impl Future<Output = bool> + Send;
}

/// Returns when `L` keeps the promises of [`Limiter`].
///
/// The tests call it once for each limiter, on a runtime of its own: one thread, a paused clock, and no task in it but those that you and the
/// limiter start. It may take up to a day of virtual time.
///
/// # Panics
/// When `L` breaks a promise. Say which.
pub async fn suite<L: Limiter>() {
    let _ = L::new(3, Duration::from_secs(10));
    todo!("step 1: ask the limiter, and say what its answers have to be")
}

/// How many panics there have been on this thread so far, those of spawned tasks included. Leave it as it is, and call it before the first
/// panic that you want to hear of. The page explains it in "Hear the panics".
pub fn panics() -> usize {
    thread_local! {
        static HEARD: Cell<usize> = const { Cell::new(0) };
    }
    static LISTEN: Once = Once::new();
    LISTEN.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            HEARD.set(HEARD.get() + 1);
            before(info);
        }));
    });
    HEARD.get()
}
