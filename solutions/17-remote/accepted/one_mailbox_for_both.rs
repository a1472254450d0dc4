//! accepted: one kind of message, which an actor receives, or a task with a connection to it: the handle of chapter 1 with a time-out, and no enum. A task for each
//! call waits until its caller gives up: simple, and one more task a call.

use std::{
    collections::{HashMap, VecDeque},
    convert::Infallible,
    io,
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, split},
    select,
    sync::{mpsc, oneshot},
    task::JoinSet,
    time::{Instant, timeout},
};
pub use wire::{AT_ONCE, CallError, CallId};
use wire::{Answer, Incoming, Outgoing, Request};

pub const REMEMBERED: usize = 1000;

/// The handle of chapter 1: a Sender. What receives is the actor, or a task that has a connection to it.
#[derive(Clone)]
pub struct SequencerHandle {
    sender: mpsc::Sender<Ask>,
    /// So long a call may take. Here, it waits for as long as the actor lives.
    within: Option<Duration>,
    /// Nothing is ever sent. Dropped with the last handle, it ends the connection's task, whatever that does.
    _alive: mpsc::Sender<Infallible>,
}

struct Ask {
    call: CallId,
    deadline: Option<Instant>,
    reply: oneshot::Sender<Result<u64, CallError>>,
}

impl SequencerHandle {
    pub fn new() -> Self {
        let (sender, mailbox) = mpsc::channel(8);
        let (_alive, _) = mpsc::channel(1);
        tokio::spawn(sequencer(mailbox));
        Self {
            sender,
            within: None,
            _alive,
        }
    }

    pub fn connect<C, F, S>(connect: C, within: Duration) -> Self
    where
        C: FnMut() -> F + Send + 'static,
        F: Future<Output = io::Result<S>> + Send + 'static,
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let (sender, mailbox) = mpsc::channel(8);
        let (_alive, mut handles) = mpsc::channel(1);
        tokio::spawn(async move {
            select! {
                () = client(mailbox, connect, within) => {}
                _ = handles.recv() => {}
            }
        });
        Self {
            sender,
            within: Some(within),
            _alive,
        }
    }

    pub async fn next_number(&self) -> Result<u64, CallError> {
        self.next_number_as(CallId::new()).await
    }

    pub async fn next_number_as(&self, call: CallId) -> Result<u64, CallError> {
        let Some(within) = self.within else {
            return self.ask(call, None).await;
        };
        let deadline = Instant::now().checked_add(within);
        let asked = timeout(within, self.ask(call, deadline)).await;
        asked.unwrap_or(Err(CallError::TimedOut))
    }

    async fn ask(&self, call: CallId, deadline: Option<Instant>) -> Result<u64, CallError> {
        let (reply, answer) = oneshot::channel();
        let ask = Ask {
            call,
            deadline,
            reply,
        };
        let _ = self.sender.send(ask).await;
        answer.await.unwrap_or_else(|_| {
            // A task that is still there has forgotten the call since its connection broke.
            Err(if self.sender.is_closed() {
                CallError::Closed
            } else {
                CallError::Net
            })
        })
    }
}

async fn sequencer(mut mailbox: mpsc::Receiver<Ask>) {
    let mut last = 0;
    let mut numbers = HashMap::new();
    let mut order = VecDeque::new();
    while let Some(Ask { call, reply, .. }) = mailbox.recv().await {
        let number = *numbers.entry(call).or_insert_with(|| {
            last += 1;
            order.push_back(call);
            last
        });
        if order.len() > REMEMBERED
            && let Some(oldest) = order.pop_front()
        {
            numbers.remove(&oldest);
        }
        let _ = reply.send(Ok(number));
    }
}

