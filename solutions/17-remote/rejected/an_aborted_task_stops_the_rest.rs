//! rejected: a_call_that_is_given_up_costs_nobody
//! says: an answer, after a Cancel, came only after
//! thinks: "A task that was aborted has no answer, so I match those that have one: `Some(Ok(answer))`."

use std::{
    collections::{HashMap, VecDeque},
    io,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
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

#[derive(Clone)]
pub enum SequencerHandle {
    Local(LocalHandle),
    Remote(RemoteHandle),
}

impl SequencerHandle {
    pub fn new() -> Self {
        let (sender, mailbox) = mpsc::channel(8);
        tokio::spawn(Sequencer::new(mailbox).run());
        Self::Local(LocalHandle { sender })
    }

    pub fn connect<C, F, S>(connect: C, within: Duration) -> Self
    where
        C: FnMut() -> F + Send + 'static,
        F: Future<Output = io::Result<S>> + Send + 'static,
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let (sender, mailbox) = mpsc::channel(8);
        let (given_up, over) = mpsc::unbounded_channel();
        let client = Client { mailbox, over };
        let mut task = JoinSet::new();
        task.spawn(client.run(connect, within));
        Self::Remote(RemoteHandle {
            sender,
            given_up,
            ids: Arc::new(AtomicU64::new(0)),
            within,
            _task: Arc::new(task),
        })
    }

    pub async fn next_number(&self) -> Result<u64, CallError> {
        self.next_number_as(CallId::new()).await
    }

    pub async fn next_number_as(&self, call: CallId) -> Result<u64, CallError> {
        match self {
            Self::Local(local) => local.next_number_as(call).await,
            Self::Remote(remote) => timeout(remote.within, remote.next_number_as(call))
                .await
                .unwrap_or(Err(CallError::TimedOut)),
        }
    }
}

#[derive(Clone)]
pub struct LocalHandle {
    sender: mpsc::Sender<Next>,
}

impl LocalHandle {
    async fn next_number_as(&self, call: CallId) -> Result<u64, CallError> {
        let (reply, answer) = oneshot::channel();
        let _ = self.sender.send(Next { call, reply }).await;
        answer.await.map_err(|_| CallError::Closed)
    }
}

struct Next {
    call: CallId,
    reply: oneshot::Sender<u64>,
}

struct Sequencer {
    mailbox: mpsc::Receiver<Next>,
    last: u64,
    numbers: HashMap<CallId, u64>,
    /// The same calls, oldest first.
    order: VecDeque<CallId>,
}

impl Sequencer {
    fn new(mailbox: mpsc::Receiver<Next>) -> Self {
        Self {
            mailbox,
            last: 0,
            numbers: HashMap::new(),
            order: VecDeque::new(),
        }
    }

    async fn run(mut self) {
        while let Some(Next { call, reply }) = self.mailbox.recv().await {
            let number = self.number_of(call);
            let _ = reply.send(number);
        }
    }

    fn number_of(&mut self, call: CallId) -> u64 {
        if let Some(number) = self.numbers.get(&call) {
            return *number;
        }
        if self.order.len() == REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.numbers.remove(&oldest);
        }
        self.last += 1;
        self.numbers.insert(call, self.last);
        self.order.push_back(call);
        self.last
    }
}

#[derive(Clone)]
pub struct RemoteHandle {
    /// The connection's task receives from the other end.
    sender: mpsc::Sender<Ask>,
    /// Ids of calls that are over. Unbounded, since a `Drop` cannot wait; there is one for each message that was accepted.
    given_up: mpsc::UnboundedSender<u64>,
    ids: Arc<AtomicU64>,
    within: Duration,
    /// Dropped with the last handle, it ends the task: nobody can be waiting for it then.
    _task: Arc<JoinSet<()>>,
}

struct Ask {
    id: u64,
    call: CallId,
    /// `None`: further away than a clock can say.
    deadline: Option<Instant>,
    reply: oneshot::Sender<Result<u64, CallError>>,
}

/// A call that waits. Dropped, it says that it no longer does.
struct Waiting<'a> {
    id: u64,
    given_up: &'a mpsc::UnboundedSender<u64>,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        // An error: the task is gone, and has forgotten it.
        let _ = self.given_up.send(self.id);
    }
}

impl RemoteHandle {
    async fn next_number_as(&self, call: CallId) -> Result<u64, CallError> {
        let deadline = Instant::now().checked_add(self.within);
        let slot = self.sender.reserve().await.map_err(|_| CallError::Closed)?;
        let id = self.ids.fetch_add(1, Relaxed);
        let _waiting = Waiting {
            id,
            given_up: &self.given_up,
        };
        let (reply, answer) = oneshot::channel();
        slot.send(Ask {
            id,
            call,
            deadline,
            reply,
        });
        // Dropped without an answer: with the connection, or before there was one.
        answer.await.unwrap_or(Err(CallError::Net))
    }
}

/// Owns the connection, if there is one.
struct Client {
    /// When the last handle is dropped, the task is aborted, so this need not notice it.
    mailbox: mpsc::Receiver<Ask>,
    /// Which calls are over.
    over: mpsc::UnboundedReceiver<u64>,
}

impl Client {
    async fn run<C, F, S>(mut self, mut connect: C, within: Duration)
    where
        C: FnMut() -> F,
        F: Future<Output = io::Result<S>>,
        S: AsyncRead + AsyncWrite,
    {
        while let Some(mut first) = self.mailbox.recv().await {
            // Nobody else empties it while there is no connection.
            while self.over.try_recv().is_ok() {}
            let stream = select! {
                stream = timeout(within, connect()) => stream,
                () = first.reply.closed() => continue,
            };
            // An error of either kind drops `first`, which tells its caller.
            if let Ok(Ok(stream)) = stream {
                // So does the end of the connection, for all that are under way.
                let _ = self.connected(stream, first).await;
            }
        }
    }

    async fn connected<S>(&mut self, stream: S, first: Ask) -> io::Result<()>
    where
        S: AsyncRead + AsyncWrite,
    {
        let (reader, writer) = split(stream);
        let (mut answers, mut requests) = (Incoming::new(reader), Outgoing::new(writer));
        let mut pending = HashMap::new();
        let mut ask = Some(first);
        loop {
            if let Some(Ask {
                id,
                call,
                deadline,
                reply,
            }) = ask.take()
                && !reply.is_closed()
            {
                let now = Instant::now();
                let within = deadline.map_or(Duration::MAX, |deadline| deadline - now);
                requests.push(Request::Next { id, call, within });
                pending.insert(id, reply);
            }
            // Each of these is cancel safe.
            select! {
                answer = answers.next() => match answer? {
                    Some(Answer { id, number }) => {
                        // Without an entry: it is late.
                        if let Some(reply) = pending.remove(&id) {
                            let _: Result<(), _> = reply.send(number);
                        }
                    }
                    None => return Ok(()),
                },
                Some(id) = self.over.recv() => {
                    if pending.remove(&id).is_some() {
                        requests.push(Request::Cancel { id });
                    }
                }
                next = self.mailbox.recv(), if pending.len() < AT_ONCE && !requests.is_full() => ask = next,
                written = requests.write(), if !requests.is_empty() => written?,
            }
        }
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
            Some(Ok(answer)) = calls.join_next() => {
                if under_way.remove(&answer.id).is_some() {
                    answers.push(answer);
                }
            }
            written = answers.write(), if !answers.is_empty() => written?,
        }
    }
}
