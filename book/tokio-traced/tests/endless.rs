//! Runs that do not end by themselves: who spins is named, who works is not, and the recording stays small.
#![cfg(feature = "debug")]

use std::{future::pending, task::Poll, time::Duration};
use tokio::{
    Cut, Kind, Limits, Recording, Trace,
    sync::{Semaphore, broadcast, mpsc, watch},
    task::{JoinSet, yield_now},
    time::sleep,
};
use tokio_traced as tokio;

fn cut(trace: &Trace) -> Cut {
    match trace.events.last().unwrap().kind {
        Kind::Cut(cut) => cut,
        _ => panic!("{}", trace.chart()),
    }
}

/// Records a task beside one that waits, and says that it was the one that spins.
#[track_caller]
fn spins(task: impl Future<Output = ()> + Send + 'static) {
    async fn innocent(mut mailbox: mpsc::Receiver<u8>) {
        while mailbox.recv().await.is_some() {}
    }
    let trace = tokio::record("", async {
        let (sender, mailbox) = mpsc::channel(1);
        tokio::spawn(innocent(mailbox));
        let task = tokio::spawn(task);
        sender.send(1).await.unwrap();
        task.await.unwrap();
    });
    assert_eq!(cut(&trace), Cut::Spins(2), "{}", trace.chart());
    assert!(trace.fragment("").len() < 20_000, "{}", trace.chart());
    let said = trace.sentences().pop().unwrap();
    assert!(said.contains(" spins. "), "{said}");
}

#[test]
fn a_watch_that_always_looks_changed() {
    spins(async {
        let (sender, state) = watch::channel(0);
        sender.send(1).unwrap();
        while *state.borrow() < 2 {
            let _ = state.clone().changed().await;
        }
    });
    spins(async {
        let (sender, state) = watch::channel(0);
        drop(sender);
        loop {
            let mut state = state.clone();
            let _ = state.wait_for(|n| *n > 1).await.map(|n| *n);
        }
    });
}

#[test]
fn a_closed_broadcast_beside_a_mailbox() {
    spins(async {
        let (sender, mut news) = broadcast::channel::<u8>(1);
        let (_open, mut mailbox) = mpsc::channel::<u8>(1);
        drop(sender);
        loop {
            tokio::select! {
                _ = news.recv() => {}
                Some(_) = mailbox.recv() => {}
            }
        }
    });
}

#[test]
fn a_closed_channel_with_other_work_in_between() {
    spins(async {
        let (_, mut mailbox) = mpsc::channel::<u8>(1);
        let permits = Semaphore::new(1);
        loop {
            let _permit = permits.acquire().await;
            if mailbox.recv().await.is_some() {
                break;
            }
        }
    });
}

#[test]
fn a_branch_that_is_always_ready() {
    spins(async {
        let (_open, mut mailbox) = mpsc::channel::<u8>(1);
        loop {
            tokio::select! {
                Some(_) = mailbox.recv() => {}
                () = async {} => {}
            }
        }
    });
    spins(async {
        loop {
            tokio::select! {
                biased;
                () = pending() => {}
                () = async {} => {}
            }
        }
    });
    spins(async {
        let (_open, mut mailbox) = mpsc::channel::<u8>(1);
        let mut tasks = JoinSet::<()>::new();
        loop {
            tokio::select! {
                Some(_) = mailbox.recv() => {}
                _ = tasks.join_next() => {}
            }
        }
    });
}

#[test]
fn polling_with_yields() {
    spins(async {
        let (_open, mut mailbox) = mpsc::channel::<u8>(1);
        while mailbox.try_recv().is_err() {
            yield_now().await;
        }
    });
    spins(async {
        let (sender, _full) = mpsc::channel(1);
        loop {
            if sender.try_send(1).is_err() {
                yield_now().await;
            }
        }
    });
    spins(std::future::poll_fn(|cx| {
        cx.waker().wake_by_ref();
        Poll::Pending
    }));
}

#[test]
fn a_task_that_works_off_a_lot_does_not_spin() {
    let trace = tokio::record("", async {
        let (sender, mut mailbox) = mpsc::unbounded_channel();
        for n in 0..10_000 {
            sender.send(n).unwrap();
        }
        drop(sender);
        while mailbox.recv().await.is_some() {}
    });
    assert_eq!(cut(&trace), Cut::Long);
    let trace = tokio::record("", async {
        let (sender, mut mailbox) = mpsc::channel(1);
        tokio::spawn(async move {
            for n in 0..10_000 {
                sender.send(n).await.unwrap();
            }
        });
        while mailbox.recv().await.is_some() {}
    });
    assert_eq!(cut(&trace), Cut::Long);
}

fn few_turns() -> Recording {
    Recording::new("").limits(Limits {
        turns: 1_000,
        ..Limits::default()
    })
}

#[test]
fn two_tasks_that_keep_each_other_busy_for_ever_are_not_said_to_spin() {
    async fn pong(mut from: mpsc::Receiver<u8>, to: mpsc::Sender<u8>) {
        while let Some(n) = from.recv().await {
            let _ = to.send(n).await;
        }
    }
    let trace = few_turns().run(async {
        let (to_one, one) = mpsc::channel(1);
        let (to_two, two) = mpsc::channel(1);
        to_one.send(1).await.unwrap();
        tokio::spawn(pong(one, to_two));
        tokio::spawn(pong(two, to_one)).await.unwrap();
    });
    assert_eq!(cut(&trace), Cut::Restless);
}

#[test]
fn timers_for_ever_are_long_enough() {
    let trace = tokio::record("", async {
        loop {
            sleep(Duration::from_millis(50)).await;
        }
    });
    assert_eq!(cut(&trace), Cut::Long);
}

/// The page gets all that lies in a mailbox at each step.
#[test]
fn a_recording_is_cut_by_its_size_too() {
    let limits = Limits {
        bytes: 100_000,
        ..Limits::default()
    };
    let is_small = |trace: Trace| {
        assert_eq!(cut(&trace), Cut::Long);
        let bytes = trace.fragment("").len();
        assert!((20_000..100_000).contains(&bytes), "{bytes}");
    };
    let recording = Recording::new("").limits(limits);
    is_small(recording.clone().run(async {
        let (sender, _mailbox) = mpsc::unbounded_channel();
        for n in 0.. {
            sender.send(n).unwrap();
            sleep(Duration::from_millis(1)).await;
        }
    }));
    is_small(recording.run(async {
        let (sender, _mailbox) = mpsc::channel(1);
        for n in 0.. {
            let sender = sender.clone();
            tokio::spawn(async move { sender.send(n).await });
            sleep(Duration::from_millis(1)).await;
        }
    }));
}
