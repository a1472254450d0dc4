//! Runs a test in virtual time, and hears what tests do not hear by themselves.

// ANCHOR: head
use std::{cell::RefCell, panic, sync::Once, time::Duration};
use tokio::{runtime::*, task::yield_now, time::timeout};

thread_local! {
    static PANICS: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}
// ANCHOR_END: head

// ANCHOR: check
/// Runs `test`, with a paused clock. It may wait for a virtual day; then all its tasks
/// have to end, and none may have panicked.
pub fn check<F: Future<Output = ()>>(test: impl Fn() -> F) {
    for number in SCHEDULES {
        begin(number);
        listen();
        let mut runtime = Builder::new_current_thread();
        let runtime = runtime.enable_all().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let day = Duration::from_secs(24 * 3600);
            let outcome = timeout(day, test()).await;
            outcome.expect("the test waits for ever: a deadlock?");
            let alive = || Handle::current().metrics().num_alive_tasks();
            for _turn in 0..1000 {
                if alive() > 0 {
                    yield_now().await;
                }
            }
            assert_eq!(alive(), 0, "tasks are left over");
        });
        let panics = PANICS.take();
        assert!(panics.is_empty(), "a task panicked: {panics:#?}");
    }
}
// ANCHOR_END: check

// ANCHOR: listen
/// From now on, panics in tasks of this thread are kept.
fn listen() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if tokio::task::try_id().is_some() {
                PANICS.with_borrow_mut(|panics| panics.push(info.to_string()));
            }
            before(info);
        }));
    });
}
// ANCHOR_END: listen

// ANCHOR: usual
const SCHEDULES: [u64; 1] = [0];

fn begin(_number: u64) {}
// ANCHOR_END: usual
