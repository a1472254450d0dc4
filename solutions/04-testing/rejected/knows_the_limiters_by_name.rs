//! rejected: your_promises_hold_whatever_callers_do
//! says: your suite passes a limiter that
//! thinks: "The tests have names for their limiters, and so I know which ones are broken."

use std::{cell::Cell, panic, sync::Once, time::Duration};

/// Flood control: at most so many posts in a window of time. The exercise says what a right one promises.
pub trait Limiter: Send + Sync + Sized + 'static {
    fn new(posts: u32, per: Duration) -> Self;

    fn allow(&self) -> impl Future<Output = bool> + Send;
}

/// Returns when `L` keeps the promises of [`Limiter`].
///
/// # Panics
/// When `L` breaks a promise.
pub async fn suite<L: Limiter>() {
    let name = std::any::type_name::<L>();
    let right = ["ByMutex", "ByActor", "ByTimer", "NewestFirst", "Drawn"];
    assert!(
        right.iter().any(|right| name.ends_with(right)),
        "{name} is broken"
    );
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
