//! rejected: one_post_too_many_is_found
//! says: Ask once more than it may allow
//! thinks: "Three posts are allowed, so I make three posts and see that they are."

use std::{cell::Cell, panic, sync::Once, time::Duration};
use tokio::{
    runtime::Handle,
    task::yield_now,
    time::{sleep, timeout},
};

/// Flood control: at most so many posts in a window of time. The exercise says what a right one promises.
pub trait Limiter: Send + Sync + Sized + 'static {
    fn new(posts: u32, per: Duration) -> Self;

    fn allow(&self) -> impl Future<Output = bool> + Send;
}

const SECOND: Duration = Duration::from_secs(1);

/// So many turns are enough for any task to do what needs no time.
const TURNS: usize = 100;

/// Returns when `L` keeps the promises of [`Limiter`].
///
/// # Panics
/// When `L` breaks a promise.
pub async fn suite<L: Limiter>() {
    let limiter = L::new(3, 10 * SECOND);
    for _ in 0..3 {
        assert!(ask(&limiter).await, "the post is allowed");
    }
    sleep(11 * SECOND).await;
    assert!(ask(&limiter).await, "a new window is open");
    drop(limiter);
    all_tasks_end().await;
}

/// An answer needs no time, so an hour is a bound that never hurts: paused, the clock jumps to it when every task waits.
async fn ask<L: Limiter>(limiter: &L) -> bool {
    (timeout(3600 * SECOND, limiter.allow()).await)
        .expect("an answer comes without any time passing")
}

/// To be called when no limiter is left.
async fn all_tasks_end() {
    let alive = || Handle::current().metrics().num_alive_tasks();
    for _ in 0..TURNS {
        if alive() == 0 {
            return;
        }
        yield_now().await;
    }
    panic!("the limiter is dropped, and {} tasks live on", alive());
}

/// How many panics there have been on this thread so far, those of spawned tasks included.
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
