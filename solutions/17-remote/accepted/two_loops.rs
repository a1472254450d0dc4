//! accepted: a loop for each direction, as in chapter 11, with the map between them behind a Mutex, and a Semaphore in the handle for the hundred. Reading and writing can
//! be read one by one; what they share has to be kept in order by hand.

use std::{
    collections::{HashMap, VecDeque},
    io,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, split},
    select,
    sync::{Notify, Semaphore, mpsc, oneshot},
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
        let (sender, mailbox) = mpsc::channel(8);
        let given_up = Arc::new(Notify::new());
        let client = Client {
            given_up: given_up.clone(),
            pending: Mutex::default(),
        };
        let mut task = JoinSet::new();
        task.spawn(client.run(mailbox, connect, within));
        Self::Remote(RemoteHandle {
            sender,
            slots: Arc::new(Semaphore::new(AT_ONCE)),
            given_up,
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
    sender: mpsc::Sender<Ask>,
    /// A call holds one of these while it is under way.
    slots: Arc<Semaphore>,
    /// Told by each call that ends: the task then looks whether somebody has given up.
    given_up: Arc<Notify>,
    within: Duration,
    _task: Arc<JoinSet<()>>,
}

struct Ask {
    call: CallId,
    deadline: Option<Instant>,
    reply: Reply,
}

type Reply = oneshot::Sender<Result<u64, CallError>>;

/// Dropped after the call's oneshot.
struct Over<'a>(&'a Notify);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}

impl RemoteHandle {
    async fn next_number_as(&self, call: CallId) -> Result<u64, CallError> {
        let deadline = Instant::now().checked_add(self.within);
        let slot = self.slots.acquire().await;
        let _slot = slot.map_err(|_| CallError::Closed)?;
        let _over = Over(&self.given_up);
        let (reply, answer) = oneshot::channel();
        let ask = Ask {
            call,
            deadline,
            reply,
        };
        let sent = self.sender.send(ask).await;
        sent.map_err(|_| CallError::Closed)?;
        answer.await.unwrap_or(Err(CallError::Net))
    }
}

struct Client {
    given_up: Arc<Notify>,
    /// Never locked across an `.await`.
    pending: Mutex<HashMap<u64, Reply>>,
}

impl Client {
    async fn run<C, F, S>(self, mut mailbox: mpsc::Receiver<Ask>, mut connect: C, within: Duration)
    where
        C: FnMut() -> F,
        F: Future<Output = io::Result<S>>,
        S: AsyncRead + AsyncWrite,
    {
        while let Some(first) = mailbox.recv().await {
            if let Ok(Ok(stream)) = timeout(within, connect()).await {
                let (reader, writer) = split(stream);
                let write = self.write(Outgoing::new(writer), first, &mut mailbox);
                let _ = try_join!(self.read(Incoming::new(reader)), write);
                self.pending(HashMap::clear);
            }
        }
    }

    fn pending<T>(&self, with: impl FnOnce(&mut HashMap<u64, Reply>) -> T) -> T {
        with(&mut self.pending.lock().unwrap_or_else(PoisonError::into_inner))
    }

    async fn read(&self, mut answers: Incoming<impl AsyncRead + Unpin>) -> io::Result<()> {
        while let Some(Answer { id, number }) = answers.next().await? {
            if let Some(reply) = self.pending(|pending| pending.remove(&id)) {
                let _ = reply.send(number);
            }
        }
        Err(io::ErrorKind::UnexpectedEof.into())
    }

    async fn write(
        &self,
        mut requests: Outgoing<impl AsyncWrite + Unpin>,
        first: Ask,
        mailbox: &mut mpsc::Receiver<Ask>,
    ) -> io::Result<()> {
        let (mut id, mut next) = (0, Some(first));
        loop {
            // Before the next call, which may have the slot of one that is over.
            self.pending(|pending| {
                pending.retain(|id, reply| {
                    if reply.is_closed() {
                        requests.push(Request::Cancel { id: *id });
                    }
                    !reply.is_closed()
                });
            });
            if let Some(Ask {
                call,
                deadline,
                reply,
            }) = next.take()
                && !reply.is_closed()
            {
                id += 1;
                let now = Instant::now();
                let within = deadline.map_or(Duration::MAX, |deadline| deadline - now);
                self.pending(|pending| pending.insert(id, reply));
                requests.push(Request::Next { id, call, within });
            }
            requests.write().await?;
            select! {
                ask = mailbox.recv() => next = ask,
                () = self.given_up.notified() => {}
            }
        }
    }
}

pub async fn serve<S>(handle: SequencerHandle, stream: S)
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let (reader, writer) = split(stream);
    // One more than calls: there is always one to read with, unless answers wait for the client.
    let (sender, answers) = mpsc::channel(AT_ONCE + 1);
    let _ = try_join!(
        read(handle, Incoming::new(reader), sender),
        write(Outgoing::new(writer), answers)
    );
}

async fn read(
    handle: SequencerHandle,
    mut requests: Incoming<impl AsyncRead + Unpin>,
    answers: mpsc::Sender<Answer>,
) -> io::Result<()> {
    let mut calls = JoinSet::new();
    let mut under_way = HashMap::new();
    let mut slot = None;
    loop {
        select! {
            reserved = answers.clone().reserve_owned(), if slot.is_none() => slot = reserved.ok(),
            request = requests.next(), if slot.is_some() => match request? {
                Some(Request::Next { id, call, within }) if under_way.len() < AT_ONCE => {
                    let (handle, slot) = (handle.clone(), slot.take());
                    let job = calls.spawn(async move {
                        let number = timeout(within, handle.next_number_as(call)).await;
                        let number = number.unwrap_or(Err(CallError::TimedOut));
                        slot.map(|slot| slot.send(Answer { id, number }));
                        id
                    });
                    under_way.insert(id, job);
                }
                Some(Request::Cancel { id }) => {
                    if let Some(job) = under_way.remove(&id) {
                        job.abort();
                    }
                }
                _ => return Err(io::ErrorKind::InvalidData.into()),
            },
            Some(done) = calls.join_next() => {
                if let Ok(id) = done {
                    under_way.remove(&id);
                }
            }
        }
    }
}

async fn write(
    mut out: Outgoing<impl AsyncWrite + Unpin>,
    mut answers: mpsc::Receiver<Answer>,
) -> io::Result<()> {
    while let Some(answer) = answers.recv().await {
        out.push(answer);
        out.write().await?;
    }
    Ok(())
}
