use crate::Held;
use harness::{accepted_sends, alive_tasks, check, expect_panics, settle};
use ractor::{
    Actor, ActorProcessingErr, ActorRef, RpcReplyPort, SupervisionEvent, registry, rpc::CallResult,
};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{
    sync::oneshot,
    time::{sleep, timeout},
};

/// Sums up what it is sent, and writes down who failed.
#[derive(Default, Clone)]
struct Sum {
    failed: Arc<Mutex<Vec<String>>>,
    /// What a supervisor does when it hears of that; without it, what ractor does.
    goes_on: bool,
}

enum Message {
    Add(u64, Option<RpcReplyPort<u64>>),
    Hold(Held),
    Break,
}

impl Actor for Sum {
    type Msg = Message;
    type State = u64;
    type Arguments = ();

    async fn pre_start(&self, _: ActorRef<Message>, (): ()) -> Result<u64, ActorProcessingErr> {
        Ok(0)
    }

    async fn handle(
        &self,
        _: ActorRef<Message>,
        message: Message,
        sum: &mut u64,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            Message::Add(number, reply) => {
                *sum += number;
                reply.map(|reply| reply.send(*sum));
            }
            Message::Hold(held) => drop(held.await),
            Message::Break => panic!("broken"),
        }
        Ok(())
    }

    async fn handle_supervisor_evt(
        &self,
        myself: ActorRef<Message>,
        event: SupervisionEvent,
        _: &mut u64,
    ) -> Result<(), ActorProcessingErr> {
        if let SupervisionEvent::ActorFailed(_, why) = event {
            self.failed.lock().unwrap().push(why.to_string());
            if !self.goes_on {
                myself.stop(None);
            }
        }
        Ok(())
    }
}

fn add(number: u64) -> impl FnOnce(RpcReplyPort<u64>) -> Message {
    move |reply| Message::Add(number, Some(reply))
}

async fn sum() -> ActorRef<Message> {
    Actor::spawn(None, Sum::default(), ()).await.unwrap().0
}

/// yes, by a port in the message
#[test]
fn typed_replies() {
    check(|| async {
        let actor = sum().await;
        let Ok(CallResult::Success(sum)) = actor.call(add(2), None).await else {
            panic!("it answers");
        };
        assert_eq!(sum, 2_u64);
        actor.stop(None);
    });
}

/// tells the supervisor, restarts nothing
#[test]
fn supervision() {
    check(|| async {
        expect_panics("broken");
        let watches = Sum {
            goes_on: true,
            ..Sum::default()
        };
        let (supervisor, _) = Actor::spawn(None, watches.clone(), ()).await.unwrap();
        let child = Actor::spawn_linked(None, Sum::default(), (), supervisor.get_cell());
        let (child, _) = child.await.unwrap();
        child.cast(Message::Break).unwrap();
        settle().await;
        assert_eq!(watches.failed.lock().unwrap().len(), 1);
        assert!(child.cast(Message::Break).is_err());
        supervisor.stop(None);
    });
}

/// to a supervisor
#[test]
fn links() {
    check(|| async {
        expect_panics("broken");
        let (supervisor, child) = (sum().await, sum().await);
        child.link(supervisor.get_cell());
        child.cast(Message::Break).unwrap();
        // Unless `handle_supervisor_evt` says otherwise, the supervisor ends as well.
        assert_eq!(alive_tasks().await, 0);

        // And a child ends with its supervisor.
        let (supervisor, child) = (sum().await, sum().await);
        child.link(supervisor.get_cell());
        supervisor.stop(None);
        assert_eq!(alive_tasks().await, 0);
    });
}

/// by name
#[test]
fn registry() {
    check(|| async {
        let name = "the sum".to_owned();
        let (actor, _) = Actor::spawn(Some(name.clone()), Sum::default(), ())
            .await
            .unwrap();
        let found = registry::where_is(name.clone()).unwrap();
        assert_eq!(found.get_id(), actor.get_id());
        actor.stop(None);
        settle().await;
        assert!(registry::where_is(name).is_none());
    });
}

/// feature `cluster`, with `ractor_cluster`
#[test]
fn remote() {
    assert!(crate::table::features("ractor").get("cluster").is_some());
}

/// only stop and kill overtake
#[test]
fn priorities() {
    check(|| async {
        let actor = sum().await;
        let (_held, hold) = oneshot::channel();
        actor.cast(Message::Hold(hold)).unwrap();
        settle().await;
        // It is asked first, and told to stop behind that.
        let asks = tokio::spawn({
            let actor = actor.clone();
            async move { actor.call(add(1), None).await }
        });
        settle().await;
        actor.stop(None);
        drop(_held);
        assert!(matches!(asks.await.unwrap(), Ok(CallResult::SenderError)));
    });
}

/// `send_interval`, `send_after`
#[test]
fn timers() {
    check(|| async {
        let actor = sum().await;
        let ticks = actor.send_interval(Duration::from_secs(1), || Message::Add(1, None));
        sleep(Duration::from_millis(3_500)).await;
        let Ok(CallResult::Success(sum)) = actor.call(add(0), None).await else {
            panic!("it answers");
        };
        assert_eq!(sum, 3);
        ticks.abort();
        actor.stop(None);
    });
}

/// no, never
#[test]
fn bounded_by_default() {
    check(|| async {
        let actor = sum().await;
        let accepted = accepted_sends(10_000, || async { actor.cast(Message::Add(1, None)) });
        assert_eq!(accepted.await, None);
        actor.stop(None);
    });
}

/// ends, askers hear of it
#[test]
fn on_panic() {
    check(|| async {
        expect_panics("broken");
        let actor = sum().await;
        actor.cast(Message::Break).unwrap();
        let asked = actor.call(add(1), None).await;
        assert!(matches!(asked, Ok(CallResult::SenderError)));
        settle().await;
        assert!(actor.call(add(1), None).await.is_err());
    });
}

/// lives on, until it is stopped
#[test]
fn on_last_drop() {
    check(|| async {
        let (actor, task) = Actor::spawn(Some("left alone".into()), Sum::default(), ())
            .await
            .unwrap();
        drop(actor);
        assert!(
            timeout(Duration::from_secs(3_600), task).await.is_err(),
            "nobody has a reference to it, and it runs"
        );
        registry::where_is("left alone").unwrap().stop(None);
    });
}

/// never is
#[test]
fn on_full() {
    check(|| async {
        let actor = sum().await;
        let (held, hold) = oneshot::channel();
        actor.cast(Message::Hold(hold)).unwrap();
        settle().await;
        let accepted = accepted_sends(10_000, || async { actor.cast(Message::Add(1, None)) });
        assert_eq!(accepted.await, None);
        held.send(()).unwrap();
        let Ok(CallResult::Success(sum)) = actor.call(add(0), None).await else {
            panic!("it answers");
        };
        assert_eq!(sum, 10_000);
        actor.stop(None);
    });
}
