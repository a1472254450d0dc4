//! What the page says of Tokio's channels, each claim by itself.

use harness::{accepted_sends, check, settle, start_and_drop};
use std::{
    pin::pin,
    sync::{Arc, Barrier},
    task::{Context, Poll, Waker},
    thread,
};
use tokio::{
    runtime::Builder,
    sync::{
        Notify, Semaphore,
        broadcast::{
            self,
            error::{RecvError, TryRecvError},
        },
        mpsc, oneshot, watch,
    },
    task::JoinSet,
};
use tokio_stream::{
    StreamExt,
    wrappers::{
        BroadcastStream, ReceiverStream, WatchStream, errors::BroadcastStreamRecvError::Lagged,
    },
};

/// Polls a call once.
fn once<F: Future>(call: F) -> Poll<F::Output> {
    pin!(call).poll(&mut Context::from_waker(Waker::noop()))
}

fn waits<F: Future>(call: F) -> bool {
    once(call).is_pending()
}

/// What a call returns that does not have to wait.
fn at_once<F: Future>(call: F) -> F::Output {
    match once(call) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("it has to wait"),
    }
}

/// Page: "Watch": the first value counts as seen, and so does the one at the time of `subscribe`.
#[test]
fn the_first_value_of_a_watch_counts_as_seen() {
    let (sender, mut first) = watch::channel(1);
    assert!(waits(first.changed()));
    sender.send(2).unwrap();
    let mut late = sender.subscribe();
    assert_eq!(*late.borrow(), 2);
    assert!(waits(late.changed()));
    at_once(first.changed()).unwrap();
}

/// Page: "Watch": `borrow` does not mark the value as seen, `borrow_and_update` does.
#[test]
fn borrow_leaves_a_value_unseen() {
    let (sender, mut receiver) = watch::channel(1);
    sender.send(2).unwrap();
    assert_eq!(*receiver.borrow(), 2);
    at_once(receiver.changed()).unwrap();
    sender.send(3).unwrap();
    assert_eq!(*receiver.borrow_and_update(), 3);
    assert!(waits(receiver.changed()));
}

/// Page: "Watch": `changed` goes by whether somebody sent, not by what.
#[test]
fn the_same_value_again_is_a_change() {
    let (sender, mut receiver) = watch::channel(1);
    sender.send(1).unwrap();
    at_once(receiver.changed()).unwrap();
    assert!(!sender.send_if_modified(|_| false));
    assert!(waits(receiver.changed()));
}

/// Page: "Where it goes wrong": a clone has seen what its original has seen, and no more.
#[test]
fn a_clone_of_a_watch_receiver_keeps_what_is_unseen() {
    let (sender, receiver) = watch::channel(1);
    sender.send(2).unwrap();
    for _ in 0..100 {
        at_once(receiver.clone().changed()).unwrap();
    }
}

/// Page: "How a watch ends": the last value is still seen, then each call of `changed` fails at once. `borrow` works on.
#[test]
fn the_last_value_of_a_watch_is_seen_before_the_end() {
    let (sender, mut receiver) = watch::channel(1);
    sender.send(2).unwrap();
    drop(sender);
    at_once(receiver.changed()).unwrap();
    for _ in 0..3 {
        at_once(receiver.changed()).unwrap_err();
    }
    assert_eq!(*receiver.borrow(), 2);
}

/// Page: "How a watch ends": `has_changed` fails on a closed channel, even when there is a value that nobody has seen.
#[test]
fn has_changed_hides_the_last_value() {
    let (sender, receiver) = watch::channel(1);
    sender.send(2).unwrap();
    drop(sender);
    assert!(receiver.has_changed().is_err());
}

/// Page: "Watch": `send` stores nothing when nobody holds a receiver; `send_replace` and `send_if_modified` do.
#[test]
fn only_send_needs_a_receiver() {
    let (sender, receiver) = watch::channel(1);
    drop(receiver);
    assert!(sender.send(2).is_err());
    assert_eq!(*sender.borrow(), 1);
    assert_eq!(sender.send_replace(3), 1);
    assert!(sender.send_if_modified(|value| {
        *value += 1;
        true
    }));
    sender.send_modify(|value| *value += 1);
    assert_eq!(*sender.subscribe().borrow(), 5);
}

