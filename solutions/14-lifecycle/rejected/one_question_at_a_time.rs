//! rejected: what_is_told_is_handled_in_order
//! says: an earlier one is still to come
//! thinks: "One question at a time, so that no answer is mistaken for another."

use std::{
    any::Any,
    collections::VecDeque,
    future::{pending, poll_fn, ready},
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    pin::pin,
    sync::Arc,
    task::Poll,
    time::Duration,
};
use tokio::{
    sync::{Mutex, mpsc, oneshot, watch},
    task::{JoinHandle, yield_now},
    time::Instant,
};

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

    /// Handles one message. What goes wrong with it is told to whoever asked, in the answer.
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
    mailbox: mpsc::Sender<A::Message>,
    orders: Arc<watch::Sender<Order>>,
    turn: Arc<Mutex<()>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Order {
    Live,
    Stop,
    Kill,
}

impl<A: Actor> Clone for ActorRef<A> {
    fn clone(&self) -> Self {
        Self {
            mailbox: self.mailbox.clone(),
            orders: self.orders.clone(),
            turn: self.turn.clone(),
        }
    }
}

/// Knows an actor, and does not keep it alive.
pub struct WeakRef<A: Actor> {
    mailbox: mpsc::WeakSender<A::Message>,
    orders: Arc<watch::Sender<Order>>,
    turn: Arc<Mutex<()>>,
}

impl<A: Actor> Clone for WeakRef<A> {
    fn clone(&self) -> Self {
        Self {
            mailbox: self.mailbox.clone(),
            orders: self.orders.clone(),
            turn: self.turn.clone(),
        }
    }
}

/// How one life went, if it did not panic.
type Life<A> = Result<ActorResult<A>, Box<dyn Any + Send>>;

struct Frame<A: Actor> {
    mailbox: mpsc::Receiver<A::Message>,
    orders: watch::Receiver<Order>,
    me: WeakRef<A>,
}

impl<A: Actor> Frame<A> {
    fn new(capacity: usize) -> (ActorRef<A>, Self) {
        let (mailbox, inbox) = mpsc::channel(capacity);
        let (orders, heard) = watch::channel(Order::Live);
        let address = ActorRef {
            mailbox,
            orders: Arc::new(orders),
            turn: Arc::default(),
        };
        let me = address.downgrade();
        let frame = Self {
            mailbox: inbox,
            orders: heard,
            me,
        };
        (address, frame)
    }

    fn order(&self) -> Order {
        *self.orders.borrow()
    }

    async fn catch(&mut self, args: A::Args) -> Life<A> {
        let mut life = pin!(self.life(args));
        poll_fn(
            |cx| match catch_unwind(AssertUnwindSafe(|| life.as_mut().poll(cx))) {
                Ok(poll) => poll.map(Ok),
                Err(panic) => Poll::Ready(Err(panic)),
            },
        )
        .await
    }

    async fn life(&mut self, args: A::Args) -> ActorResult<A> {
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
            let order = *self.orders.borrow_and_update();
            match order {
                Order::Live => {}
                Order::Stop => self.mailbox.close(),
                Order::Kill => break true,
            }
            tokio::select! {
                biased;
                Ok(()) = self.orders.changed() => {}
                message = self.mailbox.recv() => match message {
                    Some(message) => actor.handle(message).await,
                    None => break self.order() == Order::Kill,
                },
                done = actor.on_run() => {
                    if let Err(error) = done {
                        return ActorResult::Failed {
                            actor: Some(actor),
                            error,
                            phase: Phase::OnRun,
                            killed: false,
                        };
                    }
                    yield_now().await;
                }
            }
        };
        self.empty().await;
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

    /// Nothing is accepted any more, and whoever asked is told.
    async fn empty(&mut self) {
        self.mailbox.close();
        while self.mailbox.recv().await.is_some() {}
    }

    async fn end(mut self, life: Life<A>) -> ActorResult<A> {
        self.empty().await;
        match life {
            Ok(result) => result,
            Err(panic) => resume_unwind(panic),
        }
    }

    /// Whether a new actor would have anything to do.
    fn goes_on(&self) -> bool {
        match self.order() {
            Order::Kill => false,
            Order::Stop => !self.mailbox.is_empty(),
            Order::Live => !(self.mailbox.is_closed() && self.mailbox.is_empty()),
        }
    }
}

/// Starts an actor.
pub fn spawn<A: Actor>(
    args: A::Args,
    capacity: usize,
) -> (ActorRef<A>, JoinHandle<ActorResult<A>>) {
    let (address, mut frame) = Frame::new(capacity);
    let task = tokio::spawn(async move {
        let life = frame.catch(args).await;
        frame.end(life).await
    });
    (address, task)
}

/// As [`spawn`], with restarts.
pub fn supervise<A: Actor>(
    args: A::Args,
    capacity: usize,
    limit: Limit,
) -> (ActorRef<A>, JoinHandle<ActorResult<A>>)
where
    A::Args: Clone,
{
    let (address, mut frame) = Frame::<A>::new(capacity);
    let task = tokio::spawn(async move {
        let mut restarts: VecDeque<Instant> = VecDeque::new();
        loop {
            let life = frame.catch(args.clone()).await;
            let failed = match &life {
                Ok(ActorResult::Completed { .. }) => false,
                Ok(ActorResult::Failed { phase, .. }) => *phase != Phase::OnStop,
                Err(_) => true,
            };
            if !failed || !frame.goes_on() {
                return frame.end(life).await;
            }
            while restarts
                .front()
                .is_some_and(|restart| restart.elapsed() >= limit.within)
            {
                restarts.pop_front();
            }
            if restarts.len() >= limit.restarts {
                return frame.end(life).await;
            }
            restarts.push_back(Instant::now());
            drop(life);
            yield_now().await;
        }
    });
    (address, task)
}

impl<A: Actor> ActorRef<A> {
    /// Sends a message, and waits for a slot in the mailbox.
    pub async fn tell(&self, message: A::Message) -> Result<(), Closed> {
        self.mailbox.send(message).await.map_err(|_| Closed)
    }

    /// Sends a question, and waits for the answer.
    pub async fn ask<T>(
        &self,
        question: impl FnOnce(oneshot::Sender<T>) -> A::Message,
    ) -> Result<T, Closed> {
        let _turn = self.turn.lock().await;
        let (reply, answer) = oneshot::channel();
        self.tell(question(reply)).await?;
        answer.await.map_err(|_| Closed)
    }

    /// Asks the actor to end when it has handled all that was accepted.
    pub fn stop(&self) {
        self.order(Order::Stop);
    }

    /// Asks the actor to end now.
    pub fn kill(&self) {
        self.order(Order::Kill);
    }

    fn order(&self, new: Order) {
        self.orders.send_if_modified(|order| {
            let more = new > *order;
            *order = new.max(*order);
            more
        });
    }

    /// A reference that does not keep the actor alive.
    pub fn downgrade(&self) -> WeakRef<A> {
        WeakRef {
            mailbox: self.mailbox.downgrade(),
            orders: self.orders.clone(),
            turn: self.turn.clone(),
        }
    }
}

impl<A: Actor> WeakRef<A> {
    /// A full reference, as long as there is any. `None` after the last one was dropped.
    pub fn upgrade(&self) -> Option<ActorRef<A>> {
        Some(ActorRef {
            mailbox: self.mailbox.upgrade()?,
            orders: self.orders.clone(),
            turn: self.turn.clone(),
        })
    }
}
