//! rejected: a_member_is_found_and_counted
//! says: Cannot start a runtime from within a runtime
//! thinks: "The handler is no async fn, and block_on makes a plain call of any future."

use std::{collections::HashMap, pin::Pin, sync::Arc};
use tokio::sync::{mpsc, oneshot};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct MemberId(pub u64);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoAccount;

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

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JoinError {
    Full,
    Taken,
    Unknown,
    Closed,
}

type Reply = oneshot::Sender<Result<Member, JoinError>>;

enum Message {
    Join {
        name: String,
        reply: Reply,
    },
    Find {
        name: String,
        reply: oneshot::Sender<Option<MemberId>>,
    },
    Count {
        reply: oneshot::Sender<usize>,
    },
}

pub struct Lobby {
    accounts: Accounts,
    mailbox: mpsc::Receiver<Message>,
    /// Whose seats have been dropped.
    left: mpsc::UnboundedReceiver<String>,
    leave: mpsc::UnboundedSender<String>,
    seats: usize,
    taken: HashMap<String, Option<MemberId>>,
}

#[derive(Debug)]
struct Seat {
    name: String,
    leave: mpsc::UnboundedSender<String>,
}

impl Drop for Seat {
    fn drop(&mut self) {
        let _ = self.leave.send(std::mem::take(&mut self.name));
    }
}

#[derive(Debug)]
pub struct Member {
    id: MemberId,
    _seat: Seat,
}

impl Lobby {
    pub fn open(accounts: Accounts, seats: usize) -> LobbyHandle {
        let (lobby, mailbox) = mpsc::channel(16);
        let (leave, left) = mpsc::unbounded_channel();
        let owner = Lobby {
            accounts,
            mailbox,
            left,
            leave,
            seats,
            taken: HashMap::new(),
        };
        tokio::spawn(owner.run());
        LobbyHandle { lobby }
    }

    async fn run(mut self) {
        while let Some(message) = self.mailbox.recv().await {
            self.handle(message);
        }
    }

    /// Before anything is told, those who left are let go.
    fn let_go(&mut self) {
        while let Ok(name) = self.left.try_recv() {
            self.taken.remove(&name);
        }
    }

    fn handle(&mut self, message: Message) {
        self.let_go();
        match message {
            Message::Join { name, reply } => {
                let joined = self.join(name);
                let _ = reply.send(joined);
            }
            Message::Find { name, reply } => {
                let _ = reply.send(self.taken.get(&name).copied().flatten());
            }
            Message::Count { reply } => {
                let _ = reply.send(self.taken.values().flatten().count());
            }
        }
    }

    fn reserve(&mut self, name: String) -> Result<Seat, JoinError> {
        if self.taken.contains_key(&name) {
            return Err(JoinError::Taken);
        }
        if self.taken.len() >= self.seats {
            return Err(JoinError::Full);
        }
        self.taken.insert(name.clone(), None);
        let leave = self.leave.clone();
        Ok(Seat { name, leave })
    }

    fn join(&mut self, name: String) -> Result<Member, JoinError> {
        let seat = self.reserve(name)?;
        let looking_up = self.accounts.look_up(&seat.name);
        let found = tokio::runtime::Handle::current().block_on(looking_up);
        let id = found.map_err(|NoAccount| JoinError::Unknown)?;
        self.taken.insert(seat.name.clone(), Some(id));
        Ok(Member { id, _seat: seat })
    }
}

#[derive(Clone)]
pub struct LobbyHandle {
    lobby: mpsc::Sender<Message>,
}

impl LobbyHandle {
    pub async fn join(&self, name: &str) -> Result<Member, JoinError> {
        let (reply, answer) = oneshot::channel();
        let name = name.to_owned();
        if self
            .lobby
            .send(Message::Join { name, reply })
            .await
            .is_err()
        {
            return Err(JoinError::Closed);
        }
        match answer.await {
            Ok(joined) => joined,
            Err(_) if self.lobby.is_closed() => Err(JoinError::Closed),
            // The lobby is there, and the reply is not: the lookup has panicked.
            Err(_) => Err(JoinError::Unknown),
        }
    }

    pub async fn find(&self, name: &str) -> Option<MemberId> {
        let (reply, answer) = oneshot::channel();
        let name = name.to_owned();
        let _ = self.lobby.send(Message::Find { name, reply }).await;
        answer.await.ok().flatten()
    }

    pub async fn count(&self) -> usize {
        let (reply, answer) = oneshot::channel();
        let _ = self.lobby.send(Message::Count { reply }).await;
        answer.await.unwrap_or(0)
    }
}

impl Member {
    pub fn id(&self) -> MemberId {
        self.id
    }
}