/// Page: "A borrow is a lock": while a guard is held, `send` blocks its thread, and not just its task.
#[test]
fn a_send_blocks_its_thread_while_somebody_borrows() {
    let (sender, receiver) = watch::channel(1);
    let begin = Arc::new(Barrier::new(2));
    let guard = receiver.borrow();
    let thread = thread::spawn({
        let begin = begin.clone();
        move || {
            begin.wait();
            sender.send(2).unwrap();
        }
    });
    begin.wait();
    for _ in 0..1000 {
        thread::yield_now();
        assert!(!thread.is_finished());
    }
    assert_eq!(*guard, 1);
    drop(guard);
    thread.join().unwrap();
    assert_eq!(*receiver.borrow(), 2);
}

/// Page: "Broadcast": the capacity is rounded up to a power of two.
#[test]
fn a_broadcast_of_three_holds_four() {
    for (asked, holds) in [(1, 1), (3, 4), (4, 4), (5, 8), (1000, 1024)] {
        let (sender, mut receiver) = broadcast::channel(asked);
        for value in 0..holds {
            sender.send(value).unwrap();
        }
        assert_eq!(receiver.try_recv(), Ok(0), "of {asked}");
        sender.send(holds).unwrap();
        sender.send(holds).unwrap();
        assert_eq!(receiver.try_recv(), Err(TryRecvError::Lagged(1)));
        assert_eq!(receiver.try_recv().is_ok(), holds > 0);
    }
}

/// Page: "Broadcast": nobody is there, so the value is gone; that is all that the error says.
#[test]
fn a_broadcast_to_nobody_is_not_kept() {
    let (sender, receiver) = broadcast::channel(4);
    drop(receiver);
    assert!(sender.send(1).is_err());
    let mut late = sender.subscribe();
    assert_eq!(late.try_recv(), Err(TryRecvError::Empty));
    assert_eq!(sender.send(2).unwrap(), 1);
    assert_eq!(late.try_recv(), Ok(2));
}

/// Page: "Broadcast": `Ok(2)` says that there were two receivers, and nothing of what they do.
#[test]
fn a_send_of_a_broadcast_counts_receivers_and_not_readers() {
    let (sender, first) = broadcast::channel(4);
    let second = sender.subscribe();
    assert_eq!(sender.send(1).unwrap(), 2);
    drop((first, second));
}

/// Page: "How a broadcast ends": what was missed, what is left, and then `Closed`, at once and every time.
#[test]
fn a_broadcast_ends_after_what_was_left() {
    let (sender, mut receiver) = broadcast::channel(2);
    for value in 1..=3 {
        sender.send(value).unwrap();
    }
    drop(sender);
    let mut next = || at_once(receiver.recv());
    assert_eq!(next(), Err(RecvError::Lagged(1)));
    assert_eq!(next(), Ok(2));
    assert_eq!(next(), Ok(3));
    for _ in 0..3 {
        assert_eq!(next(), Err(RecvError::Closed));
    }
}

/// Page: "Where it goes wrong": `resubscribe` begins with what is sent next, whatever waits in the old receiver.
#[test]
fn resubscribe_leaves_out_what_waits() {
    let (sender, receiver) = broadcast::channel(4);
    sender.send(1).unwrap();
    let mut anew = receiver.resubscribe();
    assert_eq!(anew.try_recv(), Err(TryRecvError::Empty));
}

/// Page: "Broadcast": a `recv` that is dropped has taken nothing, even when a value had come.
#[test]
fn a_dropped_recv_of_a_broadcast_loses_nothing() {
    check(|| async {
        let (sender, mut receiver) = broadcast::channel(4);
        {
            let mut waiting = pin!(receiver.recv());
            assert!(waits(waiting.as_mut()));
            sender.send(1).unwrap();
        }
        assert_eq!(receiver.recv().await, Ok(1));
    });
}

