//! accepted: `advance` in small steps, and after each one the tasks get their turns, so that their timers are done. It needs care where `sleep` does
//! the same by itself.

use std::{cell::Cell, panic, sync::Once, time::Duration};
use tokio::{
    runtime::Handle,
    task::yield_now,
    time::{advance, timeout},
};
use tokio_test::{assert_ready, task};

/// Flood control: at most so many posts in a window of time. The exercise says what a right one promises.
pub trait Limiter: Send + Sync + Sized + 'static {
    fn new(posts: u32, per: Duration) -> Self;

    fn allow(&self) -> impl Future<Output = bool> + Send;
}

const STEP: Duration = Duration::from_millis(1);

/// # Panics
/// When `L` breaks a promise.
pub async fn suite<L: Limiter>() {
    let before = panics();
    let limiter = L::new(1, 10 * STEP);
    assert!(ask(&limiter).await);
    drop(limiter);
    turns().await;
    assert_eq!(alive(), 0, "the limiter is dropped, a task is alive");

    let (limiter, other) = (L::new(2, 10 * STEP), L::new(2, 10 * STEP));
    let mut answers = String::new();
    for _ in 0..22 {
        answers.push(if ask(&limiter).await { '+' } else { '-' });
        steps(1).await;
    }
    // In the instants 10 and 20 a window may be open or over, so both of them may begin one or the next instant does.
    let begins = |window: &str| ["++--------", "-++-------"].contains(&window);
    assert!(begins(&answers[..10]), "{answers}");
    assert!(
        answers[10..].starts_with("++---") || answers[10..].starts_with("-++--"),
        "{answers}"
    );
    assert!(ask(&other).await && ask(&other).await && !ask(&other).await);

    steps(30).await;
    let after_silence = [ask(&other).await, ask(&other).await, ask(&other).await];
    assert_eq!(after_silence, [true, true, false]);
    let many = L::new(400, 10 * STEP);
    for _ in 0..400 {
        assert!(ask(&many).await, "400 posts");
    }
    assert!(!ask(&many).await, "and no more");
    drop((limiter, other, many));

    // No post, then one, then one late: the window is that of the first.
    let limiter = L::new(2, 10 * STEP);
    steps(5).await;
    assert!(ask(&limiter).await);
    steps(8).await;
    assert!(ask(&limiter).await && !ask(&limiter).await);
    steps(1).await;
    assert!(!ask(&limiter).await, "one step before the end");
    steps(2).await;
    let next = (ask(&limiter).await, ask(&limiter).await);
    assert_eq!(next, (true, true), "one step after the end");
    drop(limiter);

    let limiter = L::new(2, 10 * STEP);
    let mut call = task::spawn(limiter.allow());
    let was_answered = call.poll().is_ready();
    drop(call);
    assert!(ask(&limiter).await, "given up: one post is left, or two");
    assert_eq!(ask(&limiter).await, !was_answered, "given up");
    drop(limiter);

    let limiter = L::new(1, 10 * STEP);
    let (one, two) = tokio::join!(ask(&limiter), ask(&limiter));
    assert_ne!(one, two, "two at the same time, and one post");
    drop(limiter);

    let limiter = L::new(1, 10 * STEP);
    let mut call = task::spawn(limiter.allow());
    let mut polls = (0..64).map(|_| call.poll());
    match polls.find(|poll| poll.is_ready()) {
        Some(poll) => assert!(assert_ready!(poll), "answered while tasks were late"),
        None => {
            turns().await;
            assert!(assert_ready!(call.poll()), "answered when they have run");
        }
    }
    drop(call);

    drop(limiter);
    turns().await;
    assert_eq!(alive(), 0);
    assert_eq!(panics(), before);
}

async fn ask<L: Limiter>(limiter: &L) -> bool {
    let answer = timeout(1000 * STEP, limiter.allow()).await;
    answer.expect("an answer without any time")
}

async fn steps(count: u32) {
    for _ in 0..count {
        advance(STEP).await;
        turns().await;
    }
}

async fn turns() {
    for _ in 0..100 {
        yield_now().await;
    }
}

fn alive() -> usize {
    Handle::current().metrics().num_alive_tasks()
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
