//! rejected: a_lookup_that_fails_frees_its_seat
//! says: What made it free once more?
//! thinks: "The guard is for callers that give up. When the lookup fails, I tell the owner, and it is free before the call returns."

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

enum Message {
    Reserve {
        name: String,
        reply: oneshot::Sender<Result<Seat, JoinError>>,
    },
    Confirm {
        seat: Seat,
        id: MemberId,
        reply: oneshot::Sender<Member>,
    },
    Find {
        name: String,
        reply: oneshot::Sender<Option<MemberId>>,
    },
    Count {
        reply: oneshot::Sender<usize>,
    },
    Free {
        name: String,
        reply: oneshot::Sender<()>,
    },
}

pub struct Lobby {
    mailbox: mpsc::Receiver<Message>,
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
            mailbox,
            left,
            leave,
            seats,
            taken: HashMap::new(),
        };
        tokio::spawn(owner.run());
        LobbyHandle { lobby, accounts }
    }

    async fn run(mut self) {
        while let Some(message) = self.mailbox.recv().await {
            while let Ok(name) = self.left.try_recv() {
                self.taken.remove(&name);
            }
            self.handle(message);
        }
    }

    fn handle(&mut self, message: Message) {
        match message {
            Message::Reserve { name, reply } => {
                let _ = reply.send(self.reserve(name));
            }
            Message::Confirm { seat, id, reply } => {
                self.taken.insert(seat.name.clone(), Some(id));
                let _ = reply.send(Member { id, _seat: seat });
            }
            Message::Find { name, reply } => {
                let _ = reply.send(self.taken.get(&name).copied().flatten());
            }
            Message::Free { name, reply } => {
                self.taken.remove(&name);
                let _ = reply.send(());
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
}

#[derive(Clone)]
pub struct LobbyHandle {
    lobby: mpsc::Sender<Message>,
    accounts: Accounts,
}

impl LobbyHandle {
    pub async fn join(&self, name: &str) -> Result<Member, JoinError> {
        let reserve = |reply| Message::Reserve {
            name: name.to_owned(),
            reply,
        };
        let seat = self.ask(reserve).await.unwrap_or(Err(JoinError::Closed))?;
        let Ok(id) = self.accounts.look_up(name).await else {
            let name = name.to_owned();
            self.ask(|reply| Message::Free { name, reply }).await;
            return Err(JoinError::Unknown);
        };
        let confirm = |reply| Message::Confirm { seat, id, reply };
        self.ask(confirm).await.ok_or(JoinError::Closed)
    }

    pub async fn find(&self, name: &str) -> Option<MemberId> {
        let name = name.to_owned();
        let found = self.ask(|reply| Message::Find { name, reply }).await;
        found.flatten()
    }

    pub async fn count(&self) -> usize {
        let count = self.ask(|reply| Message::Count { reply }).await;
        count.unwrap_or(0)
    }

    async fn ask<T>(&self, question: impl FnOnce(oneshot::Sender<T>) -> Message) -> Option<T> {
        let (reply, answer) = oneshot::channel();
        let _ = self.lobby.send(question(reply)).await;
        answer.await.ok()
    }
}

impl Member {
    pub fn id(&self) -> MemberId {
        self.id
    }
}
