//! Exercise 14, lifecycle: the frame that an actor library gives you.
//!
//! The trait `Actor` is given: somebody else writes the actor, you write what runs it. You start it, bring it its messages, stop it or
//! kill it, give it time of its own, hand it back when it has ended, and restart it when it fails.
//!
//! Page: book/src/14-lifecycle.md. The tests are in tests/lifecycle.rs; they go step by step, and so can you:
//!
//!     cargo test -p lifecycle
//!
//! Stuck? `cargo course hint lifecycle` says a little more each time.

use std::{
    future::{pending, ready},
    marker::PhantomData,
    time::Duration,
};
use tokio::{sync::oneshot, task::JoinHandle};

/// The actor has ended, or is about to: the message was not taken, or will not be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closed;

/// What somebody writes who uses the frame; leave it as it is. The frame calls each of these, one at a time.
pub trait Actor: Sized + Send + 'static {
    type Args: Send + 'static;
    type Message: Send + 'static;
    type Error: Send + 'static;

    /// Makes the actor, before any message is handled. `me` is for messages to itself, and keeps nothing alive.
    fn on_start(
        args: Self::Args,
        me: WeakRef<Self>,
    ) -> impl Future<Output = Result<Self, Self::Error>> + Send;

    /// Handles one message. What goes wrong with it is told to the caller, in the answer.
    fn handle(&mut self, message: Self::Message) -> impl Future<Output = ()> + Send;

    /// What the actor does of its own accord. It is called again and again, until it returns an error. A message that comes drops
    /// the call under way: what must outlive that belongs in a field of the actor.
    fn on_run(&mut self) -> impl Future<Output = Result<(), Self::Error>> + Send {
        pending()
    }

    /// Called once, when the actor ends for no error: `killed` says whether in a hurry.
    fn on_stop(&mut self, killed: bool) -> impl Future<Output = Result<(), Self::Error>> + Send {
        let _ = killed;
        ready(Ok(()))
    }
}

/// How an actor ended, unless it panicked.
#[derive(Debug)]
pub enum ActorResult<A: Actor> {
    /// It was stopped or killed, or its last reference was dropped. Here it is.
    Completed { actor: A, killed: bool },
    /// One of its methods returned `error`; `phase` says which. There is no actor when it failed to start. `killed` is what `on_stop` was
    /// told, and false in the other phases.
    Failed {
        actor: Option<A>,
        error: A::Error,
        phase: Phase,
        killed: bool,
    },
}

/// Which method returned an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    OnStart,
    OnRun,
    OnStop,
}

/// How often an actor may be restarted: at most `restarts` times in any stretch of `within`.
#[derive(Debug, Clone, Copy)]
pub struct Limit {
    pub restarts: usize,
    pub within: Duration,
}

/// Reaches an actor. The actor lives as long as there is one of these; a clone is one more.
pub struct ActorRef<A: Actor> {
    // What does it need? In step 1 little; one thing more in step 3.
    actor: PhantomData<fn() -> A>,
}

impl<A: Actor> Clone for ActorRef<A> {
    fn clone(&self) -> Self {
        todo!("step 1: one more reference to the same actor (a derive would ask that A is Clone)")
    }
}

/// Knows an actor, and does not keep it alive.
pub struct WeakRef<A: Actor> {
    // Step 1: what does it need?
    actor: PhantomData<fn() -> A>,
}

impl<A: Actor> Clone for WeakRef<A> {
    fn clone(&self) -> Self {
        todo!("step 1: the same again")
    }
}

