//! rejected: a_caller_that_gives_up_frees_its_seat
//! says: while the mailbox was full
//! thinks: "The owner makes a new guard when it gets the confirmation, so the old one has done its work."
#![allow(dead_code, unused)]

use tokio::sync::{mpsc, oneshot};
use std::{pin::Pin, sync::Arc, collections::HashMap};


/// The number of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct MemberId(pub u64);

/// Nobody has an account of that name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoAccount;

/// Knows all accounts; leave it as it is. `accounts.look_up(name).await` asks for one. Clones are cheap.
#[derive(Clone)]
pub struct Accounts(Arc<dyn Fn(String) -> LookingUp + Send + Sync>);

type LookingUp = Pin<Box<dyn Future<Output = Result<MemberId, NoAccount>> + Send>>;

impl Accounts {
    pub fn new<F>(look_up: impl Fn(String) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<MemberId, NoAccount>> + Send + 'static,
    {
        Self(Arc::new(move |name| Box::pin(look_up(name))))
    }

    async fn look_up(&self, name: &str) -> Result<MemberId, NoAccount> {
        (self.0)(name.to_owned()).await
    }
}

/// Why somebody has not joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JoinError {
    /// All seats are taken, by members or by those who are just joining. Try again later.
    Full,
    /// Somebody of this name is in the lobby, or is just joining.
    Taken,
    /// There is no account of this name.
    Unknown,
    /// The lobby has ended, although there is a handle: its runtime has ended. Nothing else ends it, not even a lookup that panics.
    Closed,
}


enum Message {
    Reserve { name: String, reply: oneshot::Sender<Result<Seat, JoinError>> },
    Confirm { name: String, id: MemberId, reply: oneshot::Sender<Member> },
    Find { name: String, reply: oneshot::Sender<Option<MemberId>> },
    Count { reply: oneshot::Sender<usize> },
}
#[derive(Debug)]
struct Seat { name: String, gone: mpsc::UnboundedSender<String> }
impl Drop for Seat {
    fn drop(&mut self) { let _ = self.gone.send(std::mem::take(&mut self.name)); }
}
pub struct Lobby {
    mailbox: mpsc::Receiver<Message>,
    left: mpsc::UnboundedReceiver<String>,
    gone: mpsc::UnboundedSender<String>,
    seats: usize,
    taken: HashMap<String, Option<MemberId>>,
}
#[derive(Clone)]
pub struct LobbyHandle { mailbox: mpsc::Sender<Message>, accounts: Accounts }
#[derive(Debug)]
pub struct Member { id: MemberId, seat: Seat }
impl Lobby {
    pub fn open(accounts: Accounts, seats: usize) -> LobbyHandle {
        let (tx, rx) = mpsc::channel(8);
        let (gone, left) = mpsc::unbounded_channel();
        let lobby = Lobby { mailbox: rx, left, gone, seats, taken: HashMap::new() };
        tokio::spawn(lobby.run());
        LobbyHandle { mailbox: tx, accounts }
    }
    fn purge(&mut self) {
        while let Ok(name) = self.left.try_recv() { self.taken.remove(&name); }
    }
    async fn run(mut self) {
        while let Some(message) = self.mailbox.recv().await {
            self.purge();
            self.handle(message);
        }
    }
    fn reserve(&mut self, name: String) -> Result<Seat, JoinError> {
        if self.taken.contains_key(&name) { return Err(JoinError::Taken); }
        if self.taken.len() >= self.seats { return Err(JoinError::Full); }
        self.taken.insert(name.clone(), None);
        Ok(Seat { name, gone: self.gone.clone() })
    }
    fn handle(&mut self, message: Message) {
        match message {
            Message::Reserve { name, reply } => { let r = self.reserve(name); let _ = reply.send(r); }
            Message::Confirm { name, id, reply } => { let seat = Seat { name, gone: self.gone.clone() };
                self.taken.insert(seat.name.clone(), Some(id));
                let _ = reply.send(Member { id, seat });
            }
            Message::Find { name, reply } => { let _ = reply.send(self.taken.get(&name).copied().flatten()); }
            Message::Count { reply } => { let _ = reply.send(self.taken.values().filter(|x| x.is_some()).count()); }
        }
    }
}
impl LobbyHandle {
    pub async fn join(&self, name: &str) -> Result<Member, JoinError> {
        let (reply, answer) = oneshot::channel();
        let _ = self.mailbox.send(Message::Reserve { name: name.to_owned(), reply }).await;
        let seat = answer.await.map_err(|_| JoinError::Closed)??;
        let id = self.accounts.look_up(name).await.map_err(|NoAccount| JoinError::Unknown)?;
        let (reply, answer) = oneshot::channel();
        let mut seat = std::mem::ManuallyDrop::new(seat); let name = std::mem::take(&mut seat.name);
        let _ = self.mailbox.send(Message::Confirm { name, id, reply }).await;
        answer.await.map_err(|_| JoinError::Closed)
    }
    pub async fn find(&self, name: &str) -> Option<MemberId> {
        let (reply, answer) = oneshot::channel();
        let _ = self.mailbox.send(Message::Find { name: name.to_owned(), reply }).await;
        answer.await.ok().flatten()
    }
    pub async fn count(&self) -> usize {
        let (reply, answer) = oneshot::channel();
        let _ = self.mailbox.send(Message::Count { reply }).await;
        answer.await.unwrap_or(0)
    }
}
impl Member { pub fn id(&self) -> MemberId { self.id } }
