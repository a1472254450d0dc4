//! Every line of the cheat sheet (book/src/cheat-sheet.md) that no chapter proves yet, in the sheet's order.

use harness::{check, expect_panics, settle, within};
use std::{sync::mpsc as std_mpsc, thread, time::Duration};
use tokio::{
    sync::{
        broadcast::{self, error::RecvError},
        mpsc::{
            self,
            error::{SendTimeoutError, TrySendError},
        },
        oneshot, watch,
    },
    task::JoinSet,
    time::{Instant, sleep, timeout},
};

const SECOND: Duration = Duration::from_secs(1);

/// "Which channel": unbounded.
#[test]
fn an_unbounded_send_never_waits_and_fails_when_nobody_receives() {
    check(|| async {
        let (sender, mailbox) = mpsc::unbounded_channel();
        for number in 0..100_000 {
            sender.send(number).unwrap();
        }
        assert_eq!(mailbox.len(), 100_000);
        drop(mailbox);
        assert_eq!(sender.send(7).unwrap_err().0, 7);
    });
}

/// "Which channel": oneshot.
#[test]
fn a_oneshot_whose_sender_is_dropped_gives_an_error() {
    check(|| async {
        let (reply, answer) = oneshot::channel::<u32>();
        drop(reply);
        assert!(answer.await.is_err());
    });
}

/// "Which channel": watch.
#[test]
fn a_watch_shows_the_newest_value_also_the_last_one() {
    check(|| async {
        let (sender, mut receiver) = watch::channel(0);
        // The first value counts as seen.
        assert!(timeout(SECOND, receiver.changed()).await.is_err());
        for number in 1..=3 {
            sender.send(number).unwrap();
        }
        receiver.changed().await.unwrap();
        assert_eq!(*receiver.borrow_and_update(), 3);
        sender.send(4).unwrap();
        drop(sender);
        receiver.changed().await.unwrap();
        assert_eq!(*receiver.borrow_and_update(), 4);
        assert!(receiver.changed().await.is_err());
    });
}

/// "Which channel": watch. A `borrow` is a lock.
#[test]
fn a_watch_cannot_send_while_its_value_is_borrowed() {
    let (sender, receiver) = watch::channel(0);
    let (done, is_done) = std_mpsc::channel();
    let borrowed = receiver.borrow();
    let other = thread::spawn(move || {
        sender.send(1).unwrap();
        done.send(()).unwrap();
    });
    assert!(is_done.recv_timeout(Duration::from_millis(50)).is_err());
    drop(borrowed);
    is_done.recv().unwrap();
    other.join().unwrap();
}

/// "Which channel": broadcast.
#[test]
fn a_slow_receiver_of_a_broadcast_learns_how_many_it_missed_and_goes_on() {
    check(|| async {
        let (sender, mut slow) = broadcast::channel(4);
        let mut fast = sender.subscribe();
        for number in 0..6 {
            sender.send(number).unwrap();
            assert_eq!(fast.recv().await, Ok(number));
        }
        assert_eq!(slow.recv().await, Err(RecvError::Lagged(2)));
        assert_eq!(slow.recv().await, Ok(2));
        drop(sender);
        for number in 3..6 {
            assert_eq!(slow.recv().await, Ok(number));
        }
        assert_eq!(slow.recv().await, Err(RecvError::Closed));
    });
}

/// "Which send": the column "nobody receives any more".
#[test]
fn each_send_says_that_the_mailbox_is_closed() {
    check(|| async {
        let (sender, mailbox) = mpsc::channel(1);
        drop(mailbox);
        assert_eq!(sender.send(1).await.unwrap_err().0, 1);
        assert!(sender.reserve().await.is_err());
        assert!(matches!(sender.try_send(1), Err(TrySendError::Closed(1))));
        let refused = sender.send_timeout(1, SECOND).await;
        assert!(matches!(refused, Err(SendTimeoutError::Closed(1))));
    });
}

/// "Which send": a sender that waits for a free slot learns at once that there will be none.
#[test]
fn a_send_that_waits_ends_when_the_mailbox_is_dropped() {
    check(|| async {
        let (sender, mailbox) = mpsc::channel(1);
        sender.send(1).await.unwrap();
        let waits = tokio::spawn(async move { sender.send(2).await });
        settle().await;
        drop(mailbox);
        assert_eq!(within("the error", waits).await.unwrap().unwrap_err().0, 2);
    });
}

/// "Which send": a dropped `send_timeout` takes its value along, as `send` does.
#[test]
fn a_dropped_send_timeout_sends_nothing() {
    check(|| async {
        let (sender, mut mailbox) = mpsc::channel(1);
        sender.send(1).await.unwrap();
        let waits = sender.send_timeout(2, 10 * SECOND);
        assert!(timeout(SECOND, waits).await.is_err());
        assert_eq!(mailbox.recv().await, Some(1));
        sleep(60 * SECOND).await;
        assert!(mailbox.try_recv().is_err());
    });
}

/// "Who ends whom": a `WeakSender` does not count.
#[test]
fn a_weak_sender_keeps_no_actor_alive() {
    check(|| async {
        let (sender, mut mailbox) = mpsc::channel(8);
        let weak = sender.downgrade();
        weak.upgrade().unwrap().send(1).await.unwrap();
        drop(sender);
        assert!(weak.upgrade().is_none());
        assert_eq!(mailbox.recv().await, Some(1));
        assert_eq!(mailbox.recv().await, None);
    });
}