/// Starts an actor whose mailbox is for `capacity` messages, at least 1.
///
/// The task makes it by `on_start`. If that fails, there is no actor, and nothing is left to be stopped. Then it handles the messages one at a time,
/// in the order in which they were accepted, and between them, while none waits, it calls `on_run`, and lets other tasks run after each call. When it is
/// [stopped](ActorRef::stop) or [killed](ActorRef::kill), or its last reference is gone and its mailbox empty, it calls
/// `on_stop`. An error of `on_run` ends it at once, without `on_stop`. The `JoinHandle` gives the [`ActorResult`].
///
/// From the moment at which it is to end for any reason, and before `on_stop`, it accepts nothing more, and senders that wait for a slot hear of that.
/// A panic of the actor ends the task: the `JoinHandle` gives that panic, and those who wait for answers are told [`Closed`].
///
/// To be called inside a Tokio runtime.
pub fn spawn<A: Actor>(
    args: A::Args,
    capacity: usize,
) -> (ActorRef<A>, JoinHandle<ActorResult<A>>) {
    let _ = (args, capacity);
    todo!("step 1: on_start and messages; step 2: on_stop; step 3: stop and kill; step 4: on_run")
}

/// As [`spawn`], but an actor that fails is made anew, at once, from a clone of `args`: when it panics, and when `on_start` or `on_run`
/// returns an error. The failed one is dropped first, other tasks get to run in between, and nothing
/// is kept of it but, at the end, the last failure. A stop or a kill that comes in between is for the new one, when it has started.
///
/// References stay valid. The messages that wait are kept for the new one; the one in hand is lost, and its asker is told
/// [`Closed`]. An error of `on_stop` is the end, and so is a failure that comes when it is to end anyway: a killed actor is not made anew, and one
/// that is stopped, or has no reference left, only while messages wait for it.
///
/// When it is not made anew, or `limit` allows no more restarts, the last failure is the result: `Failed`, or the panic, in the `JoinHandle`. A
/// restart that is `within` old or older no longer counts; it is as old as the time since its `on_start` was called.
pub fn supervise<A: Actor>(
    args: A::Args,
    capacity: usize,
    limit: Limit,
) -> (ActorRef<A>, JoinHandle<ActorResult<A>>)
where
    A::Args: Clone,
{
    let _ = (args, capacity, limit);
    todo!("step 5: run it again, on the same mailbox; step 6: up to the limit")
}

impl<A: Actor> ActorRef<A> {
    /// Sends a message, and waits for a slot in the mailbox.
    ///
    /// # Errors
    /// The actor has ended, or is about to: it will not handle this message.
    ///
    /// # Cancel safety
    /// A call that is dropped while it waits has sent nothing.
    pub async fn tell(&self, message: A::Message) -> Result<(), Closed> {
        let _ = message;
        todo!("step 1: send it")
    }

    /// Sends the message that `question` makes, with the place for the answer in it, and waits for that.
    ///
    /// # Errors
    /// As [`tell`](Self::tell), and when the actor ended, or dropped the question, without an answer.
    ///
    /// # Cancel safety
    /// A call that is dropped may have sent its question: then it is handled, and nobody hears the answer.
    pub async fn ask<T>(
        &self,
        question: impl FnOnce(oneshot::Sender<T>) -> A::Message,
    ) -> Result<T, Closed> {
        let _ = question;
        todo!("step 1: tell it, and await the answer")
    }

    /// Asks the actor to end when it has handled all that was accepted. Then comes `on_stop(false)`.
    ///
    /// It never waits, not even while the mailbox is full, and needs no runtime. The actor hears of it when it is between two messages, also if more of them wait.
    pub fn stop(&self) {
        todo!("step 3: how does the actor hear of it, when there is no slot in its mailbox?")
    }

    /// Asks the actor to end now: after the message in hand, it handles none, and calls `on_stop(true)`. It goes before a
    /// [`stop`](Self::stop) that is under way, until `on_stop` has begun.
    ///
    /// It never waits, and needs no runtime.
    pub fn kill(&self) {
        todo!("step 3: goes before the messages that wait")
    }

    /// A reference that does not keep the actor alive.
    pub fn downgrade(&self) -> WeakRef<A> {
        todo!("step 1, since on_start needs one: the actor must be able to keep this, and yet end")
    }
}

impl<A: Actor> WeakRef<A> {
    /// A full reference, as long as there is any. `None` after the last one was dropped.
    pub fn upgrade(&self) -> Option<ActorRef<A>> {
        todo!("step 2: only if somebody still has a full one")
    }
}
