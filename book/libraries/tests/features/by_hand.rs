use crate::Held;
use actor_libraries::by_hand::SequencerHandle;
use harness::{accepted_sends, alive_tasks, check, expect_panics, settle};
use std::time::Duration;
use tokio::{
    sync::{
        mpsc::{self, error::TrySendError},
        oneshot,
    },
    time::{interval, sleep},
};
use tokio_stream::StreamExt;

enum Message {
    Add(u64, oneshot::Sender<u64>),
    Hold(Held),
    Break,
}

/// The sum of what it was sent, when it ends.
async fn run(mut mailbox: mpsc::Receiver<Message>) -> u64 {
    let mut sum = 0;
    while let Some(message) = mailbox.recv().await {
        match message {
            Message::Add(number, reply) => {
                sum += number;
                let _ = reply.send(sum);
            }
            Message::Hold(held) => drop(held.await),
            Message::Break => panic!("broken"),
        }
    }
    sum
}

/// yes
#[test]
fn typed_replies() {
    check(|| async {
        let number: u64 = SequencerHandle::new().next_number().await;
        assert_eq!(number, 1);
    });
}

/// a branch of `select!`
#[test]
fn streams() {
    check(|| async {
        let (sender, mut mailbox) = mpsc::channel::<u64>(1);
        let mut stream = tokio_stream::iter([1, 2]);
        let mut seen = Vec::new();
        drop(sender);
        loop {
            tokio::select! {
                Some(item) = stream.next() => seen.push(item),
                Some(message) = mailbox.recv() => seen.push(message),
                else => break,
            }
        }
        assert_eq!(seen, [1, 2]);
    });
}

/// a second channel, `biased`
#[test]
fn priorities() {
    check(|| async {
        let (urgent, mut first) = mpsc::channel(1);
        let (other, mut second) = mpsc::channel(1);
        other.send("other").await.unwrap();
        urgent.send("urgent").await.unwrap();
        let next = tokio::select! {
            biased;
            Some(message) = first.recv() => message,
            Some(message) = second.recv() => message,
        };
        assert_eq!(next, "urgent");
    });
}

/// Tokio's
#[test]
fn timers() {
    check(|| async {
        let (_sender, mut mailbox) = mpsc::channel::<()>(1);
        let mut ticks = interval(Duration::from_secs(1));
        let mut ticked = 0;
        while ticked < 3 {
            tokio::select! {
                _ = ticks.tick() => ticked += 1,
                Some(()) = mailbox.recv() => {}
            }
        }
    });
}

/// as you write it
#[test]
fn bounded_by_default() {
    check(|| async {
        for slots in [1, 64] {
            let (sender, _mailbox) = mpsc::channel(slots);
            let accepted = accepted_sends(1_000, || sender.send(Message::Break)).await;
            assert_eq!(accepted, Some(slots));
        }
    });
}

/// ends, askers hear of it
#[test]
fn on_panic() {
    check(|| async {
        expect_panics("broken");
        let (sender, mailbox) = mpsc::channel(8);
        let task = tokio::spawn(run(mailbox));
        let (reply, answer) = oneshot::channel();
        sender.send(Message::Break).await.unwrap();
        sender.send(Message::Add(1, reply)).await.unwrap();
        assert!(answer.await.is_err());
        assert!(task.await.unwrap_err().is_panic());
    });
}

/// ends, mailbox first
#[test]
fn on_last_drop() {
    check(|| async {
        let (sender, mailbox) = mpsc::channel(8);
        let task = tokio::spawn(run(mailbox));
        for _ in 0..3 {
            let (reply, _) = oneshot::channel();
            sender.send(Message::Add(1, reply)).await.unwrap();
        }
        drop(sender);
        assert_eq!(task.await.unwrap(), 3);
        assert_eq!(alive_tasks().await, 0);
    });
}

/// waits, or refuses: you choose
#[test]
fn on_full() {
    check(|| async {
        let (sender, mailbox) = mpsc::channel(1);
        let _task = tokio::spawn(run(mailbox));
        let (held, hold) = oneshot::channel();
        sender.send(Message::Hold(hold)).await.unwrap();
        settle().await;
        let accepted = accepted_sends(10, || sender.send(Message::Add(1, oneshot::channel().0)));
        assert_eq!(accepted.await, Some(1));
        let refused = sender.try_send(Message::Break);
        assert!(matches!(refused, Err(TrySendError::Full(Message::Break))));
        held.send(()).unwrap();
        sleep(Duration::ZERO).await;
    });
}
