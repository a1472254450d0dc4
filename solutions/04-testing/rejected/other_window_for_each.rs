//! rejected: a_window_that_two_limiters_share_is_found
//! says: Make two limiters, use one up
//! thinks: "I make a second limiter when the first one is done with, an hour later. It has to start at 0."

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
const MILLISECOND: Duration = Duration::from_millis(1);

/// So many turns are enough for any task to do what needs no time.
const TURNS: usize = 100;

pub async fn suite<L: Limiter>() {
    let before = panics();
    counts::<L>().await;
    sleep(3600 * SECOND).await;
    keeps_its_window::<L>().await;
    all_tasks_end().await;
    assert_eq!(panics(), before, "a task has panicked");
}

/// An answer needs no time, so an hour is a bound that never hurts: paused, the clock jumps to it when every task waits.
async fn ask<L: Limiter>(limiter: &L) -> bool {
    (timeout(3600 * SECOND, limiter.allow()).await)
        .expect("an answer comes without any time passing")
}

/// How many of so many calls are allowed.
async fn allowed<L: Limiter>(limiter: &L, calls: u32) -> u32 {
    let mut allowed = 0;
    for _ in 0..calls {
        allowed += u32::from(ask(limiter).await);
    }
    allowed
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

/// Promises 1 and 3.
async fn counts<L: Limiter>() {
    let (one, other) = (L::new(3, SECOND), L::new(1, SECOND));
    assert_eq!(allowed(&one, 5).await, 3, "3 posts of 5 are allowed");
    sleep(3600 * SECOND).await;
    assert_eq!(allowed(&other, 2).await, 1, "another limiter starts at 0");
    sleep(3600 * SECOND).await;
    let many = L::new(300, SECOND);
    assert_eq!(
        allowed(&many, 301).await,
        300,
        "300 posts of 301 are allowed"
    );
}

/// Promise 2.
async fn keeps_its_window<L: Limiter>() {
    let limiter = L::new(2, 10 * SECOND);
    // A window begins with its first post, and not with its limiter.
    sleep(3 * SECOND).await;
    assert!(ask(&limiter).await, "the first post opens the window");
    sleep(4 * SECOND).await;
    assert_eq!(allowed(&limiter, 2).await, 1, "one post is left in it");
    sleep(6 * SECOND - MILLISECOND).await;
    assert!(!ask(&limiter).await, "the window is open for a millisecond");
    sleep(2 * MILLISECOND).await;
    assert!(ask(&limiter).await, "a new window is open");
    assert_eq!(allowed(&limiter, 2).await, 1, "one post is left in it");
    sleep(3600 * SECOND).await;
    assert_eq!(allowed(&limiter, 3).await, 2, "silence saves up nothing");
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