async fn client<C, F, S>(mut mailbox: mpsc::Receiver<Ask>, mut connect: C, within: Duration)
where
    C: FnMut() -> F,
    F: Future<Output = io::Result<S>>,
    S: AsyncRead + AsyncWrite,
{
    while let Some(first) = mailbox.recv().await {
        match timeout(within, connect()).await {
            Ok(Ok(stream)) => {
                let _ = connected(&mut mailbox, stream, first).await;
            }
            _ => {
                let _ = first.reply.send(Err(CallError::Net));
            }
        }
    }
}

async fn connected<S>(mailbox: &mut mpsc::Receiver<Ask>, stream: S, first: Ask) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite,
{
    let (reader, writer) = split(stream);
    let (mut answers, mut requests) = (Incoming::new(reader), Outgoing::new(writer));
    let mut pending: HashMap<u64, oneshot::Sender<_>> = HashMap::new();
    // Each waits for an answer, and for its caller to give up.
    let mut couriers = JoinSet::new();
    let (mut last_id, mut ask) = (0, Some(first));
    loop {
        if let Some(ask) = ask.take() {
            last_id += 1;
            let (id, call) = (last_id, ask.call);
            let now = Instant::now();
            let within = (ask.deadline).map_or(Duration::MAX, |deadline| deadline - now);
            let (answer, answered) = oneshot::channel();
            requests.push(Request::Next { id, call, within });
            pending.insert(id, answer);
            couriers.spawn(courier(id, answered, ask.reply));
        }
        select! {
            answer = answers.next::<Answer>() => match answer? {
                Some(Answer { id, number }) => {
                    if let Some(answer) = pending.remove(&id) {
                        let _ = answer.send(number);
                    }
                }
                None => return Ok(()),
            },
            Some(done) = couriers.join_next() => {
                if let Ok(Some(id)) = done && pending.remove(&id).is_some() {
                    requests.push(Request::Cancel { id });
                }
            }
            next = mailbox.recv(), if pending.len() < AT_ONCE && !requests.is_full() => ask = next,
            written = requests.write(), if !requests.is_empty() => written?,
        }
    }
}

/// The id of a call that was given up.
async fn courier(
    id: u64,
    answered: oneshot::Receiver<Result<u64, CallError>>,
    mut reply: oneshot::Sender<Result<u64, CallError>>,
) -> Option<u64> {
    select! {
        number = answered => {
            // An error drops the reply, and the caller hears of that.
            if let Ok(number) = number {
                let _ = reply.send(number);
            }
            None
        }
        () = reply.closed() => Some(id),
    }
}

pub async fn serve<S>(handle: SequencerHandle, stream: S)
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    // An error: the client has broken the protocol, or the network has broken the connection. Both end it, and nobody has to know more.
    let _ = connection(handle, stream).await;
}

async fn connection<S>(handle: SequencerHandle, stream: S) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite,
{
    let (reader, writer) = split(stream);
    let (mut requests, mut answers) = (Incoming::new(reader), Outgoing::new(writer));
    // Dropped with this future, it ends all of them.
    let mut calls = JoinSet::new();
    let mut under_way = HashMap::new();
    loop {
        // Each of these is cancel safe.
        select! {
            request = requests.next(), if !answers.is_full() => match request? {
                Some(Request::Next { id, call, within }) if under_way.len() < AT_ONCE => {
                    let handle = handle.clone();
                    let job = calls.spawn(async move {
                        let number = timeout(within, handle.next_number_as(call)).await;
                        let number = number.unwrap_or(Err(CallError::TimedOut));
                        Answer { id, number }
                    });
                    under_way.insert(id, job);
                }
                Some(Request::Cancel { id }) => {
                    if let Some(job) = under_way.remove(&id) {
                        job.abort();
                    }
                }
                _ => return Ok(()),
            },
            Some(done) = calls.join_next() => {
                if let Ok(answer) = done && under_way.remove(&answer.id).is_some() {
                    answers.push(answer);
                }
            }
            written = answers.write(), if !answers.is_empty() => written?,
        }
    }
}
