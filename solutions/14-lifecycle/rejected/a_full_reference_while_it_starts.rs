//! rejected: a_weak_reference_keeps_nobody_alive
//! says: your task has a reference of its own meanwhile
//! thinks: "The actor shall not end before it has begun, so the frame holds a reference until it is made."

use std::{
    any::Any,
    collections::VecDeque,
    future::{pending, poll_fn, ready},
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    pin::pin,
    sync::Arc,
    time::Duration,
};
use tokio::{
    select,
    sync::{mpsc, oneshot, watch},
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

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd)]
enum Order {
    Go,
    Stop,
    Kill,
}

pub struct ActorRef<A: Actor> {
    messages: mpsc::Sender<A::Message>,
    orders: Arc<watch::Sender<Order>>,
}

impl<A: Actor> Clone for ActorRef<A> {
    fn clone(&self) -> Self {
        Self {
            messages: self.messages.clone(),
            orders: self.orders.clone(),
        }
    }
}

pub struct WeakRef<A: Actor> {
    messages: mpsc::WeakSender<A::Message>,
    orders: Arc<watch::Sender<Order>>,
}

impl<A: Actor> Clone for WeakRef<A> {
    fn clone(&self) -> Self {
        Self {
            messages: self.messages.clone(),
            orders: self.orders.clone(),
        }
    }
}

type Panic = Box<dyn Any + Send>;

enum End<A: Actor> {
    Result(ActorResult<A>),
    Panic(Panic),
}

struct Frame<A: Actor> {
    inbox: mpsc::Receiver<A::Message>,
    orders: watch::Receiver<Order>,
    me: WeakRef<A>,
}

async fn caught<T>(future: impl Future<Output = T>) -> Result<T, Panic> {
    let mut future = pin!(future);
    poll_fn(
        |cx| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx))) {
            Ok(poll) => poll.map(Ok),
            Err(panic) => std::task::Poll::Ready(Err(panic)),
        },
    )
    .await
}

impl<A: Actor> Frame<A> {
    async fn life(&mut self, args: A::Args) -> ActorResult<A> {
        let full = self.me.upgrade();
        let made = A::on_start(args, self.me.clone()).await;
        drop(full);
        let mut actor = match made {
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
                Order::Kill => break true,
                Order::Stop => self.inbox.close(),
                Order::Go => {}
            }
            select! {
                biased;
                Ok(()) = self.orders.changed() => {}
                message = self.inbox.recv() => match message {
                    Some(message) => actor.handle(message).await,
                    None => break *self.orders.borrow() == Order::Kill,
                },
                result = actor.on_run() => {
                    if let Err(error) = result {
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
        self.drain().await;
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

    async fn drain(&mut self) {
        self.inbox.close();
        while self.inbox.recv().await.is_some() {}
    }

    async fn one(&mut self, args: A::Args) -> End<A> {
        match caught(self.life(args)).await {
            Ok(result) => End::Result(result),
            Err(panic) => End::Panic(panic),
        }
    }

    async fn end(mut self, end: End<A>) -> ActorResult<A> {
        self.drain().await;
        match end {
            End::Result(result) => result,
            End::Panic(panic) => resume_unwind(panic),
        }
    }

    /// Is there anything to do for a new life?
    fn goes_on(&mut self) -> bool {
        let order = *self.orders.borrow();
        match order {
            Order::Kill => return false,
            Order::Stop => self.inbox.close(),
            Order::Go => {}
        }
        !(self.inbox.is_closed() && self.inbox.is_empty())
    }
}

fn frame<A: Actor>(capacity: usize) -> (ActorRef<A>, Frame<A>) {
    let (messages, inbox) = mpsc::channel(capacity);
    let (orders, receiver) = watch::channel(Order::Go);
    let address = ActorRef {
        messages,
        orders: Arc::new(orders),
    };
    let frame = Frame {
        inbox,
        orders: receiver,
        me: address.downgrade(),
    };
    (address, frame)
}

pub fn spawn<A: Actor>(
    args: A::Args,
    capacity: usize,
) -> (ActorRef<A>, JoinHandle<ActorResult<A>>) {
    let (address, mut frame) = frame(capacity);
    let task = tokio::spawn(async move {
        let end = frame.one(args).await;
        frame.end(end).await
    });
    (address, task)
}

pub fn supervise<A: Actor>(
    args: A::Args,
    capacity: usize,
    limit: Limit,
) -> (ActorRef<A>, JoinHandle<ActorResult<A>>)
where
    A::Args: Clone,
{
    let (address, mut frame) = frame(capacity);
    let task = tokio::spawn(async move {
        let mut restarts: VecDeque<Instant> = VecDeque::new();
        let mut end = frame.one(args.clone()).await;
        loop {
            let is_last = matches!(
                end,
                End::Result(
                    ActorResult::Completed { .. }
                        | ActorResult::Failed {
                            phase: Phase::OnStop,
                            ..
                        }
                )
            );
            while restarts
                .front()
                .is_some_and(|at| at.elapsed() >= limit.within)
            {
                restarts.pop_front();
            }
            if is_last || restarts.len() >= limit.restarts || !frame.goes_on() {
                return frame.end(end).await;
            }
            // It is gone before the next one is made.
            if let End::Result(ActorResult::Failed { actor, .. }) = &mut end {
                *actor = None;
            }
            yield_now().await;
            if !frame.goes_on() {
                return frame.end(end).await;
            }
            drop(end);
            restarts.push_back(Instant::now());
            end = frame.one(args.clone()).await;
        }
    });
    (address, task)
}

impl<A: Actor> ActorRef<A> {
    pub async fn tell(&self, message: A::Message) -> Result<(), Closed> {
        self.messages.send(message).await.map_err(|_| Closed)
    }

    pub async fn ask<T>(
        &self,
        question: impl FnOnce(oneshot::Sender<T>) -> A::Message,
    ) -> Result<T, Closed> {
        let (reply, answer) = oneshot::channel();
        self.tell(question(reply)).await?;
        answer.await.map_err(|_| Closed)
    }

    fn order(&self, order: Order) {
        self.orders.send_if_modified(|now| {
            let is_more = *now < order;
            if is_more {
                *now = order;
            }
            is_more
        });
    }

    pub fn stop(&self) {
        self.order(Order::Stop);
    }

    pub fn kill(&self) {
        self.order(Order::Kill);
    }

    pub fn downgrade(&self) -> WeakRef<A> {
        WeakRef {
            messages: self.messages.downgrade(),
            orders: self.orders.clone(),
        }
    }
}

impl<A: Actor> WeakRef<A> {
    pub fn upgrade(&self) -> Option<ActorRef<A>> {
        Some(ActorRef {
            messages: self.messages.upgrade()?,
            orders: self.orders.clone(),
        })
    }
}
