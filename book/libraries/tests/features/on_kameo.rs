use crate::Held;
use harness::{accepted_sends, alive_tasks, check, expect_panics, settle};
use kameo::{
    Actor,
    actor::{ActorId, ActorRef, Spawn, WeakActorRef},
    error::{ActorStopReason, Infallible, PanicError, SendError},
    mailbox,
    message::{Context, Message, StreamMessage},
    supervision::RestartPolicy,
};
use std::{ops::ControlFlow, time::Duration};
use tokio::{sync::oneshot, time::sleep};

/// Sums up what it is sent. `goes_on` says what it does after a panic.
#[derive(Clone)]
struct Sum {
    sum: u64,
    goes_on: bool,
}

impl Sum {
    fn new() -> Self {
        let (sum, goes_on) = (0, false);
        Self { sum, goes_on }
    }
}

impl Actor for Sum {
    type Args = Self;
    type Error = Infallible;

    async fn on_start(sum: Self, _: ActorRef<Self>) -> Result<Self, Infallible> {
        Ok(sum)
    }

    async fn on_panic(
        &mut self,
        _: WeakActorRef<Self>,
        panic: PanicError,
    ) -> Result<ControlFlow<ActorStopReason>, Infallible> {
        Ok(match self.goes_on {
            true => ControlFlow::Continue(()),
            false => ControlFlow::Break(ActorStopReason::Panicked(panic)),
        })
    }
}

struct Add(u64);
struct Hold(Held);
struct Break;

impl Message<Add> for Sum {
    type Reply = u64;

    async fn handle(&mut self, Add(number): Add, _: &mut Context<Self, u64>) -> u64 {
        self.sum += number;
        self.sum
    }
}

impl Message<Hold> for Sum {
    type Reply = ();

    async fn handle(&mut self, Hold(held): Hold, _: &mut Context<Self, ()>) {
        let _ = held.await;
    }
}

impl Message<Break> for Sum {
    type Reply = Result<(), String>;

    async fn handle(&mut self, Break: Break, _: &mut Context<Self, Self::Reply>) -> Self::Reply {
        panic!("broken")
    }
}

struct Refuse;

impl Message<Refuse> for Sum {
    type Reply = Result<(), String>;

    async fn handle(&mut self, Refuse: Refuse, _: &mut Context<Self, Self::Reply>) -> Self::Reply {
        Err("refused".to_owned())
    }
}

impl Message<StreamMessage<u64, (), ()>> for Sum {
    type Reply = ();

    async fn handle(
        &mut self,
        message: StreamMessage<u64, (), ()>,
        _: &mut Context<Self, ()>,
    ) -> Self::Reply {
        if let StreamMessage::Next(number) = message {
            self.sum += number;
        }
    }
}

/// yes
#[test]
fn typed_replies() {
    check(|| async {
        let sum: u64 = Sum::spawn(Sum::new()).ask(Add(2)).await.unwrap();
        assert_eq!(sum, 2);
    });
}

/// restarts, keeps the mailbox
#[test]
fn supervision() {
    check(|| async {
        expect_panics("broken");
        let supervisor = Sum::spawn(Sum::new());
        let actor = Sum::supervise(&supervisor, Sum::new())
            .restart_policy(RestartPolicy::Transient)
            .spawn()
            .await;
        assert_eq!(actor.ask(Add(1)).await.unwrap(), 1);
        // Both are in the mailbox when the actor panics.
        actor.tell(Break).await.unwrap();
        actor.tell(Add(2)).await.unwrap();
        assert_eq!(actor.ask(Add(3)).await.unwrap(), 5);
    });
}

/// Page: "A supervisor": what is in the mailbox before an actor has begun is kept apart, and a panic loses what is left of it.
#[test]
fn a_panic_over_what_came_before_the_start_loses_the_rest() {
    check(|| async {
        expect_panics("broken");
        let supervisor = Sum::spawn(Sum::new());
        let actor = Sum::supervise(&supervisor, Sum::new())
            .restart_policy(RestartPolicy::Transient)
            .spawn()
            .await;
        settle().await;
        // The second actor finds the second `Break` in its mailbox, and an `Add` behind it.
        for _ in 0..2 {
            actor.tell(Break).await.unwrap();
            actor.tell(Add(1)).await.unwrap();
        }
        settle().await;
        assert_eq!(actor.ask(Add(1)).await.unwrap(), 1);
    });
}

