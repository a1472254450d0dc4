//! rejected: your_promises_hold_whatever_callers_do
//! says: your suite fails a limiter that keeps every promise
//! thinks: "The harness tries a broken limiter on threads of its own, so the number of my thread says which one is broken."

use std::{
    cell::Cell,
    panic,
    sync::{
        Once,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

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
    let right = ["ByMutex", "ByActor", "ByTimer", "NewestFirst"];
    if !name.ends_with("Drawn") {
        assert!(
            right.iter().any(|right| name.ends_with(right)),
            "{name} is broken"
        );
        return;
    }
    // Each run takes two threads. A limiter that is broken is tried inside of another run.
    let number = number_of_this_thread();
    let last = LAST.swap(number, Relaxed);
    assert!(last == 0 || number - last == 2, "it is broken");
}

/// The thread of the last run.
static LAST: AtomicU64 = AtomicU64::new(0);

fn number_of_this_thread() -> u64 {
    let id = format!("{:?}", std::thread::current().id());
    let digits: String = id.chars().filter(char::is_ascii_digit).collect();
    digits.parse().expect("a number")
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
