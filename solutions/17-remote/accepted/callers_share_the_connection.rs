//! accepted: no client actor: callers share the connection, by a Tokio Mutex around connecting and a std Mutex around the map. One task less to ask; the order of things
//! (slot, entry, request, Cancel) is kept by the fields of a guard.

use std::{
    collections::{HashMap, VecDeque},
    io,
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, split},
    select,
    sync::{self, OwnedSemaphorePermit, Semaphore, mpsc, oneshot},
    task::JoinSet,
    time::{Instant, timeout},
    try_join,
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
        // `connect` outside of a runtime is to panic here, and not in the first call.
        let _ = tokio::runtime::Handle::current();
        let mut connect = connect;
        let dial = move || -> Dialled {
            let stream = connect();
            Box::pin(async move { Ok(Connection::over(stream.await?)) })
        };
        let dialling = Dialling {
            dial: Box::new(dial),
            connection: None,
        };
        Self::Remote(RemoteHandle {
            dialling: Arc::new(sync::Mutex::new(dialling)),
            ids: Arc::new(AtomicU64::new(0)),
            within,
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
    /// Locked while somebody connects: one at a time.
    dialling: Arc<sync::Mutex<Dialling>>,
    ids: Arc<AtomicU64>,
    within: Duration,
}

type Dialled = Pin<Box<dyn Future<Output = io::Result<Connection>> + Send>>;

struct Dialling {
    dial: Box<dyn FnMut() -> Dialled + Send>,
    connection: Option<Arc<Connection>>,
}

type Pending = Arc<Mutex<Option<HashMap<u64, oneshot::Sender<Result<u64, CallError>>>>>>;

struct Connection {
    /// Unbounded, since a `Drop` cannot wait; there are no more in it than slots, and as many Cancels.
    out: mpsc::UnboundedSender<Out>,
    /// `None`: the connection has ended. Never locked across an `.await`.
    pending: Pending,
    slots: Arc<Semaphore>,
    /// Dropped with the last handle and the last call.
    _task: JoinSet<()>,
}

/// A request, and the slot of a call that is over.
struct Out(Request, Option<OwnedSemaphorePermit>);

impl Connection {
    fn over<S>(stream: S) -> Self
    where
        S: AsyncRead + AsyncWrite + Send + 'static,
    {
        let (out, requests) = mpsc::unbounded_channel();
        let pending: Pending = Arc::new(Mutex::new(Some(HashMap::new())));
        let shared = pending.clone();
        let mut task = JoinSet::new();
        task.spawn(async move {
            let (reader, writer) = split(stream);
            let _ = try_join!(read(reader, &shared), write(writer, requests));
            lock(&shared).take();
        });
        Self {
            out,
            pending,
            slots: Arc::new(Semaphore::new(AT_ONCE)),
            _task: task,
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn read(reader: impl AsyncRead + Unpin, pending: &Pending) -> io::Result<()> {
    let mut answers = Incoming::new(reader);
    while let Some(Answer { id, number }) = answers.next().await? {
        let reply = lock(pending).as_mut().and_then(|map| map.remove(&id));
        if let Some(reply) = reply {
            let _ = reply.send(number);
        }
    }
    Err(io::ErrorKind::UnexpectedEof.into())
}

async fn write(
    writer: impl AsyncWrite + Unpin,
    mut requests: mpsc::UnboundedReceiver<Out>,
) -> io::Result<()> {
    let mut out = Outgoing::new(writer);
    while let Some(Out(request, slot)) = requests.recv().await {
        out.push(request);
        out.write().await?;
        drop(slot);
    }
    Ok(())
}

/// A call under way.
struct Waiting {
    id: u64,
    connection: Arc<Connection>,
    slot: Option<OwnedSemaphorePermit>,
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let mut pending = lock(&self.connection.pending);
        if pending
            .as_mut()
            .and_then(|map| map.remove(&self.id))
            .is_some()
        {
            // The slot is free when that is written, and not before.
            let cancel = Out(Request::Cancel { id: self.id }, self.slot.take());
            let _ = self.connection.out.send(cancel);
        }
    }
}

impl RemoteHandle {
    async fn next_number_as(&self, call: CallId) -> Result<u64, CallError> {
        let deadline = Instant::now().checked_add(self.within);
        let connection = self.connection().await?;
        let slot = connection.slots.clone().acquire_owned().await.ok();
        let id = self.ids.fetch_add(1, Relaxed);
        let (reply, answer) = oneshot::channel();
        lock(&connection.pending)
            .as_mut()
            .ok_or(CallError::Net)?
            .insert(id, reply);
        let waiting = Waiting {
            id,
            connection,
            slot,
        };
        let within = deadline.map_or(Duration::MAX, |deadline| deadline - Instant::now());
        let next = Request::Next { id, call, within };
        let _ = waiting.connection.out.send(Out(next, None));
        answer.await.unwrap_or(Err(CallError::Net))
    }

    async fn connection(&self) -> Result<Arc<Connection>, CallError> {
        let mut dialling = self.dialling.lock().await;
        if let Some(connection) = &dialling.connection
            && lock(&connection.pending).is_some()
        {
            return Ok(connection.clone());
        }
        let connection = (dialling.dial)().await.map_err(|_| CallError::Net)?;
        let connection = Arc::new(connection);
        dialling.connection = Some(connection.clone());
        Ok(connection)
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