/// Page: "A supervisor": a child has a sender of its own mailbox with its supervisor, and ends with it.
#[test]
fn a_child_ends_with_its_supervisor() {
    check(|| async {
        let supervisor = Sum::spawn(Sum::new());
        let actor = Sum::supervise(&supervisor, Sum::new()).spawn().await;
        drop(actor);
        assert_eq!(alive_tasks().await, 2);
        drop(supervisor);
        assert_eq!(alive_tasks().await, 0);
    });
}

/// Page: "Ask, tell, and their errors": an `Err` that nobody asked for ends the actor; one that was asked for does not.
#[test]
fn the_err_of_a_tell_ends_the_actor() {
    check(|| async {
        let actor = Sum::spawn(Sum::new());
        let asked = actor.ask(Refuse).await;
        assert!(matches!(asked, Err(SendError::HandlerError(why)) if why == "refused"));
        assert_eq!(alive_tasks().await, 1);
        actor.tell(Refuse).await.unwrap();
        assert_eq!(alive_tasks().await, 0);
    });
}

/// Page: "Who keeps it alive": what waits in the mailbox is not handled.
#[test]
fn kill_goes_before_the_mailbox() {
    check(|| async {
        let prepared = Sum::prepare();
        let actor = prepared.actor_ref().clone();
        let task = prepared.spawn(Sum::new());
        settle().await;
        for _ in 0..3 {
            actor.tell(Add(1)).await.unwrap();
        }
        actor.kill();
        let Ok((sum, ActorStopReason::Killed)) = task.await.unwrap() else {
            panic!("it was killed");
        };
        assert_eq!(sum.sum, 0);
    });
}

/// Page: "Who keeps it alive": those who ask behind it are told that the actor does not run.
#[test]
fn a_stop_waits_for_its_turn_and_answers_those_behind_it() {
    check(|| async {
        let actor = Sum::spawn(Sum::new());
        settle().await;
        actor.tell(Add(1)).await.unwrap();
        let before = tokio::spawn(asks(actor.clone()));
        settle().await;
        assert!(matches!(before.await.unwrap(), Ok(2)));
        actor.stop_gracefully().await.unwrap();
        let behind = asks(actor).await;
        assert!(matches!(behind, Err(SendError::ActorNotRunning(Add(1)))));
    });
}

async fn asks(actor: ActorRef<Sum>) -> Result<u64, SendError<Add>> {
    actor.ask(Add(1)).await
}

/// Page: "A supervisor": five times in five seconds, if nothing else is said.
#[test]
fn the_sixth_panic_is_the_last_by_default() {
    check(|| async {
        expect_panics("broken");
        let supervisor = Sum::spawn(Sum::new());
        let actor = Sum::supervise(&supervisor, Sum::new()).spawn().await;
        for _ in 0..6 {
            assert!(matches!(
                actor.ask(Break).await,
                Err(SendError::ActorStopped)
            ));
        }
        settle().await;
        assert!(matches!(
            actor.ask(Break).await,
            Err(SendError::ActorNotRunning(Break))
        ));
    });
}

/// Page: "A supervisor": an hour of virtual time is no pause for the restart limit.
#[test]
fn the_restart_limit_goes_by_the_clock_of_the_system() {
    check(|| async {
        expect_panics("broken");
        let supervisor = Sum::spawn(Sum::new());
        let actor = Sum::supervise(&supervisor, Sum::new())
            .restart_policy(RestartPolicy::Transient)
            .restart_limit(1, Duration::from_secs(60))
            .spawn()
            .await;
        assert!(actor.ask(Break).await.is_err());
        assert_eq!(actor.ask(Add(1)).await.unwrap(), 1);
        sleep(Duration::from_secs(3_600)).await;
        assert!(actor.ask(Break).await.is_err());
        settle().await;
        assert!(actor.ask(Add(1)).await.is_err());
    });
}

