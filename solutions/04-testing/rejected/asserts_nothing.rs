//! rejected: one_post_too_many_is_found
//! says: passes a limiter that is broken: it allows one post too many
//! thinks: "A test that calls everything once shows that nothing crashes."

use std::{cell::Cell, panic, sync::Once, time::Duration};
use tokio::time::sleep;

/// Flood control: at most so many posts in a window of time. The exercise says what a right one promises.
pub trait Limiter: Send + Sync + Sized + 'static {
    fn new(posts: u32, per: Duration) -> Self;

    fn allow(&self) -> impl Future<Output = bool> + Send;
}

const SECOND: Duration = Duration::from_secs(1);

/// Returns when `L` keeps the promises of [`Limiter`].
///
/// # Panics
/// When `L` breaks a promise.
pub async fn suite<L: Limiter>() {
    let limiter = L::new(3, SECOND);
    for _ in 0..5 {
        limiter.allow().await;
    }
    sleep(SECOND).await;
    limiter.allow().await;
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
