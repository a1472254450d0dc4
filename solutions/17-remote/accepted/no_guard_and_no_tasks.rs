//! accepted: nothing is told by a guard, and no call is a task. The client sees by `poll_closed` who has left, and the server polls its calls itself: less that moves, and each
//! waking looks at up to a hundred. Its ids count down.

use std::{
    collections::{HashMap, VecDeque},
    future::poll_fn,
    io,
    pin::Pin,
    sync::Arc,
    task::Poll,
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
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
        let memory = Memory::default();
        tokio::spawn(
            Sequencer {
                mailbox,
                last: 0,
                memory,
            }
            .run(),
        );
        Self::Local(LocalHandle { sender })
    }

    pub fn connect<C, F, S>(connect: C, within: Duration) -> Self
    where
        C: FnMut() -> F + Send + 'static,
        F: Future<Output = io::Result<S>> + Send + 'static,
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let (calls, mailbox) = mpsc::channel(1);
        let client = Client {
            connect,
            within,
            mailbox,
            id: u64::MAX,
            pending: HashMap::new(),
        };
        let mut task = JoinSet::new();
        task.spawn(client.run());
        Self::Remote(RemoteHandle {
            calls,
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
            Self::Remote(remote) => remote.next_number_as(call).await,
        }
    }
}

pub async fn serve<S>(handle: SequencerHandle, stream: S)
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let (reader, writer) = tokio::io::split(stream);
    let mut incoming = Incoming::new(reader);
    let mut out = Outgoing::new(writer);
    let mut calls: Vec<(u64, Under)> = Vec::new();
    loop {
        select! {
            request = incoming.next::<Request>(), if !out.is_full() => match request {
                Ok(Some(Request::Next { id, call, within })) => {
                    if calls.len() == AT_ONCE {
                        return;
                    }
                    let handle = handle.clone();
                    let number = timeout(within, async move { handle.next_number_as(call).await });
                    calls.push((id, Box::pin(async move {
                        number.await.unwrap_or(Err(CallError::TimedOut))
                    })));
                }
                Ok(Some(Request::Cancel { id })) => calls.retain(|(known, _)| *known != id),
                Ok(None) | Err(_) => return,
            },
            (id, number) = any(&mut calls) => out.push(Answer { id, number }),
            written = out.write(), if !out.is_empty() => {
                if written.is_err() {
                    return;
                }
            }
        }
    }
}

/// A call under way.
type Under = Pin<Box<dyn Future<Output = Result<u64, CallError>> + Send>>;

/// The first of these that has its result.
async fn any(calls: &mut Vec<(u64, Under)>) -> (u64, Result<u64, CallError>) {
    poll_fn(|cx| {
        for at in 0..calls.len() {
            if let Poll::Ready(number) = calls[at].1.as_mut().poll(cx) {
                let (id, _) = calls.swap_remove(at);
                return Poll::Ready((id, number));
            }
        }
        Poll::Pending
    })
    .await
}

#[derive(Clone)]
pub struct RemoteHandle {
    calls: mpsc::Sender<Call>,
    within: Duration,
    _task: Arc<JoinSet<()>>,
}

struct Call {
    call: CallId,
    deadline: Option<Instant>,
    reply: oneshot::Sender<Result<u64, CallError>>,
}

impl RemoteHandle {
    async fn next_number_as(&self, call: CallId) -> Result<u64, CallError> {
        let deadline = Instant::now().checked_add(self.within);
        let answer = timeout(self.within, async {
            let (reply, answer) = oneshot::channel();
            let sent = self.calls.send(Call {
                call,
                deadline,
                reply,
            });
            sent.await.map_err(|_| CallError::Closed)?;
            answer.await.unwrap_or(Err(CallError::Net))
        });
        answer.await.unwrap_or(Err(CallError::TimedOut))
    }
}

type Pending = HashMap<u64, oneshot::Sender<Result<u64, CallError>>>;

/// The next of these calls that nobody waits for any more.
async fn left(pending: &mut Pending) -> u64 {
    poll_fn(|cx| {
        for (id, reply) in pending.iter_mut() {
            if reply.poll_closed(cx).is_ready() {
                return Poll::Ready(*id);
            }
        }
        Poll::Pending
    })
    .await
}

struct Client<C> {
    connect: C,
    within: Duration,
    mailbox: mpsc::Receiver<Call>,
    id: u64,
    pending: Pending,
}

impl<C, F, S> Client<C>
where
    C: FnMut() -> F + Send + 'static,
    F: Future<Output = io::Result<S>> + Send + 'static,
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    async fn run(mut self) {
        while let Some(first) = self.mailbox.recv().await {
            if first.reply.is_closed() {
                continue;
            }
            match timeout(self.within, (self.connect)()).await {
                Ok(Ok(stream)) => self.converse(first, stream).await,
                _ => {
                    let _ = first.reply.send(Err(CallError::Net));
                }
            }
            self.pending.clear();
        }
    }

    async fn converse(&mut self, first: Call, stream: S) {
        let (reader, writer) = tokio::io::split(stream);
        let mut incoming = Incoming::new(reader);
        let mut out = Outgoing::new(writer);
        self.request(first, &mut out);
        loop {
            let free = self.pending.len() < AT_ONCE && !out.is_full();
            select! {
                answer = incoming.next::<Answer>() => {
                    let Ok(Some(Answer { id, number })) = answer else { return };
                    if let Some(reply) = self.pending.remove(&id) {
                        let _ = reply.send(number);
                    }
                }
                id = left(&mut self.pending) => {
                    self.pending.remove(&id);
                    out.push(Request::Cancel { id });
                }
                Some(call) = self.mailbox.recv(), if free => self.request(call, &mut out),
                written = out.write(), if !out.is_empty() => {
                    if written.is_err() {
                        return;
                    }
                }
            }
        }
    }

    fn request<W: AsyncWrite + Unpin>(&mut self, call: Call, out: &mut Outgoing<W>) {
        if call.reply.is_closed() {
            return;
        }
        let within = call
            .deadline
            .map_or(Duration::MAX, |deadline| deadline - Instant::now());
        out.push(Request::Next {
            id: self.id,
            call: call.call,
            within,
        });
        self.pending.insert(self.id, call.reply);
        self.id -= 1;
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

#[derive(Default)]
struct Memory {
    numbers: HashMap<CallId, u64>,
    order: VecDeque<CallId>,
}

impl Memory {
    fn keep(&mut self, call: CallId, number: u64) {
        self.numbers.insert(call, number);
        self.order.push_back(call);
        if self.order.len() > REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.numbers.remove(&oldest);
        }
    }
}

struct Sequencer {
    mailbox: mpsc::Receiver<Next>,
    last: u64,
    memory: Memory,
}

impl Sequencer {
    async fn run(mut self) {
        while let Some(Next { call, reply }) = self.mailbox.recv().await {
            let number = match self.memory.numbers.get(&call) {
                Some(number) => *number,
                None => {
                    self.last += 1;
                    self.memory.keep(call, self.last);
                    self.last
                }
            };
            let _ = reply.send(number);
        }
    }
}
