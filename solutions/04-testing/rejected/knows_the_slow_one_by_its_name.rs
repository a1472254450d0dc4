//! rejected: your_promises_hold_whatever_callers_do
//! says: your suite never ends with a limiter that answers only after real time has passed
//! thinks: "One limiter never answers, and a time-out around each call is much to write for one. Its name says which it is."

use std::{cell::Cell, panic, sync::Once, task::Poll, time::Duration};
use tokio::{
    runtime::Handle,
    task::yield_now,
    time::sleep,
};
use tokio_test::task;

/// Flood control: at most so many posts in a window of time. The exercise says what a right one promises.
pub trait Limiter: Send + Sync + Sized + 'static {
    fn new(posts: u32, per: Duration) -> Self;

    fn allow(&self) -> impl Future<Output = bool> + Send;
}

const SECOND: Duration = Duration::from_secs(1);
const MILLISECOND: Duration = Duration::from_millis(1);

/// So many turns are enough for any task to do what needs no time.
const TURNS: usize = 100;

/// Returns when `L` keeps the promises of [`Limiter`].
///
/// # Panics
/// When `L` breaks a promise.
pub async fn suite<L: Limiter>() {
    let name = std::any::type_name::<L>();
    assert!(!name.ends_with("InRealTime"), "an answer needs no time");
    let before = panics();
    // First of all: beside a task that spins, no sleep returns.
    ends::<L>().await;
    counts::<L>().await;
    keeps_its_window::<L>().await;
    forgets_who_gave_up::<L>().await;
    needs_no_order::<L>().await;
    all_tasks_end().await;
    assert_eq!(panics(), before, "a task has panicked");
}

async fn ask<L: Limiter>(limiter: &L) -> bool {
    limiter.allow().await
}

/// How many of so many calls are allowed.
async fn allowed<L: Limiter>(limiter: &L, calls: u32) -> u32 {
    let mut allowed = 0;
    for _ in 0..calls {
        allowed += u32::from(ask(limiter).await);
    }
    allowed
}

/// Promise 5.
async fn ends<L: Limiter>() {
    let limiter = L::new(1, SECOND);
    ask(&limiter).await;
    drop(limiter);
    all_tasks_end().await;
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
    assert_eq!(allowed(&other, 2).await, 1, "another limiter starts at 0");
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

/// Promise 6.
async fn forgets_who_gave_up<L: Limiter>() {
    let limiter = L::new(2, SECOND);
    let mut call = task::spawn(limiter.allow());
    let taken = match call.poll() {
        Poll::Ready(is_allowed) => u32::from(is_allowed),
        Poll::Pending => 0,
    };
    drop(call);
    assert_eq!(
        allowed(&limiter, 3).await,
        2 - taken,
        "a call that was given up takes nothing"
    );
}

/// Promise 7.
async fn needs_no_order<L: Limiter>() {
    let limiter = L::new(2, SECOND);
    let four = tokio::join!(ask(&limiter), ask(&limiter), ask(&limiter), ask(&limiter));
    let allowed = <[bool; 4]>::from(four)
        .into_iter()
        .filter(|&allowed| allowed);
    assert_eq!(allowed.count(), 2, "2 of 4 at the same time are allowed");

    // No task gets to run between these polls: all of them are late.
    let limiter = L::new(1, SECOND);
    let mut call = task::spawn(ask(&limiter));
    let early = (0..TURNS).find_map(|_| match call.poll() {
        Poll::Ready(is_allowed) => Some(is_allowed),
        Poll::Pending => None,
    });
    let is_allowed = match early {
        Some(is_allowed) => is_allowed,
        None => call.await,
    };
    assert!(is_allowed, "it makes up no answer while its task is late");
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
