//! Red in some schedules, and only there.

mod support;

use support::check;
use tokio::{sync::watch, task::yield_now};

#[test]
fn it_has_had_its_turn() {
    check(|| async {
        let (shows, shown) = watch::channel(0);
        tokio::spawn(async move { shows.send_replace(1) });
        yield_now().await;
        assert_eq!(*shown.borrow(), 1, "not yet");
    });
}
