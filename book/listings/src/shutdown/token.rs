//! tokio-util's CancellationToken and TaskTracker.

use tokio_util::{sync::CancellationToken, task::TaskTracker};

// ANCHOR: courier
async fn courier(stop: CancellationToken, parcels: Vec<u32>) -> Vec<u32> {
    let mut brought = Vec::new();
    for parcel in parcels {
        // Between two parcels it looks; a parcel that it has in hand is brought.
        if stop.is_cancelled() {
            break;
        }
        bring(parcel).await;
        brought.push(parcel);
    }
    brought
}
// ANCHOR_END: courier

async fn bring(_parcel: u32) {
    tokio::time::sleep(super::WORK).await;
}

// ANCHOR: token
async fn a_token_is_a_state() {
    let stop = CancellationToken::new();
    let clone = stop.clone();
    let child = stop.child_token();
    let guard = stop.clone().drop_guard();

    drop(clone);
    assert!(!stop.is_cancelled()); // dropping a token cancels nothing
    drop(guard);
    assert!(stop.is_cancelled()); // dropping its guard does
    child.cancelled().await; // late, and heard all the same
}
// ANCHOR_END: token

// ANCHOR: tracker
async fn a_tracker_is_closed() {
    let couriers = TaskTracker::new();
    for parcel in 1..=3 {
        couriers.spawn(bring(parcel));
    }
    couriers.close(); // without it, `wait` waits for more of them, for ever
    couriers.wait().await;
}
// ANCHOR_END: tracker

#[cfg(test)]
mod tests {
    use super::super::WORK;
    use super::*;
    use crate::abandoned::{abandoned, hangs, left_behind};
    use harness::{alive_tasks, check, in_no_time, settle, within};
    use std::time::Duration;
    use tokio::{task::JoinSet, time::Instant, time::sleep, time::timeout};

    /// Page: "Who says stop": a token is a state, its clones share it, and a child hears its parent and not the other way round.
    #[test]
    fn a_token_is_a_state() {
        check(|| async {
            in_no_time("the child", super::a_token_is_a_state()).await;
            let parent = CancellationToken::new();
            parent.child_token().cancel();
            assert!(!parent.is_cancelled());
        });
    }

    /// Page: "Who says stop": the last token may be dropped, and those that wait go on waiting.
    #[test]
    fn dropping_all_tokens_but_one_cancels_nothing() {
        abandoned(async {
            let stop = CancellationToken::new();
            let waits = stop.clone();
            drop(stop);
            assert!(hangs(waits.cancelled()).await);
        });
    }

    /// Page: "Who says stop": what is run until cancelled is not polled when it is too late.
    #[test]
    fn too_late_is_not_polled() {
        check(|| async {
            let stop = CancellationToken::new();
            stop.cancel();
            let job = async { panic!("it was polled") };
            assert_eq!(stop.run_until_cancelled(job).await, None::<()>);
        });
    }

    /// Page: "Who says stop": it looks between two parcels.
    #[test]
    fn the_parcel_in_hand_is_brought() {
        check(|| async {
            let stop = CancellationToken::new();
            let courier = tokio::spawn(courier(stop.clone(), vec![1, 2, 3]));
            sleep(WORK * 3 / 2).await;
            stop.cancel();
            assert_eq!(within("the end", courier).await.unwrap(), [1, 2]);
        });
    }

    /// Page: "Who waits": a tracker waits for its tasks when it is closed, and for its closing when it is not.
    #[test]
    fn a_tracker_has_to_be_closed() {
        check(|| async {
            within("the couriers' end", a_tracker_is_closed()).await;
            // Closed, it takes tasks all the same.
            let couriers = TaskTracker::new();
            couriers.close();
            couriers.spawn(bring(4));
            assert_eq!(couriers.len(), 1);
            couriers.wait().await;
        });
        abandoned(async {
            let couriers = TaskTracker::new();
            couriers.spawn(bring(1));
            assert!(hangs(couriers.wait()).await);
        });
    }

    /// Page: "Who waits": a set aborts what it holds when it is dropped, a tracker does not.
    #[test]
    fn dropped_a_set_aborts_and_a_tracker_does_not() {
        check(|| async {
            let mut set = JoinSet::new();
            set.spawn(std::future::pending::<()>());
            drop(set);
            assert_eq!(alive_tasks().await, 0);
        });
        abandoned(async {
            let tracker = TaskTracker::new();
            tracker.spawn(std::future::pending::<()>());
            drop(tracker);
            assert_eq!(left_behind().await, 1);
        });
    }

    /// Page: "Who waits": with a deadline, and a token for those that are left.
    #[test]
    fn a_tracker_with_a_deadline() {
        check(|| async {
            let (couriers, stop) = (TaskTracker::new(), CancellationToken::new());
            for parcel in 1..=3 {
                let stop = stop.clone();
                couriers.spawn(async move {
                    let long = sleep(WORK * parcel);
                    stop.run_until_cancelled(long).await.is_some()
                });
            }
            settle().await;
            let begin = Instant::now();
            couriers.close();
            let grace = Duration::from_millis(1500);
            assert!(timeout(grace, couriers.wait()).await.is_err());
            assert_eq!(couriers.len(), 2);
            stop.cancel();
            in_no_time("the end", couriers.wait()).await;
            assert_eq!(begin.elapsed(), grace);
        });
    }
}
