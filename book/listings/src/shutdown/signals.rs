//! "Stop" is a state, and not an event: a task that comes late has to hear it, too.

use crate::abandoned::hangs;
use tokio::sync::{Notify, watch};

// ANCHOR: event
async fn an_event_goes_by() {
    let stop = Notify::new();
    stop.notify_waiters(); // nobody waits at this moment
    assert!(hangs(stop.notified()).await);
}
// ANCHOR_END: event

// ANCHOR: state
async fn a_state_stays() {
    let (stop, mut stopping) = watch::channel(false);
    stop.send_replace(true);
    stopping.wait_for(|stopping| *stopping).await.unwrap();
}
// ANCHOR_END: state

#[cfg(test)]
mod tests {
    use super::*;
    use crate::abandoned::abandoned;
    use harness::{check, in_no_time};

    /// Page: "Who says stop": `notify_waiters` wakes those that wait at this moment, and nobody else.
    #[test]
    fn notify_waiters_is_not_kept() {
        abandoned(an_event_goes_by());
    }

    /// Page: "Who says stop": a watch channel keeps what was said.
    #[test]
    fn a_state_is_kept() {
        check(|| async {
            in_no_time("the stop", a_state_stays()).await;
            let (stop, _rest) = watch::channel(false);
            stop.send_replace(true);
            let mut late = stop.subscribe();
            in_no_time("the stop", late.wait_for(|stopping| *stopping))
                .await
                .unwrap();
        });
    }

    /// Page: "Who says stop": `notify_one` keeps one permit, for one task.
    #[test]
    fn notify_one_is_kept_for_one() {
        abandoned(async {
            let stop = Notify::new();
            stop.notify_one();
            stop.notify_one();
            stop.notified().await;
            assert!(hangs(stop.notified()).await);
        });
    }

    /// Page: "Who says stop": whoever holds a watch's sender and drops it says so, too.
    #[test]
    fn a_watch_that_is_dropped_is_heard() {
        check(|| async {
            let (stop, mut stopping) = watch::channel(false);
            drop(stop);
            assert!(in_no_time("the end", stopping.changed()).await.is_err());
        });
    }
}
