use crate::Held;
use harness::{accepted_sends, alive_tasks, check, expect_panics, settle};
use rsactor::{Actor, ActorRef, ActorResult, ActorWeak, Error, Message, SpawnOptions, spawn};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio_stream::wrappers::IntervalStream;

/// Sums up what it is sent.
#[derive(Debug)]
struct Sum(u64);

impl Actor for Sum {
    type Args = ();
    type Error = String;
    type IdleEvent = u64;

    async fn on_start((): (), _: &ActorRef<Self>) -> Result<Self, String> {
        Ok(Self(0))
    }

    async fn on_idle(&mut self, number: u64, _: &ActorWeak<Self>) -> Result<(), String> {
        self.0 += number;
        Ok(())
    }
}

struct Add(u64);
struct Hold(Held);
struct Break;

impl Message<Add> for Sum {
    type Reply = u64;

    async fn handle(&mut self, Add(number): Add, _: &ActorRef<Self>) -> u64 {
        self.0 += number;
        self.0
    }
}

impl Message<Hold> for Sum {
    type Reply = ();

    async fn handle(&mut self, Hold(held): Hold, _: &ActorRef<Self>) {
        let _ = held.await;
    }
}

impl Message<Break> for Sum {
    type Reply = ();

    async fn handle(&mut self, Break: Break, _: &ActorRef<Self>) {
        panic!("broken")
    }
}

/// yes
#[test]
fn typed_replies() {
    check(|| async {
        let sum: u64 = spawn::<Sum>(()).0.ask(Add(2)).await.unwrap();
        assert_eq!(sum, 2);
    });
}

/// subscribed, for idle times
#[test]
fn streams() {
    check(|| async {
        let options = SpawnOptions::new().with_idle();
        let (actor, _) = rsactor::spawn_with_options::<Sum>((), options);
        actor.subscribe_idle(tokio_stream::iter([1, 2])).unwrap();
        settle().await;
        assert_eq!(actor.ask(Add(0)).await.unwrap(), 3);
    });
}

/// a second mailbox, for one message
#[test]
fn priorities() {
    check(|| async {
        let options = SpawnOptions::new().with_priority();
        let (actor, _) = rsactor::spawn_with_options::<Sum>((), options);
        let (held, hold) = oneshot::channel();
        actor.tell(Hold(hold)).await.unwrap();
        settle().await;
        actor.tell(Add(1)).await.unwrap();
        let urgent = tokio::spawn({
            let actor = actor.clone();
            async move { actor.ask_priority(Add(10), Duration::from_secs(1)).await }
        });
        settle().await;
        held.send(()).unwrap();
        assert_eq!(urgent.await.unwrap().unwrap(), 10);
        assert_eq!(actor.ask(Add(0)).await.unwrap(), 11);
    });
}

/// Tokio's, as a stream
#[test]
fn timers() {
    check(|| async {
        use tokio_stream::StreamExt;
        let options = SpawnOptions::new().with_idle();
        let (actor, _) = rsactor::spawn_with_options::<Sum>((), options);
        let ticks = IntervalStream::new(tokio::time::interval(Duration::from_secs(1)));
        actor.subscribe_idle(ticks.map(|_| 1)).unwrap();
        tokio::time::sleep(Duration::from_millis(2_500)).await;
        assert_eq!(actor.ask(Add(0)).await.unwrap(), 3);
    });
}

/// 32 messages
#[test]
fn bounded_by_default() {
    check(|| async {
        let (actor, _) = spawn::<Sum>(());
        let accepted = accepted_sends(1_000, || actor.tell(Add(1))).await;
        assert_eq!(accepted, Some(32));
    });
}

/// ends, askers hear of it
#[test]
fn on_panic() {
    check(|| async {
        expect_panics("broken");
        let (actor, task) = spawn::<Sum>(());
        let asked = actor.ask(Break).await;
        assert!(matches!(asked, Err(Error::Receive { .. })));
        assert!(task.await.unwrap_err().is_panic());
        assert!(matches!(actor.tell(Add(1)).await, Err(Error::Send { .. })));
    });
}

/// ends, mailbox first; the `JoinHandle` gives the state back
#[test]
fn on_last_drop() {
    check(|| async {
        let (actor, task) = spawn::<Sum>(());
        for _ in 0..3 {
            actor.tell(Add(1)).await.unwrap();
        }
        drop(actor);
        let ActorResult::Completed { actor, killed } = task.await.unwrap() else {
            panic!("it ends as usual");
        };
        assert_eq!((actor.0, killed), (3, false));
        assert_eq!(alive_tasks().await, 0);
    });
}

/// waits, or for some time
#[test]
fn on_full() {
    check(|| async {
        let (actor, _) = rsactor::spawn_with_mailbox_capacity::<Sum>((), 1);
        let (held, hold) = oneshot::channel();
        actor.tell(Hold(hold)).await.unwrap();
        settle().await;
        let accepted = accepted_sends(10, || actor.tell(Add(1))).await;
        assert_eq!(accepted, Some(1));
        let told = actor.tell_with_timeout(Add(1), Duration::from_secs(1));
        assert!(matches!(told.await, Err(Error::Timeout { .. })));
        held.send(()).unwrap();
    });
}
