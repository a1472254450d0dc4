//! A solution of exercise 14, lifecycle: the frame that an actor library gives you.

use std::{
    any::Any,
    future::{pending, poll_fn, ready},
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    pin::pin,
    task::Poll,
    time::Duration,
};
use tokio::{
    sync::{mpsc, oneshot, watch},
    task::{JoinHandle, yield_now},
    time::Instant,
};

/// The actor has ended, or is about to: the message was not taken, or will not be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closed;

/// What somebody writes who uses the frame. The frame calls each of these, one at a time.
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

/// What an actor is asked to do, beside its messages. The later one goes before the earlier one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Order {
    GoOn,
    Stop,
    Kill,
}

/// Reaches an actor. The actor lives as long as there is one of these; a clone is one more.
pub struct ActorRef<A: Actor> {
    /// The actor's task holds the other end. When the last one is dropped, its `recv` gives `None`.
    mailbox: mpsc::Sender<A::Message>,
    /// A state and no message: it needs no slot, and nobody misses it.
    order: watch::Sender<Order>,
}

impl<A: Actor> Clone for ActorRef<A> {
    fn clone(&self) -> Self {
        Self {
            mailbox: self.mailbox.clone(),
            order: self.order.clone(),
        }
    }
}

/// Knows an actor, and does not keep it alive.
pub struct WeakRef<A: Actor> {
    /// Does not count: the mailbox closes although it is there.
    mailbox: mpsc::WeakSender<A::Message>,
    /// Counts, but nobody goes by the end of the orders.
    order: watch::Sender<Order>,
}

impl<A: Actor> Clone for WeakRef<A> {
    fn clone(&self) -> Self {
        Self {
            mailbox: self.mailbox.clone(),
            order: self.order.clone(),
        }
    }
}

/// The actor's end of it all. It outlives the actor: a restarted one goes on with it.
struct Inbox<A: Actor> {
    messages: mpsc::Receiver<A::Message>,
    orders: watch::Receiver<Order>,
    me: WeakRef<A>,
}

impl<A: Actor> Inbox<A> {
    fn new(capacity: usize) -> (ActorRef<A>, Self) {
        let (mailbox, messages) = mpsc::channel(capacity);
        let (order, orders) = watch::channel(Order::GoOn);
        let reference = ActorRef { mailbox, order };
        let me = reference.downgrade();
        let inbox = Self {
            messages,
            orders,
            me,
        };
        (reference, inbox)
    }

    /// One life, from `on_start` to `on_stop`.
    async fn live(&mut self, args: A::Args) -> ActorResult<A> {
        let mut actor = match A::on_start(args, self.me.clone()).await {
            Ok(actor) => actor,
            Err(error) => {
                return ActorResult::Failed {
                    actor: None,
                    error,
                    phase: Phase::OnStart,
                    killed: false,
                };
            }
        };
        let killed = loop {
            tokio::select! {
                // Orders go before messages, and messages before the actor's own work.
                biased;
                // When nobody is left to give orders, the pattern turns this branch off.
                Ok(()) = self.orders.changed() => {}
                message = self.messages.recv() => match message {
                    Some(message) => actor.handle(message).await,
                    None => break false,
                },
                done = actor.on_run() => match done {
                    // If it never waits, all others would: let them run.
                    Ok(()) => yield_now().await,
                    Err(error) => {
                        return ActorResult::Failed {
                            actor: Some(actor),
                            error,
                            phase: Phase::OnRun,
                            killed: false,
                        };
                    }
                },
            }
            // A copy of it: the guard of `borrow` is a lock.
            let order = *self.orders.borrow_and_update();
            match order {
                Order::GoOn => {}
                Order::Stop => self.messages.close(),
                Order::Kill => break true,
            }
        };
        self.messages.close();
        match actor.on_stop(killed).await {
            Ok(()) => ActorResult::Completed { actor, killed },
            Err(error) => ActorResult::Failed {
                actor: Some(actor),
                error,
                phase: Phase::OnStop,
                killed,
            },
        }
    }

