//! accepted: one task of the client keeps the connection and the table, in one `select!`. An attempt to connect that takes
//! too long may end its call by `Net` in the moment in which its time is over.

use std::{
    collections::{HashMap, VecDeque},
    io,
    sync::Arc,
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    select,
    sync::{mpsc, oneshot},
    task::{AbortHandle, JoinSet},
    time::{Instant, timeout},
};
pub use wire::{AT_ONCE, CallError, CallId};
use wire::{Answer, Incoming, Outgoing, Request};

/// So many calls the actor remembers, the newest ones, with their numbers.
pub const REMEMBERED: usize = 1000;

/// Reaches the actor of one room, on this machine or on another one. All clones reach the same one.
#[derive(Clone)]
pub enum SequencerHandle {
    Local(LocalHandle),
    Remote(RemoteHandle),
}

impl SequencerHandle {
    /// Starts the actor of a new room, here. It counts from 1, and ends with its last handle.
    pub fn new() -> Self {
        let (sender, mailbox) = mpsc::channel(8);
        tokio::spawn(
            Sequencer {
                mailbox,
                last: 0,
                known: HashMap::new(),
                order: VecDeque::new(),
            }
            .run(),
        );
        Self::Local(LocalHandle { sender })
    }

    /// A handle for a room that another machine [`serve`]s. It is there at once: `connect` is called when the first call needs a connection.
    /// All clones share one connection, and on it many calls are under way, up to [`AT_ONCE`]; more of them wait.
    ///
    /// A call takes no longer than `within`, whatever it waits for. One that is over, since its time is over or since its caller has dropped it,
    /// is forgotten, and the server is told ([`Cancel`](wire::Request::Cancel)) if it had been asked.
    ///
    /// # How a connection ends
    /// When the server has gone, the stream fails or what comes is no answer, all calls that are under way get [`CallError::Net`] at once. So does
    /// a call for which no connection can be made. Nothing is tried again by itself: the next call connects anew. There is one attempt to connect at a
    /// time, and it is given up after `within`. (An answer that nobody waits for is no failure: it is late.)
    ///
    /// With the last handle the connection ends at once, and whatever belongs to it.
    ///
    /// # Panics
    /// Outside of a Tokio runtime.
    pub fn connect<C, F, S>(connect: C, within: Duration) -> Self
    where
        C: FnMut() -> F + Send + 'static,
        F: Future<Output = io::Result<S>> + Send + 'static,
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let (calls, mailbox) = mpsc::channel(8);
        let (cancel, cancelled) = mpsc::unbounded_channel();
        let mut task = JoinSet::new();
        task.spawn(client(connect, within, mailbox, cancelled));
        Self::Remote(RemoteHandle {
            calls,
            cancel,
            within,
            names: Arc::default(),
            _task: Arc::new(task),
        })
    }

    /// The next number of this room. One attempt: when it fails by [`CallError::TimedOut`] or [`CallError::Net`], it may have been counted, or
    /// not.
    ///
    /// # Errors
    /// See [`CallError`].
    ///
    /// # Cancel safety
    /// A call that is dropped may have used up a number.
    pub async fn next_number(&self) -> Result<u64, CallError> {
        self.next_number_as(CallId::new()).await
    }

    /// The same, for a call with a name. One that was tried before, over whichever handle of this room, gets the number that was counted
    /// then. This holds for the last [`REMEMBERED`] calls that the actor has counted; whoever tries again later than that is counted anew.
    ///
    /// # Errors
    /// As [`next_number`](Self::next_number).
    pub async fn next_number_as(&self, call: CallId) -> Result<u64, CallError> {
        match self {
            Self::Local(l) => l.ask(call).await,
            Self::Remote(r) => r.ask(call).await,
        }
    }
}

/// Answers the requests of one client that come on `stream`, by calls through `handle`, and ends with the connection: when the client has gone, the
/// stream fails, what comes is no request, or more than [`AT_ONCE`] calls are under way. Nothing else ends by that; its handle is
/// dropped.
///
/// Many calls are under way at once, and each is answered when it has its result. (A client that takes no answers gets no new ones: the server stops
/// reading when [`is_full`](wire::Outgoing::is_full) says so.) A call whose [`within`](wire::Request::Next::within) is over is dropped
/// and answered with [`CallError::TimedOut`]. A call that is cancelled is dropped and not answered. Calls that are under way when the connection ends are dropped.
///
/// # Cancel safety
/// Dropped, it ends the connection.
pub async fn serve<S>(handle: SequencerHandle, stream: S)
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let (r, w) = tokio::io::split(stream);
    let (mut inc, mut out) = (Incoming::new(r), Outgoing::new(w));
    let mut tasks = JoinSet::new();
    let mut under: HashMap<u64, AbortHandle> = HashMap::new();
    loop {
        select! {
            written = out.write(), if !out.is_empty() => if written.is_err() { return },
            Some(done) = tasks.join_next(), if !out.is_full() => if let Ok((id, number)) = done {
                if under.remove(&id).is_some() { out.push(Answer { id, number }); }
            },
            frame = inc.next::<Request>(), if !out.is_full() => match frame {
                Ok(Some(Request::Next { id, call, within })) => {
                    if under.len() >= AT_ONCE || under.contains_key(&id) { return }
                    let handle = handle.clone();
                    under.insert(id, tasks.spawn(async move {
                        (id, timeout(within, handle.next_number_as(call)).await.unwrap_or(Err(CallError::TimedOut)))
                    }));
                }
                Ok(Some(Request::Cancel { id })) => if let Some(task) = under.remove(&id) { task.abort() },
                _ => return,
            },
        }
    }
}

