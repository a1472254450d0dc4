//! accepted: the callers are tasks of a JoinSet, which also tells of their panics. A caller gives up by `select!` with something that is ready
//! already. It needs no tokio-test, and an Arc around each limiter.

use std::{
    cell::Cell,
    future::{poll_fn, ready},
    panic,
    pin::pin,
    sync::{Arc, Once},
    task::Poll,
    time::Duration,
};
use tokio::{
    runtime::Handle,
    task::{JoinSet, yield_now},
    time::{sleep, timeout},
};

/// Flood control: at most so many posts in a window of time. The exercise says what a right one promises.
pub trait Limiter: Send + Sync + Sized + 'static {
    fn new(posts: u32, per: Duration) -> Self;

    fn allow(&self) -> impl Future<Output = bool> + Send;
}

const MINUTE: Duration = Duration::from_secs(60);

/// # Panics
/// When `L` breaks a promise.
pub async fn suite<L: Limiter>() {
    let heard = panics();
    drop(Arc::new(L::new(1, MINUTE)));
    nobody_is_left().await;

    let (member, other) = (Arc::new(L::new(4, MINUTE)), Arc::new(L::new(4, MINUTE)));
    sleep(MINUTE / 4).await;
    assert_eq!(crowd(&member, 1).await, 1, "the first post comes late");
    sleep(MINUTE / 2).await;
    assert_eq!(crowd(&member, 6).await, 3, "three of the four are left");
    assert_eq!(crowd(&other, 6).await, 4, "the other one has all four");
    sleep(MINUTE / 2 - Duration::from_millis(5)).await;
    assert_eq!(crowd(&member, 6).await, 0, "the minute is not over");
    sleep(Duration::from_millis(10)).await;
    assert_eq!(crowd(&member, 6).await, 4, "the minute is over");
    sleep(500 * MINUTE).await;
    assert_eq!(crowd(&member, 9).await, 4, "it has been quiet for hours");
    let many = Arc::new(L::new(600, MINUTE));
    assert_eq!(crowd(&many, 700).await, 600, "a large crowd");
    drop(many);
    drop((member, other));
    nobody_is_left().await;

    let member = Arc::new(L::new(2, MINUTE));
    let answer = tokio::select! {
        biased;
        is_allowed = member.allow() => Some(is_allowed),
        () = ready(()) => None,
    };
    let left = if answer.is_some() { 1 } else { 2 };
    assert_eq!(crowd(&member, 5).await, left, "a call was given up");
    drop(member);

    let member = Arc::new(L::new(1, MINUTE));
    assert!(
        impatient(member.allow()).await,
        "a call that is polled often"
    );
    drop(member);
    nobody_is_left().await;
    assert_eq!(panics(), heard);
}

/// So many callers at the same time. How many of them are allowed.
async fn crowd<L: Limiter>(limiter: &Arc<L>, callers: usize) -> usize {
    let callers = (0..callers).map(|_| {
        let limiter = limiter.clone();
        async move { timeout(MINUTE, limiter.allow()).await }
    });
    let callers: JoinSet<_> = callers.collect();
    let mut allowed = 0;
    for answer in callers.join_all().await {
        allowed += usize::from(answer.expect("an answer in a minute"));
    }
    allowed
}

/// Polls a call many times in a row before anybody else runs.
async fn impatient(call: impl Future<Output = bool>) -> bool {
    let mut call = pin!(call);
    let early = poll_fn(|context| {
        for _ in 0..50 {
            if let Poll::Ready(is_allowed) = call.as_mut().poll(context) {
                return Poll::Ready(Some(is_allowed));
            }
        }
        Poll::Ready(None)
    });
    match early.await {
        Some(is_allowed) => is_allowed,
        None => timeout(MINUTE, call).await.expect("an answer in a minute"),
    }
}

async fn nobody_is_left() {
    let mut turns = 0;
    while Handle::current().metrics().num_alive_tasks() > 0 {
        turns += 1;
        assert!(turns < 1000, "tasks live on");
        yield_now().await;
    }
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