/// Page: "Broadcast", on many threads: two send at once, and every receiver gets the same order.
#[test]
fn all_receivers_agree_on_one_order() {
    let runtime = Builder::new_multi_thread()
        .worker_threads(4)
        .build()
        .unwrap();
    runtime.block_on(async {
        let (sender, _) = broadcast::channel(256);
        let mut readers = JoinSet::new();
        for _ in 0..3 {
            let mut receiver = sender.subscribe();
            readers.spawn(async move {
                let mut got = Vec::new();
                while let Ok(value) = receiver.recv().await {
                    got.push(value);
                }
                got
            });
        }
        for from in [0, 100] {
            let sender = sender.clone();
            tokio::spawn(async move {
                for value in from..from + 100 {
                    sender.send(value).unwrap();
                    tokio::task::yield_now().await;
                }
            });
        }
        drop(sender);
        let orders = readers.join_all().await;
        assert_eq!(orders[0].len(), 200);
        assert!(orders.iter().all(|order| *order == orders[0]));
    });
}

/// Page: "Watch", on many threads: values may be skipped, and never come out of order; the last one is seen.
#[test]
fn a_watch_skips_and_never_goes_back() {
    let runtime = Builder::new_multi_thread()
        .worker_threads(4)
        .build()
        .unwrap();
    runtime.block_on(async {
        let (sender, mut receiver) = watch::channel(0);
        let reader = tokio::spawn(async move {
            let mut got = Vec::new();
            while receiver.changed().await.is_ok() {
                got.push(*receiver.borrow_and_update());
            }
            got
        });
        for value in 1..=1000 {
            sender.send(value).unwrap();
        }
        drop(sender);
        let got = reader.await.unwrap();
        assert!(got.is_sorted());
        assert_eq!(got.last(), Some(&1000));
    });
}

/// Page: "Where it goes wrong": the loop ends at the first message of another kind, and nothing says so.
#[test]
fn a_pattern_for_one_kind_ends_the_loop_at_another() {
    #[derive(Debug)]
    enum Command {
        Bid(u32),
        Close,
    }
    check(|| async {
        let (sender, mut mailbox) = mpsc::channel(4);
        for command in [Command::Bid(1), Command::Close, Command::Bid(2)] {
            sender.send(command).await.unwrap();
        }
        let mut bids = Vec::new();
        while let Some(Command::Bid(bid)) = mailbox.recv().await {
            bids.push(bid);
        }
        assert_eq!(bids, [1]);
    });
}

/// Page: "Four policies": a full mpsc makes its sender wait; a full broadcast, or a watch, does not.
#[test]
fn only_mpsc_makes_its_sender_wait() {
    check(|| async {
        let (to_one, _one) = mpsc::channel(2);
        assert_eq!(accepted_sends(100, || to_one.send(1)).await, Some(2));
        let (to_all, _all) = broadcast::channel(2);
        let (newest, _reader) = watch::channel(0);
        for value in 0..100 {
            to_all.send(value).unwrap();
            newest.send(value).unwrap();
        }
    });
}

/// Page: "Four policies", the column of the oneshot, and those of the others where nobody reads any more.
#[test]
fn a_channel_says_that_its_other_end_is_gone() {
    check(|| async {
        let (sender, receiver) = oneshot::channel();
        drop(receiver);
        assert_eq!(sender.send(1), Err(1));
        let (sender, receiver) = oneshot::channel::<u32>();
        drop(sender);
        assert!(receiver.await.is_err());
        let (sender, receiver) = oneshot::channel();
        assert_eq!(sender.send(1), Ok(()));
        assert_eq!(receiver.await, Ok(1));
        let (sender, receiver) = mpsc::channel(1);
        drop(receiver);
        assert!(sender.send(1).await.is_err());
        // Seen already: then the end is an error at once.
        let (sender, mut receiver) = watch::channel(1);
        sender.send(2).unwrap();
        receiver.borrow_and_update();
        drop(sender);
        assert!(receiver.changed().await.is_err());
    });
}