/// "Who ends whom": what is in a dropped mailbox is dropped, the replies in it too.
#[test]
fn those_who_ask_an_actor_that_panics_get_an_error() {
    check(|| async {
        expect_panics("");
        let (sender, mut mailbox) = mpsc::channel::<oneshot::Sender<u32>>(8);
        let task = tokio::spawn(async move {
            let _at_work = mailbox.recv().await;
            panic!("as meant here");
        });
        let (asked, waiting) = (oneshot::channel(), oneshot::channel());
        sender.send(asked.0).await.unwrap();
        sender.send(waiting.0).await.unwrap();
        assert!(asked.1.await.is_err());
        assert!(waiting.1.await.is_err());
        assert!(task.await.unwrap_err().is_panic());
        assert!(sender.is_closed());
    });
}

/// "Who ends whom": a message that comes too late to be dropped with the mailbox stays in the channel.
#[test]
fn an_asker_that_comes_too_late_hears_of_it_by_closed() {
    check(|| async {
        let (sender, mailbox) = mpsc::channel::<oneshot::Sender<u32>>(8);
        let permit = sender.reserve().await.unwrap();
        drop(mailbox);
        let (reply, mut answer) = oneshot::channel();
        permit.send(reply);
        assert!(timeout(3600 * SECOND, &mut answer).await.is_err());
        let gives_up = async {
            tokio::select! {
                biased;
                answer = &mut answer => answer.ok(),
                () = sender.closed() => None,
            }
        };
        assert_eq!(within("the answer, or the end", gives_up).await, None);
        drop(sender);
        assert!(answer.await.is_err());
    });
}

/// "Who ends whom": `closed` tells a producer that has nothing to send just now.
#[test]
fn closed_ends_when_nobody_receives_any_more() {
    check(|| async {
        let (sender, mailbox) = mpsc::channel::<u32>(8);
        let consumer = tokio::spawn(async move {
            sleep(SECOND).await;
            drop(mailbox);
        });
        let start = Instant::now();
        within("the end of the consumer", sender.closed()).await;
        assert_eq!(start.elapsed(), SECOND);
        consumer.await.unwrap();
    });
}

/// "How to stop": `close` refuses what comes, and what was accepted is still received.
#[test]
fn close_and_receive_until_none() {
    check(|| async {
        let (sender, mut mailbox) = mpsc::channel(8);
        sender.send(1).await.unwrap();
        sender.send(2).await.unwrap();
        mailbox.close();
        assert!(sender.send(3).await.is_err());
        assert_eq!(mailbox.recv().await, Some(1));
        assert_eq!(mailbox.recv().await, Some(2));
        // `sender` is still there.
        assert_eq!(mailbox.recv().await, None);
        drop(sender);
    });
}

/// "How to stop": after `close`, `recv` waits for a permit that is still out.
#[test]
fn a_permit_keeps_a_closed_mailbox_waiting() {
    check(|| async {
        let (sender, mut mailbox) = mpsc::channel(8);
        let permit = sender.reserve().await.unwrap();
        mailbox.close();
        assert!(timeout(SECOND, mailbox.recv()).await.is_err());
        permit.send(1);
        assert_eq!(mailbox.recv().await, Some(1));
        assert_eq!(mailbox.recv().await, None);
    });
}

/// "How to stop": the same for a send that was given its slot, until its caller polls it again, and hears that it is too late.
#[test]
fn a_send_that_has_its_slot_keeps_a_closed_mailbox_waiting() {
    check(|| async {
        let (sender, mut mailbox) = mpsc::channel(1);
        sender.send(1).await.unwrap();
        let mut waits = Box::pin(sender.send(2));
        assert!(timeout(Duration::ZERO, &mut waits).await.is_err());
        assert_eq!(mailbox.recv().await, Some(1)); // the slot is for the one that waits
        mailbox.close();
        assert!(timeout(SECOND, mailbox.recv()).await.is_err());
        assert!(waits.await.is_err());
        assert_eq!(mailbox.recv().await, None);
    });
}

/// "How to stop": `join_next` until None waits for all tasks, and tells of each that panicked.
#[test]
fn join_next_until_none_waits_for_all() {
    check(|| async {
        expect_panics("");
        let mut jobs = JoinSet::new();
        jobs.spawn(sleep(SECOND));
        jobs.spawn(async { panic!("as meant here") });
        jobs.spawn(sleep(3 * SECOND));
        let (start, mut panicked) = (Instant::now(), 0);
        while let Some(ended) = jobs.join_next().await {
            panicked += usize::from(ended.is_err_and(|e| e.is_panic()));
        }
        assert_eq!((start.elapsed(), panicked), (3 * SECOND, 1));
    });
}

/// "How to stop": one value of a watch reaches all, also those who look later.
#[test]
fn a_watch_tells_all_to_stop() {
    check(|| async {
        let (stop, receiver) = watch::channel(false);
        let mut tasks = JoinSet::new();
        for late in [false, true, true] {
            let mut receiver = receiver.clone();
            tasks.spawn(async move {
                if late {
                    sleep(SECOND).await;
                }
                tokio::select! {
                    // A task may move to another thread, the guard that `wait_for` gives may not: it is dropped inside this block.
                    told = async { receiver.wait_for(|stop| *stop).await.is_ok() } => {
                        settle().await;
                        told
                    }
                }
            });
        }
        settle().await;
        stop.send_replace(true);
        drop(stop);
        let stopped = within("all tasks", tasks.join_all()).await;
        assert_eq!(stopped, [true; 3]);
    });
}

/// "How to stop": `send` stores nothing when there is no receiver.
#[test]
fn a_late_receiver_of_a_watch_sees_what_was_replaced_and_not_what_was_sent() {
    let (stop, receiver) = watch::channel(false);
    drop(receiver);
    assert!(stop.send(true).is_err());
    assert!(!*stop.subscribe().borrow());
    stop.send_replace(true);
    assert!(*stop.subscribe().borrow());
}
