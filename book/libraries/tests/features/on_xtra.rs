use crate::Held;
use harness::{accepted_sends, alive_tasks, check, expect_panics, settle};
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::Relaxed},
};
use tokio::sync::oneshot;
use xtra::{Actor, Address, Context, Error, Handler, Mailbox};

/// Sums up what it is sent. What it was in the end stays.
#[derive(Default)]
struct Sum {
    sum: u64,
    in_the_end: Arc<AtomicU64>,
}

impl Actor for Sum {
    type Stop = ();

    async fn stopped(self) {
        self.in_the_end.store(self.sum, Relaxed);
    }
}

struct Add(u64);
struct Hold(Held);
struct Break;

impl Handler<Add> for Sum {
    type Return = u64;

    async fn handle(&mut self, Add(number): Add, _: &mut Context<Self>) -> u64 {
        self.sum += number;
        self.sum
    }
}

impl Handler<Hold> for Sum {
    type Return = ();

    async fn handle(&mut self, Hold(held): Hold, _: &mut Context<Self>) {
        let _ = held.await;
    }
}

impl Handler<Break> for Sum {
    type Return = ();

    async fn handle(&mut self, Break: Break, _: &mut Context<Self>) {
        panic!("broken")
    }
}

fn sum(slots: usize) -> Address<Sum> {
    xtra::spawn_tokio(Sum::default(), Mailbox::bounded(slots))
}

/// yes
#[test]
fn typed_replies() {
    check(|| async {
        let sum: u64 = sum(8).send(Add(2)).await.unwrap();
        assert_eq!(sum, 2);
    });
}

/// into its sink, feature `sink`
#[test]
fn streams() {
    assert!(crate::table::features("xtra").get("sink").is_some());
}

/// a number for each message
#[test]
fn priorities() {
    check(|| async {
        let actor = sum(8);
        let (held, hold) = oneshot::channel();
        drop(actor.send(Hold(hold)).detach().await.unwrap());
        settle().await;
        let other = actor.send(Add(1)).detach().await.unwrap();
        let urgent = actor.send(Add(10)).priority(1).detach().await.unwrap();
        held.send(()).unwrap();
        assert_eq!(urgent.await.unwrap(), 10);
        assert_eq!(other.await.unwrap(), 11);
    });
}

/// you have to say
#[test]
fn bounded_by_default() {
    check(|| async {
        // A mailbox is a parameter of `spawn_tokio`: there is none by default.
        let (address, _mailbox) = Mailbox::<Sum>::bounded(3);
        let tell = || address.send(Add(1)).detach();
        assert_eq!(accepted_sends(1_000, tell).await, Some(3));
        let (address, _mailbox) = Mailbox::<Sum>::unbounded();
        let tell = || address.send(Add(1)).detach();
        assert_eq!(accepted_sends(1_000, tell).await, None);
    });
}

/// ends, askers hear of it
#[test]
fn on_panic() {
    check(|| async {
        expect_panics("broken");
        let actor = sum(8);
        assert_eq!(actor.send(Break).await, Err(Error::Interrupted));
        assert_eq!(alive_tasks().await, 0);
        assert_eq!(actor.send(Add(1)).await, Err(Error::Disconnected));
    });
}

/// ends, mailbox first
#[test]
fn on_last_drop() {
    check(|| async {
        let in_the_end = Arc::<AtomicU64>::default();
        let (sum, at_the_end) = (0, in_the_end.clone());
        let state = Sum {
            sum,
            in_the_end: at_the_end,
        };
        let actor = xtra::spawn_tokio(state, Mailbox::bounded(8));
        for _ in 0..3 {
            drop(actor.send(Add(1)).detach().await.unwrap());
        }
        drop(actor);
        settle().await;
        assert_eq!(in_the_end.load(Relaxed), 3);
        assert_eq!(alive_tasks().await, 0);
    });
}

/// waits
#[test]
fn on_full() {
    check(|| async {
        let actor = sum(1);
        let (held, hold) = oneshot::channel();
        drop(actor.send(Hold(hold)).detach().await.unwrap());
        settle().await;
        let tell = || actor.send(Add(1)).detach();
        assert_eq!(accepted_sends(10, tell).await, Some(1));
        held.send(()).unwrap();
    });
}
