use actix::{
    Actor, ActorContext, Addr, ArbiterService, AsyncContext, Context, Handler, MailboxError,
    Message, StreamHandler, Supervised, Supervisor, dev::SendError,
};
use harness::{check, expect_panics, settle};
use std::time::Duration;
use tokio::{
    task::{LocalSet, yield_now},
    time::sleep,
};

/// Sums up what it is sent.
#[derive(Default)]
struct Sum(u64);

impl Actor for Sum {
    type Context = Context<Self>;
}

impl Supervised for Sum {
    fn restarting(&mut self, _: &mut Self::Context) {
        self.0 = 100;
    }
}

impl ArbiterService for Sum {}

#[derive(Message)]
#[rtype(result = "u64")]
struct Add(u64);

#[derive(Message)]
#[rtype(result = "()")]
struct Stop;

#[derive(Message)]
#[rtype(result = "()")]
struct Break;

#[derive(Message)]
#[rtype(result = "()")]
struct Tick;

#[derive(Message)]
#[rtype(result = "()")]
struct Read;

impl Handler<Add> for Sum {
    type Result = u64;

    fn handle(&mut self, Add(number): Add, _: &mut Self::Context) -> u64 {
        self.0 += number;
        self.0
    }
}

impl Handler<Stop> for Sum {
    type Result = ();

    fn handle(&mut self, Stop: Stop, context: &mut Self::Context) {
        context.stop();
    }
}

impl Handler<Break> for Sum {
    type Result = ();

    fn handle(&mut self, Break: Break, _: &mut Self::Context) {
        panic!("broken")
    }
}

impl Handler<Tick> for Sum {
    type Result = ();

    fn handle(&mut self, Tick: Tick, context: &mut Self::Context) {
        context.run_interval(Duration::from_secs(1), |sum, _| sum.0 += 1);
    }
}

impl Handler<Read> for Sum {
    type Result = ();

    fn handle(&mut self, Read: Read, context: &mut Self::Context) {
        context.add_stream(tokio_stream::iter([1, 2, 3]));
    }
}

impl StreamHandler<u64> for Sum {
    fn handle(&mut self, number: u64, _: &mut Self::Context) {
        self.0 += number;
    }

    fn finished(&mut self, _: &mut Self::Context) {}
}

/// Actors of actix are local to a thread.
fn check_locally<F: Future<Output = ()> + 'static>(
    body: impl FnOnce() -> F + Clone + Send + 'static,
) {
    check(|| async { LocalSet::new().run_until(body()).await });
}

/// So many messages are taken without anybody to read them.
fn accepted(actor: &Addr<Sum>) -> usize {
    (0..1_000)
        .find(|_| actor.try_send(Add(1)).is_err())
        .unwrap_or(1_000)
}

/// yes
#[test]
fn typed_replies() {
    check_locally(|| async {
        let sum: u64 = Sum(0).start().send(Add(2)).await.unwrap();
        assert_eq!(sum, 2);
    });
}

/// restarts after a stop, not after a panic
#[test]
fn supervision() {
    check_locally(|| async {
        expect_panics("broken");
        let actor = Supervisor::start(|_| Sum(0));
        actor.send(Stop).await.unwrap();
        assert_eq!(actor.send(Add(1)).await.unwrap(), 101);
        assert_eq!(actor.send(Break).await, Err(MailboxError::Closed));
        assert_eq!(actor.send(Add(1)).await, Err(MailboxError::Closed));
    });
}

/// by type
#[test]
fn registry() {
    check_locally(|| async {
        let (one, other) = (Sum::from_registry(), Sum::from_registry());
        assert_eq!(one.send(Add(1)).await.unwrap(), 1);
        assert_eq!(other.send(Add(1)).await.unwrap(), 2);
    });
}

/// added to the context
#[test]
fn streams() {
    check_locally(|| async {
        let actor = Sum(0).start();
        actor.send(Read).await.unwrap();
        settle().await;
        assert_eq!(actor.send(Add(0)).await.unwrap(), 6);
    });
}

/// `run_interval`, `run_later`
#[test]
fn timers() {
    check_locally(|| async {
        let actor = Sum(0).start();
        actor.send(Tick).await.unwrap();
        sleep(Duration::from_millis(3_500)).await;
        assert_eq!(actor.send(Add(0)).await.unwrap(), 3);
    });
}

/// 16 messages, and `do_send` goes past it
#[test]
fn bounded_by_default() {
    check_locally(|| async {
        let actor = Sum(0).start();
        // Each handle that sends may have one more message under way than the mailbox has slots.
        let accepted = accepted(&actor);
        assert!((16..=17).contains(&accepted), "{accepted}");
        for _ in 0..1_000 {
            actor.do_send(Add(1));
        }
        settle().await;
        let sum = actor.send(Add(0)).await.unwrap();
        assert_eq!(sum, 1_000 + accepted as u64);
    });
}

/// ends, askers hear of it
#[test]
fn on_panic() {
    check_locally(|| async {
        expect_panics("broken");
        let actor = Sum(0).start();
        assert_eq!(actor.send(Break).await, Err(MailboxError::Closed));
        assert!(!actor.connected());
        assert_eq!(actor.send(Add(1)).await, Err(MailboxError::Closed));
    });
}

/// ends, mailbox first
#[test]
fn on_last_drop() {
    check_locally(|| async {
        let actor = Sum(0).start();
        let gone = actor.downgrade();
        let asks = actor.send(Add(1));
        let asks = tokio::task::spawn_local(asks);
        yield_now().await;
        drop(actor);
        assert_eq!(asks.await.unwrap().unwrap(), 1);
        settle().await;
        assert!(gone.upgrade().is_none());
    });
}

/// `send` waits, `try_send` refuses, `do_send` goes past it
#[test]
fn on_full() {
    check_locally(|| async {
        let actor = Sum(0).start();
        let accepted = accepted(&actor);
        assert!(matches!(actor.try_send(Add(1)), Err(SendError::Full(_))));
        let waits = tokio::task::spawn_local(actor.send(Add(1)));
        assert_eq!(waits.await.unwrap().unwrap(), accepted as u64 + 1);
        actor.do_send(Add(1));
        assert_eq!(actor.send(Add(0)).await.unwrap(), accepted as u64 + 2);
    });
}
