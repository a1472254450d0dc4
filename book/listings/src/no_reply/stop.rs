//! Three ways to silence the bells now, two of which work.

pub mod by_abort;
pub mod by_message;
pub mod by_signal;

#[cfg(test)]
mod tests {
    use super::{
        super::{Closed, bell::Bell},
        *,
    };
    use harness::{check, settle, within};
    use std::{sync::Arc, time::Duration};
    use tokio::{
        sync::{Notify, mpsc, watch},
        time::{Instant, sleep},
    };

    const SECOND: Duration = Duration::from_secs(1);

    /// Page: "End it": two rings wait, one is under way, and the message comes behind them.
    #[test]
    fn a_stop_message_waits_like_all_others() {
        check(|| async {
            let bell = Bell::default();
            let bells = by_message::BellsHandle::new(2, bell.clone());
            for floor in 1..=3 {
                bells.ring(floor).await;
                settle().await;
            }
            assert!(!bells.try_silence());
            let start = Instant::now();
            bells.silence().await;
            assert_eq!(start.elapsed(), SECOND);
            sleep(10 * SECOND).await;
            assert_eq!(bell.rung(), [1, 2, 3]);
        });
    }

    /// Page: "End it": an abort ends the ring that is under way, and what waits is never rung. Those who wait are told.
    #[test]
    fn an_abort_overtakes_everything() {
        check(|| async {
            let bell = Bell::default();
            let bells = by_abort::BellsHandle::new(2, bell.clone());
            for floor in 1..=3 {
                bells.ring(floor).await.unwrap();
                settle().await;
            }
            let other = bells.clone();
            let waits = tokio::spawn(async move { other.ring(4).await });
            settle().await;
            let start = Instant::now();
            bells.silence();
            within("the end", bells.gone()).await;
            assert_eq!(waits.await.unwrap(), Err(Closed));
            assert_eq!(bells.ring(5).await, Err(Closed));
            assert_eq!(start.elapsed(), Duration::ZERO);
            sleep(10 * SECOND).await;
            assert!(bell.rung().is_empty());
            // Once more, and after the end: nothing happens.
            bells.silence();
        });
    }

    /// Page: "End it": `abort` returns before the task is dropped.
    #[test]
    fn an_abort_takes_effect_a_moment_later() {
        check(|| async {
            let (sender, mut mailbox) = mpsc::channel::<u32>(1);
            let task = tokio::spawn(async move { mailbox.recv().await });
            settle().await;
            task.abort();
            assert!(!sender.is_closed());
            settle().await;
            assert!(sender.is_closed());
        });
    }

    /// Page: "Where it goes wrong": what an aborted actor awaited, if it is another task, works on.
    #[test]
    fn an_abort_detaches_a_task_that_is_awaited() {
        check(|| async {
            let (done, mut is_done) = mpsc::channel(1);
            let actor = tokio::spawn(async move {
                let work = tokio::spawn(async move {
                    sleep(SECOND).await;
                    done.send("done").await
                });
                work.await
            });
            settle().await;
            actor.abort();
            assert!(actor.await.unwrap_err().is_cancelled());
            assert_eq!(is_done.recv().await, Some("done"));
        });
    }

    /// Page: "End it": the same by a signal, and the bell is covered. Without the signal the accepted rings are rung first.
    #[test]
    fn a_signal_leaves_time_for_a_last_deed() {
        check(|| async {
            for silenced in [true, false] {
                let bell = Bell::default();
                let bells = by_signal::BellsHandle::new(2, bell.clone());
                for floor in 1..=3 {
                    bells.ring(floor).await.unwrap();
                    settle().await;
                }
                if silenced {
                    bells.silence();
                    assert_eq!(bells.ring(4).await, Err(Closed));
                }
                drop(bells);
                sleep(10 * SECOND).await;
                assert!(bell.is_covered());
                assert_eq!(bell.rung().len(), if silenced { 0 } else { 3 });
            }
        });
    }

    /// Page: "Where it goes wrong": `notify_waiters` reaches those that wait; a task that has not run yet does not.
    #[test]
    fn notify_waiters_is_not_kept_for_a_task_that_has_not_run_yet() {
        check(|| async {
            for kept in [false, true] {
                let signal = Arc::new(Notify::new());
                let signalled = signal.clone();
                let actor = tokio::spawn(async move { signalled.notified().await });
                if kept {
                    signal.notify_one();
                } else {
                    signal.notify_waiters();
                }
                settle().await;
                assert_eq!(actor.is_finished(), kept);
                actor.abort();
            }
        });
    }

    /// Page: "End it": with `_ =` for `Ok(_) =`, the last handle's end is taken for the signal.
    #[test]
    fn a_watch_whose_sender_is_gone_answers_at_once() {
        check(|| async {
            let (sender, mut receiver) = watch::channel(false);
            drop(sender);
            let signal = receiver.wait_for(|silence| *silence);
            assert!(within("an answer", signal).await.is_err());
        });
    }
}
