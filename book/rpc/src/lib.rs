//! A handle over tarpc, tried: what chapter 17 says of it. Nothing else builds this crate.

use futures_util::StreamExt;
use std::{
    pin::pin,
    time::{Duration, Instant},
};
use tarpc::{
    ClientMessage, Response, Transport,
    client::{self, RpcError},
    context,
    server::{BaseChannel, Channel},
};
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinSet,
};

// ANCHOR: service
#[tarpc::service]
pub trait Dispenser {
    /// The next number, for the call with this name. `None`: the actor is gone.
    async fn next(call: u128) -> Option<u64>;
}
// ANCHOR_END: service

/// What `#[tarpc::service]` has made of it, as it goes over the wire.
pub type Requests = ClientMessage<DispenserRequest>;
pub type Answers = Response<DispenserResponse>;

/// A question to the actor: for which call, and where the number goes.
pub type Ask = (u128, oneshot::Sender<u64>);

// ANCHOR: server
#[derive(Clone)]
struct Server {
    /// To the actor: the recipe, as ever.
    actor: mpsc::Sender<Ask>,
}

impl Dispenser for Server {
    async fn next(self, _: context::Context, call: u128) -> Option<u64> {
        let (reply, answer) = oneshot::channel();
        let _ = self.actor.send((call, reply)).await;
        answer.await.ok()
    }
}
// ANCHOR_END: server

// ANCHOR: serve
pub async fn serve<T>(actor: mpsc::Sender<Ask>, transport: T)
where
    T: Transport<Answers, Requests> + 'static,
{
    let channel = BaseChannel::with_defaults(transport);
    let mut calls = pin!(channel.execute(Server { actor }.serve()));
    // Dropped with the connection, it ends what is still under way.
    let mut jobs = JoinSet::new();
    while let Some(call) = calls.next().await {
        jobs.spawn(call);
        while jobs.try_join_next().is_some() {}
    }
}
// ANCHOR_END: serve

/// Why there is no number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallError {
    /// The actor is gone.
    Closed,
    /// No answer came in time.
    TimedOut,
    /// The connection is gone, and with it this handle.
    Net,
}

// ANCHOR: handle
#[derive(Clone)]
pub struct RemoteHandle {
    client: DispenserClient,
    within: Duration,
}

impl RemoteHandle {
    pub fn new<T>(transport: T, within: Duration) -> Self
    where
        T: Transport<Requests, Answers> + Send + 'static,
    {
        let config = client::Config::default();
        let client = DispenserClient::new(config, transport).spawn();
        Self { client, within }
    }

    pub async fn next_number_as(&self, call: u128) -> Result<u64, CallError> {
        let mut context = context::current();
        context.deadline = Instant::now() + self.within;
        match self.client.next(context, call).await {
            Ok(number) => number.ok_or(CallError::Closed),
            Err(RpcError::DeadlineExceeded) => Err(CallError::TimedOut),
            Err(_) => Err(CallError::Net),
        }
    }
}
// ANCHOR_END: handle