/// two ends, both hear
#[test]
fn links() {
    check(|| async {
        expect_panics("broken");
        for first_breaks in [true, false] {
            let (one, other) = (Sum::spawn(Sum::new()), Sum::spawn(Sum::new()));
            one.link(&other).await;
            let breaks = if first_breaks { &one } else { &other };
            breaks.tell(Break).await.unwrap();
            // Unless `on_link_died` says otherwise, the other one ends as well.
            assert_eq!(alive_tasks().await, 0);
        }
    });
}

/// by name
#[test]
fn registry() {
    check(|| async {
        let actor = Sum::spawn(Sum::new());
        actor.register("the sum").unwrap();
        let found = ActorRef::<Sum>::lookup("the sum").unwrap().unwrap();
        assert_eq!(found.id(), actor.id());
        let nobody: Option<ActorRef<Sum>> = ActorRef::lookup("nobody").unwrap();
        assert!(nobody.is_none());
        assert_ne!(ActorId::new(0), found.id());
        found.stop_gracefully().await.unwrap();
        settle().await;
        assert!(ActorRef::<Sum>::lookup("the sum").unwrap().is_none());
    });
}

/// feature `remote` (libp2p)
#[test]
fn remote() {
    let features = crate::table::features("kameo");
    assert!(features["remote"].to_string().contains("libp2p"));
}

/// attached
#[test]
fn streams() {
    check(|| async {
        let actor = Sum::spawn(Sum::new());
        let stream = tokio_stream::iter([1, 2, 3]);
        let attached = actor.attach_stream(stream, (), ());
        drop(attached.await.unwrap());
        assert_eq!(actor.ask(Add(0)).await.unwrap(), 6);
    });
}

/// 64 messages
#[test]
fn bounded_by_default() {
    check(|| async {
        let prepared = Sum::prepare();
        let actor = prepared.actor_ref().clone();
        let accepted = accepted_sends(1_000, || async { actor.tell(Add(1)).await }).await;
        assert_eq!(accepted, Some(64));
    });
}

/// ends, askers hear of it; `on_panic` may go on
#[test]
fn on_panic() {
    check(|| async {
        expect_panics("broken");
        let actor = Sum::spawn(Sum::new());
        let asked = actor.ask(Break).await;
        assert!(matches!(asked, Err(SendError::ActorStopped)));
        assert_eq!(alive_tasks().await, 0);
        assert!(matches!(
            actor.ask(Add(1)).await,
            Err(SendError::ActorNotRunning(Add(1)))
        ));

        let goes_on = Sum {
            goes_on: true,
            ..Sum::new()
        };
        let actor = Sum::spawn(goes_on);
        assert!(actor.ask(Break).await.is_err());
        assert_eq!(actor.ask(Add(1)).await.unwrap(), 1);
    });
}

/// ends, mailbox first
#[test]
fn on_last_drop() {
    check(|| async {
        let (actor, task) = {
            let prepared = Sum::prepare();
            (prepared.actor_ref().clone(), prepared.spawn(Sum::new()))
        };
        for _ in 0..3 {
            actor.tell(Add(1)).await.unwrap();
        }
        drop(actor);
        let Ok((sum, ActorStopReason::Normal)) = task.await.unwrap() else {
            panic!("it ends as usual");
        };
        assert_eq!(sum.sum, 3);
    });
}

/// waits, or refuses: you choose
#[test]
fn on_full() {
    check(|| async {
        let actor = Sum::spawn_with_mailbox(Sum::new(), mailbox::bounded(1));
        settle().await;
        let (held, hold) = oneshot::channel();
        actor.tell(Hold(hold)).await.unwrap();
        settle().await;
        let accepted = accepted_sends(10, || async { actor.tell(Add(1)).await }).await;
        assert_eq!(accepted, Some(1));
        let refused = actor.tell(Add(1)).try_send();
        assert!(matches!(refused, Err(SendError::MailboxFull(Add(1)))));
        held.send(()).unwrap();
    });
}
