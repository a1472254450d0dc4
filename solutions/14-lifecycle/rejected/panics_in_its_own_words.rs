//! rejected: a_panic_is_seen_by_the_holder_of_the_handle
//! says: it gives that panic, and not one that tells of it
//! thinks: "I panic again, with what the actor said."

use std::{
    any::Any,
    future::{pending, poll_fn, ready},
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    task::Poll,
    time::Duration,
};
use tokio::{
    sync::{mpsc, oneshot, watch},
    task::{JoinHandle, yield_now},
    time::Instant,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closed;

pub trait Actor: Sized + Send + 'static {
    type Args: Send + 'static;
    type Message: Send + 'static;
    type Error: Send + 'static;

    fn on_start(
        args: Self::Args,
        me: WeakRef<Self>,
    ) -> impl Future<Output = Result<Self, Self::Error>> + Send;

    fn handle(&mut self, message: Self::Message) -> impl Future<Output = ()> + Send;

    fn on_run(&mut self) -> impl Future<Output = Result<(), Self::Error>> + Send {
        pending()
    }

    fn on_stop(&mut self, killed: bool) -> impl Future<Output = Result<(), Self::Error>> + Send {
        let _ = killed;
        ready(Ok(()))
    }
}

#[derive(Debug)]
pub enum ActorResult<A: Actor> {
    Completed {
        actor: A,
        killed: bool,
    },
    Failed {
        actor: Option<A>,
        error: A::Error,
        phase: Phase,
        killed: bool,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    OnStart,
    OnRun,
    OnStop,
}

#[derive(Debug, Clone, Copy)]
pub struct Limit {
    pub restarts: usize,
    pub within: Duration,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Order {
    GoOn,
    Stop,
    Kill,
}

pub struct ActorRef<A: Actor> {
    mailbox: mpsc::Sender<A::Message>,
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

pub struct WeakRef<A: Actor> {
    mailbox: mpsc::WeakSender<A::Message>,
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
                biased;
                Ok(()) = self.orders.changed() => {}
                message = self.messages.recv() => match message {
                    Some(message) => actor.handle(message).await,
                    None => break false,
                },
                done = actor.on_run() => match done {
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

    async fn end(mut self) {
        self.messages.close();
        while self.messages.recv().await.is_some() {}
    }

    fn is_to_end(&self) -> bool {
        match *self.orders.borrow() {
            Order::GoOn => self.messages.is_closed() && self.messages.is_empty(),
            Order::Stop => self.messages.is_empty(),
            Order::Kill => true,
        }
    }
}

pub fn spawn<A: Actor>(
    args: A::Args,
    capacity: usize,
) -> (ActorRef<A>, JoinHandle<ActorResult<A>>) {
    let (reference, mut inbox) = Inbox::new(capacity);
    let task = tokio::spawn(async move {
        let lived = catch_panic(inbox.live(args)).await;
        inbox.end().await;
        lived.unwrap_or_else(|panic| panic_again(&*panic))
    });
    (reference, task)
}

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
            yield_now().await;
        };
        inbox.end().await;
        last.unwrap_or_else(|panic| panic_again(&*panic))
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

fn panic_again(panic: &(dyn Any + Send)) -> ! {
    match panic.downcast_ref::<String>() {
        Some(text) => panic!("{text}"),
        None => panic!("the actor panicked"),
    }
}

async fn catch_panic<F: Future>(future: F) -> Result<F::Output, Box<dyn Any + Send>> {
    let mut future = pin!(future);
    poll_fn(|cx| {
        let polled = catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx)));
        polled.map_or_else(|panic| Poll::Ready(Err(panic)), |poll| poll.map(Ok))
    })
    .await
}

impl<A: Actor> ActorRef<A> {
    pub async fn tell(&self, message: A::Message) -> Result<(), Closed> {
        self.mailbox.send(message).await.map_err(|_| Closed)
    }

    pub async fn ask<T>(
        &self,
        question: impl FnOnce(oneshot::Sender<T>) -> A::Message,
    ) -> Result<T, Closed> {
        let (reply, answer) = oneshot::channel();
        self.tell(question(reply)).await?;
        answer.await.map_err(|_| Closed)
    }

    pub fn stop(&self) {
        self.give(Order::Stop);
    }

    pub fn kill(&self) {
        self.give(Order::Kill);
    }

    pub fn downgrade(&self) -> WeakRef<A> {
        WeakRef {
            mailbox: self.mailbox.downgrade(),
            order: self.order.clone(),
        }
    }

    fn give(&self, order: Order) {
        self.order.send_if_modified(|current| {
            let is_new = order > *current;
            *current = order.max(*current);
            is_new
        });
    }
}

impl<A: Actor> WeakRef<A> {
    pub fn upgrade(&self) -> Option<ActorRef<A>> {
        Some(ActorRef {
            mailbox: self.mailbox.upgrade()?,
            order: self.order.clone(),
        })
    }
}