    /// Drops what still waits, up to a message that is being sent at this moment: nobody waits for an answer for ever.
    async fn end(mut self) {
        self.messages.close();
        while self.messages.recv().await.is_some() {}
    }

    /// Whether it was told to end while it failed.
    fn is_to_end(&self) -> bool {
        match *self.orders.borrow() {
            Order::GoOn => self.messages.is_closed() && self.messages.is_empty(),
            Order::Stop => self.messages.is_empty(),
            Order::Kill => true,
        }
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
    let (reference, mut inbox) = Inbox::new(capacity);
    let task = tokio::spawn(async move {
        let lived = catch_panic(inbox.live(args)).await;
        inbox.end().await;
        lived.unwrap_or_else(|panic| resume_unwind(panic))
    });
    (reference, task)
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
    let (reference, mut inbox) = Inbox::new(capacity);
    let task = tokio::spawn(async move {
        let mut restarts: Vec<Instant> = Vec::new();
        let last = loop {
            let lived = catch_panic(inbox.live(args.clone())).await;
            if !has_failed(&lived) || inbox.is_to_end() {
                break lived;
            }
            restarts.retain(|at| at.elapsed() < limit.within);
            if restarts.len() >= limit.restarts {
                break lived;
            }
            restarts.push(Instant::now());
            // An actor that fails without ever waiting must not keep the thread.
            yield_now().await;
        };
        inbox.end().await;
        last.unwrap_or_else(|panic| resume_unwind(panic))
    });
    (reference, task)
}

type Lived<A> = Result<ActorResult<A>, Box<dyn Any + Send>>;

fn has_failed<A: Actor>(lived: &Lived<A>) -> bool {
    match lived {
        Err(_panic) => true,
        Ok(ActorResult::Failed { phase, .. }) => *phase != Phase::OnStop,
        Ok(ActorResult::Completed { .. }) => false,
    }
}

/// Runs `future` to its end, or to its panic. What it borrows stays: here, the mailbox.
async fn catch_panic<F: Future>(future: F) -> Result<F::Output, Box<dyn Any + Send>> {
    let mut future = pin!(future);
    // Nobody looks at the actor after its panic: it is gone with the future.
    poll_fn(|cx| {
        let polled = catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx)));
        polled.map_or_else(|panic| Poll::Ready(Err(panic)), |poll| poll.map(Ok))
    })
    .await
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
        self.mailbox.send(message).await.map_err(|_| Closed)
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
        let (reply, answer) = oneshot::channel();
        self.tell(question(reply)).await?;
        answer.await.map_err(|_| Closed)
    }

    /// Asks the actor to end when it has handled all that was accepted. Then comes `on_stop(false)`.
    ///
    /// It never waits, not even while the mailbox is full, and needs no runtime. The actor hears of it when it is between two messages, also if more of them wait.
    pub fn stop(&self) {
        self.give(Order::Stop);
    }

    /// Asks the actor to end now: after the message in hand, it handles none, and calls `on_stop(true)`. It goes before a
    /// [`stop`](Self::stop) that is under way, until `on_stop` has begun.
    ///
    /// It never waits, and needs no runtime.
    pub fn kill(&self) {
        self.give(Order::Kill);
    }

    /// A reference that does not keep the actor alive.
    pub fn downgrade(&self) -> WeakRef<A> {
        WeakRef {
            mailbox: self.mailbox.downgrade(),
            order: self.order.clone(),
        }
    }

    /// An order is never taken back: to stop what was killed changes nothing.
    fn give(&self, order: Order) {
        self.order.send_if_modified(|current| {
            let is_new = order > *current;
            *current = order.max(*current);
            is_new
        });
    }
}

impl<A: Actor> WeakRef<A> {
    /// A full reference, as long as there is any. `None` after the last one was dropped.
    pub fn upgrade(&self) -> Option<ActorRef<A>> {
        Some(ActorRef {
            mailbox: self.mailbox.upgrade()?,
            order: self.order.clone(),
        })
    }
}