/// Page: "What a slow one costs": values are kept for the slowest, no more than the ring holds, and go when it has read them or left.
#[test]
fn a_slow_receiver_of_a_broadcast_keeps_a_ring_of_values() {
    let value = Arc::new(());
    let kept = || Arc::strong_count(&value) - 1;
    let (sender, mut slow) = broadcast::channel(4);
    let mut fast = sender.subscribe();
    let send = |fast: &mut broadcast::Receiver<_>| {
        sender.send(value.clone()).unwrap();
        fast.try_recv().unwrap();
    };
    for _ in 0..100 {
        send(&mut fast);
    }
    assert_eq!(kept(), 4);
    while slow.try_recv() != Err(TryRecvError::Empty) {}
    assert_eq!(kept(), 0);
    send(&mut fast);
    assert_eq!(kept(), 1);
    drop(slow);
    assert_eq!(kept(), 0);
}

/// Page: "Which channel": a stream of a receiver has the policy of its channel.
#[test]
fn a_stream_of_a_receiver_keeps_the_policy() {
    check(|| async {
        let (sender, receiver) = broadcast::channel(4);
        for value in 1..=7 {
            sender.send(value).unwrap();
        }
        drop(sender);
        let got: Vec<_> = BroadcastStream::new(receiver).collect().await;
        assert_eq!(got, [Err(Lagged(3)), Ok(4), Ok(5), Ok(6), Ok(7)]);

        let (sender, receiver) = mpsc::channel(2);
        let mut stream = ReceiverStream::new(receiver);
        assert_eq!(accepted_sends(100, || sender.send(1)).await, Some(2));
        assert_eq!(stream.next().await, Some(1));
        assert_eq!(accepted_sends(100, || sender.send(2)).await, Some(1));

        let (sender, receiver) = watch::channel(0);
        let mut from_now = WatchStream::new(receiver.clone());
        let mut from_the_next = WatchStream::from_changes(receiver);
        assert_eq!(from_now.next().await, Some(0));
        assert!(waits(from_the_next.next()));
        for value in 1..=5 {
            sender.send(value).unwrap();
        }
        drop(sender);
        assert_eq!(from_now.collect::<Vec<_>>().await, [5]);
        assert_eq!(from_the_next.collect::<Vec<_>>().await, [5]);
    });
}

/// Page: "Which channel": streams can be mapped, filtered and merged.
#[test]
fn streams_of_two_channels_are_merged() {
    check(|| async {
        let (bids, receiver) = broadcast::channel(4);
        let (questions, mailbox) = mpsc::channel(4);
        bids.send(1).unwrap();
        questions.send(2).await.unwrap();
        drop((bids, questions));
        let bids = BroadcastStream::new(receiver).filter_map(Result::ok);
        let both = ReceiverStream::new(mailbox).merge(bids);
        let mut both: Vec<u32> = both.map(|value| value * 10).collect().await;
        both.sort_unstable();
        assert_eq!(both, [10, 20]);
    });
}

/// Page: "Notify and Semaphore": `notify_one` leaves one permit, however often it is called; `notify_waiters` leaves none.
#[test]
fn a_notify_remembers_one_call_or_none() {
    let notify = Notify::new();
    notify.notify_one();
    notify.notify_one();
    at_once(notify.notified());
    assert!(waits(notify.notified()));
    notify.notify_waiters();
    assert!(waits(notify.notified()));
    // What counts is the call of `notified`, and not when it is awaited.
    let called_before = notify.notified();
    notify.notify_waiters();
    at_once(called_before);
}

/// Page: "Notify and Semaphore": a semaphore gives out so many permits, and a dropped one comes back.
#[test]
fn a_semaphore_counts_permits() {
    check(|| async {
        let tables = Semaphore::new(1);
        let permit = tables.acquire().await.unwrap();
        assert_eq!(start_and_drop(1, || tables.acquire()).await, 0);
        drop(permit);
        settle().await;
        assert_eq!(start_and_drop(1, || tables.acquire()).await, 1);
    });
}