/// Reaches the actor on another machine.
#[derive(Clone)]
pub struct RemoteHandle {
    calls: mpsc::Sender<Call>,
    cancel: mpsc::UnboundedSender<u64>,
    within: Duration,
    names: Arc<std::sync::atomic::AtomicU64>,
    _task: Arc<JoinSet<()>>,
}

/// Reaches the actor on this machine.
#[derive(Clone)]
pub struct LocalHandle {
    /// The actor receives from the other end, and ends when the last one of these is dropped.
    sender: mpsc::Sender<Next>,
}

impl LocalHandle {
    /// As in chapter 1, with an error for an actor that is gone.
    pub async fn next_number(&self) -> Result<u64, CallError> {
        self.ask(CallId::new()).await
    }
    async fn ask(&self, call: CallId) -> Result<u64, CallError> {
        let (reply, answer) = oneshot::channel();
        let _ = self.sender.send(Next { call, reply }).await;
        answer.await.map_err(|_| CallError::Closed)
    }
}

/// A number, please. (Step 5: for which call?)
struct Next {
    call: CallId,
    reply: oneshot::Sender<u64>,
}

/// Chapter 1's actor. (Step 5: what must it remember?)
struct Sequencer {
    mailbox: mpsc::Receiver<Next>,
    last: u64,
    known: HashMap<CallId, u64>,
    order: VecDeque<CallId>,
}

impl Sequencer {
    async fn run(mut self) {
        while let Some(Next { call, reply }) = self.mailbox.recv().await {
            if let Some(n) = self.known.get(&call) {
                let _ = reply.send(*n);
                continue;
            }
            self.last += 1;
            self.known.insert(call, self.last);
            self.order.push_back(call);
            if self.order.len() > REMEMBERED {
                let old = self.order.pop_front().unwrap();
                self.known.remove(&old);
            }
            // Who asked may have gone.
            let _ = reply.send(self.last);
        }
    }
}

struct Call {
    id: u64,
    call: CallId,
    end: Option<Instant>,
    within: Duration,
    reply: oneshot::Sender<Result<u64, CallError>>,
}
struct Guard<'a> {
    id: u64,
    cancel: &'a mpsc::UnboundedSender<u64>,
}
impl Drop for Guard<'_> {
    fn drop(&mut self) {
        let _ = self.cancel.send(self.id);
    }
}
impl RemoteHandle {
    async fn ask(&self, call: CallId) -> Result<u64, CallError> {
        let id = self
            .names
            .fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let (reply, answer) = oneshot::channel();
        let end = Instant::now().checked_add(self.within);
        let guard = Guard {
            id,
            cancel: &self.cancel,
        };
        let result = timeout(self.within, async {
            self.calls
                .send(Call {
                    id,
                    call,
                    end,
                    within: self.within,
                    reply,
                })
                .await
                .map_err(|_| CallError::Closed)?;
            answer.await.unwrap_or(Err(CallError::Closed))
        })
        .await
        .unwrap_or(Err(CallError::TimedOut));
        drop(guard);
        result
    }
}
async fn client<C, F, S>(
    mut connect: C,
    within: Duration,
    mut mailbox: mpsc::Receiver<Call>,
    mut cancelled: mpsc::UnboundedReceiver<u64>,
) where
    C: FnMut() -> F + Send + 'static,
    F: Future<Output = io::Result<S>> + Send + 'static,
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    loop {
        let first = loop {
            select! { Some(_) = cancelled.recv() => {}, c = mailbox.recv() => match c { Some(c) => break c, None => return } }
        };
        if first.reply.is_closed() {
            continue;
        }
        let Ok(Ok(stream)) = timeout(within, connect()).await else {
            let _ = first.reply.send(Err(CallError::Net));
            while let Ok(c) = mailbox.try_recv() {
                let _ = c.reply.send(Err(CallError::Net));
            }
            continue;
        };
        let (r, w) = tokio::io::split(stream);
        let (mut inc, mut out) = (Incoming::new(r), Outgoing::new(w));
        let mut waiting = HashMap::new();
        let mut next = Some(first);
        loop {
            if let Some(c) = next.take()
                && !c.reply.is_closed()
            {
                let left = c.end.map_or(c.within, |e| e - Instant::now());
                out.push(Request::Next {
                    id: c.id,
                    call: c.call,
                    within: left,
                });
                waiting.insert(c.id, c.reply);
            }
            select! {
                biased;
                Some(id) = cancelled.recv() => if waiting.remove(&id).is_some() { out.push(Request::Cancel { id }) },
                frame = inc.next::<Answer>() => match frame {
                    Ok(Some(a)) => if let Some(reply) = waiting.remove(&a.id) { let _ = reply.send(a.number); },
                    _ => break,
                },
                written = out.write(), if !out.is_empty() => if written.is_err() { break },
                Some(c) = mailbox.recv(), if waiting.len() < AT_ONCE && !out.is_full() => next = Some(c),
            }
        }
        for (_, reply) in waiting {
            let _ = reply.send(Err(CallError::Net));
        }
    }
}
