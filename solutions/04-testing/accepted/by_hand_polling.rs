//! accepted: every call is polled by hand, and between two polls every task gets a turn. No time-out is needed, since a call that needs
//! real time is not done after so many turns. It costs a helper, and a number of turns that has to be large enough.

use std::{cell::Cell, panic, sync::Once, task::Poll, time::Duration};
use tokio::{runtime::Handle, task::yield_now, time::sleep};
use tokio_test::task;

/// Flood control: at most so many posts in a window of time. The exercise says what a right one promises.
pub trait Limiter: Send + Sync + Sized + 'static {
    fn new(posts: u32, per: Duration) -> Self;

    fn allow(&self) -> impl Future<Output = bool> + Send;
}

const TURNS: usize = 200;

/// # Panics
/// When `L` breaks a promise.
pub async fn suite<L: Limiter>() {
    let before = panics();
    drop_and_count_tasks(L::new(1, Duration::from_secs(1))).await;

    let second = Duration::from_secs(1);
    let (limiter, other) = (L::new(2, 60 * second), L::new(1, 60 * second));
    sleep(7 * second).await;
    assert!(in_turns(limiter.allow()).await, "the first post");
    sleep(20 * second).await;
    assert!(in_turns(limiter.allow()).await, "the second post");
    assert!(!in_turns(limiter.allow()).await, "a third post");
    assert!(in_turns(other.allow()).await, "another member's post");
    sleep(40 * second - second / 100).await;
    assert!(!in_turns(limiter.allow()).await, "the window is open");
    sleep(second / 50).await;
    for (number, expected) in [(1, true), (2, true), (3, false)] {
        let is_allowed = in_turns(limiter.allow()).await;
        assert_eq!(is_allowed, expected, "post {number} of the next window");
    }
    sleep(36_000 * second).await;
    for (number, expected) in [(1, true), (2, true), (3, false)] {
        let is_allowed = in_turns(limiter.allow()).await;
        assert_eq!(is_allowed, expected, "post {number} after ten hours");
    }
    let many = L::new(1000, second);
    for number in 1..=1000 {
        assert!(in_turns(many.allow()).await, "post {number} of 1,000");
    }
    assert!(!in_turns(many.allow()).await, "post 1,001 of 1,000");
    drop((other, many));
    drop_and_count_tasks(limiter).await;

    let limiter = L::new(2, second);
    let mut given_up = task::spawn(limiter.allow());
    let was_answered = given_up.poll().is_ready();
    drop(given_up);
    assert!(in_turns(limiter.allow()).await, "one post is left, or two");
    let is_left = in_turns(limiter.allow()).await;
    assert_ne!(was_answered, is_left, "two posts, and no more nor less");
    drop_and_count_tasks(limiter).await;

    for posts in [5, 3] {
        let limiter = L::new(posts, second);
        let mut calls: Vec<_> = (0..5).map(|_| task::spawn(limiter.allow())).collect();
        let mut answers = Vec::new();
        for turn in 0..TURNS {
            // In the first half, no task gets a turn. The newest call goes first.
            for index in (0..calls.len()).rev() {
                if let Poll::Ready(is_allowed) = calls[index].poll() {
                    answers.push(is_allowed);
                    drop(calls.remove(index));
                }
            }
            if turn > TURNS / 2 {
                yield_now().await;
            }
        }
        let allowed = answers.iter().filter(|&&is_allowed| is_allowed).count();
        assert_eq!(
            (answers.len(), allowed),
            (5, posts as usize),
            "answers, and posts that are allowed"
        );
        drop(calls);
        drop_and_count_tasks(limiter).await;
    }
    assert_eq!(panics(), before, "a task panicked");
}

async fn in_turns(call: impl Future<Output = bool>) -> bool {
    let mut call = task::spawn(call);
    for _ in 0..TURNS {
        if let Poll::Ready(is_allowed) = call.poll() {
            return is_allowed;
        }
        yield_now().await;
    }
    panic!("no answer after {TURNS} turns");
}

async fn drop_and_count_tasks<L: Limiter>(limiter: L) {
    drop(limiter);
    for _ in 0..TURNS {
        yield_now().await;
    }
    assert_eq!(Handle::current().metrics().num_alive_tasks(), 0, "tasks");
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
