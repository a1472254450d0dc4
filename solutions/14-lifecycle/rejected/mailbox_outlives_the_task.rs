//! rejected: a_reference_may_outlive_the_runtime
//! says: Who holds the mailbox
//! thinks: "The mailbox outlives each actor, so the references share it."

use std::{
    any::Any,
    collections::VecDeque,
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

pub struct ActorRef<A: Actor> {
    messages: mpsc::Sender<A::Message>,
    orders: watch::Sender<Order>,
    mailbox: std::sync::Arc<tokio::sync::Mutex<mpsc::Receiver<A::Message>>>,
}

impl<A: Actor> Clone for ActorRef<A> {
    fn clone(&self) -> Self {
        Self {
            messages: self.messages.clone(),
            orders: self.orders.clone(),
            mailbox: self.mailbox.clone(),
        }
    }
}

pub struct WeakRef<A: Actor> {
    messages: mpsc::WeakSender<A::Message>,
    orders: watch::Sender<Order>,
    mailbox: std::sync::Arc<tokio::sync::Mutex<mpsc::Receiver<A::Message>>>,
}

impl<A: Actor> Clone for WeakRef<A> {
    fn clone(&self) -> Self {
        Self {
            messages: self.messages.clone(),
            orders: self.orders.clone(),
            mailbox: self.mailbox.clone(),
        }
    }
}

pub fn spawn<A: Actor>(
    args: A::Args,
    capacity: usize,
) -> (ActorRef<A>, JoinHandle<ActorResult<A>>) {
    let (me, mut mailbox) = open::<A>(capacity);
    let weak = me.downgrade();
    let task = tokio::spawn(async move {
        let ended = catch_panic(live(args, weak, &mut mailbox)).await;
        pass_on(&mut mailbox, ended)
    });
    (me, task)
}

pub fn supervise<A: Actor>(
    args: A::Args,
    capacity: usize,
    limit: Limit,
) -> (ActorRef<A>, JoinHandle<ActorResult<A>>)
where
    A::Args: Clone,
{
    let (me, mut mailbox) = open::<A>(capacity);
    let weak = me.downgrade();
    let task = tokio::spawn(async move {
        let mut restarts: VecDeque<Instant> = VecDeque::new();
        loop {
            let ended = catch_panic(live(args.clone(), weak.clone(), &mut mailbox)).await;
            if let Ok(
                ActorResult::Completed { .. }
                | ActorResult::Failed {
                    phase: Phase::OnStop,
                    ..
                },
            ) = ended
            {
                return pass_on(&mut mailbox, ended);
            }
            restarts.retain(|restart| restart.elapsed() < limit.within);
            if mailbox.is_at_its_end() || restarts.len() >= limit.restarts {
                return pass_on(&mut mailbox, ended);
            }
            restarts.push_back(Instant::now());
            yield_now().await;
            if mailbox.is_at_its_end() {
                return pass_on(&mut mailbox, ended);
            }
        }
    });
    (me, task)
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
            mailbox: self.mailbox.clone(),
        }
    }

    fn order(&self, order: Order) {
        self.orders.send_if_modified(|current| {
            let more = order > *current;
            *current = order.max(*current);
            more
        });
    }
}

impl<A: Actor> WeakRef<A> {
    pub fn upgrade(&self) -> Option<ActorRef<A>> {
        Some(ActorRef {
            messages: self.messages.upgrade()?,
            orders: self.orders.clone(),
            mailbox: self.mailbox.clone(),
        })
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Order {
    Run,
    Stop,
    Kill,
}

struct Mailbox<A: Actor> {
    messages: tokio::sync::OwnedMutexGuard<mpsc::Receiver<A::Message>>,
    orders: watch::Receiver<Order>,
}

fn open<A: Actor>(capacity: usize) -> (ActorRef<A>, Mailbox<A>) {
    let (messages, inbox) = mpsc::channel(capacity);
    let (orders, heard) = watch::channel(Order::Run);
    let shared = std::sync::Arc::new(tokio::sync::Mutex::new(inbox));
    let mailbox = Mailbox {
        messages: shared
            .clone()
            .try_lock_owned()
            .expect("nobody else has it yet"),
        orders: heard,
    };
    let me = ActorRef {
        messages,
        orders,
        mailbox: shared,
    };
    (me, mailbox)
}

enum Next<M, R> {
    Look,
    Message(Option<M>),
    Ran(R),
}

impl<A: Actor> Mailbox<A> {
    fn order(&self) -> Order {
        *self.orders.borrow()
    }

    fn is_at_its_end(&self) -> bool {
        match self.order() {
            Order::Kill => true,
            Order::Stop => self.messages.is_empty(),
            Order::Run => self.messages.is_closed() && self.messages.is_empty(),
        }
    }
}

async fn live<A: Actor>(args: A::Args, me: WeakRef<A>, mailbox: &mut Mailbox<A>) -> ActorResult<A> {
    let mut actor = match A::on_start(args, me).await {
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
        match *mailbox.orders.borrow_and_update() {
            Order::Run => {}
            Order::Stop => mailbox.messages.close(),
            Order::Kill => break true,
        }
        let next = tokio::select! {
            biased;
            Ok(()) = mailbox.orders.changed() => Next::Look,
            message = mailbox.messages.recv() => Next::Message(message),
            ran = actor.on_run() => Next::Ran(ran),
        };
        match next {
            Next::Look => {}
            Next::Message(Some(message)) => actor.handle(message).await,
            Next::Message(None) => break mailbox.order() == Order::Kill,
            Next::Ran(Ok(())) => yield_now().await,
            Next::Ran(Err(error)) => {
                return ActorResult::Failed {
                    actor: Some(actor),
                    error,
                    phase: Phase::OnRun,
                    killed: false,
                };
            }
        }
    };
    mailbox.messages.close();
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

fn pass_on<A: Actor>(
    mailbox: &mut Mailbox<A>,
    ended: Result<ActorResult<A>, Box<dyn Any + Send>>,
) -> ActorResult<A> {
    mailbox.messages.close();
    while mailbox.messages.try_recv().is_ok() {}
    match ended {
        Ok(ended) => ended,
        Err(panic) => resume_unwind(panic),
    }
}

async fn catch_panic<F: Future>(life: F) -> Result<F::Output, Box<dyn Any + Send>> {
    let mut life = pin!(life);
    poll_fn(
        |cx| match catch_unwind(AssertUnwindSafe(|| life.as_mut().poll(cx))) {
            Ok(poll) => poll.map(Ok),
            Err(panic) => Poll::Ready(Err(panic)),
        },
    )
    .await
}
