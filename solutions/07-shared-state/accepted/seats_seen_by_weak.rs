//! accepted: a seat is an Arc, and the owner has a Weak of it: that is dead when nobody has the seat any more, however that came. No `Drop`
//! and no confirmation; it costs a shared value after all, and a look at all seats when they seem to be taken.

use std::{
    collections::HashMap,
    pin::Pin,
    sync::{Arc, OnceLock, Weak},
};
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
        reply: oneshot::Sender<Result<Arc<Seat>, JoinError>>,
    },
    Find {
        name: String,
        reply: oneshot::Sender<Option<MemberId>>,
    },
    Count {
        reply: oneshot::Sender<usize>,
    },
}

/// A seat that somebody has. The lobby has a Weak of it, which sees when nobody has it any more: no Drop, and no message.
#[derive(Debug, Default)]
struct Seat {
    /// Set when the account is known.
    id: OnceLock<MemberId>,
}

#[derive(Debug)]
pub struct Member {
    id: MemberId,
    _seat: Arc<Seat>,
}

pub struct Lobby {
    mailbox: mpsc::Receiver<Message>,
    seats: usize,
    /// By their names; some of them may be free again.
    given: HashMap<String, Weak<Seat>>,
}

impl Lobby {
    pub fn open(accounts: Accounts, seats: usize) -> LobbyHandle {
        let (lobby, mailbox) = mpsc::channel(16);
        let owner = Lobby {
            mailbox,
            seats,
            given: HashMap::new(),
        };
        tokio::spawn(owner.run());
        LobbyHandle { lobby, accounts }
    }

    async fn run(mut self) {
        while let Some(message) = self.mailbox.recv().await {
            match message {
                Message::Reserve { name, reply } => {
                    let _ = reply.send(self.reserve(name));
                }
                Message::Find { name, reply } => {
                    let _ = reply.send(self.given.get(&name).and_then(member));
                }
                Message::Count { reply } => {
                    let _ = reply.send(self.given.values().filter_map(member).count());
                }
            }
        }
    }

    fn reserve(&mut self, name: String) -> Result<Arc<Seat>, JoinError> {
        if self.given.get(&name).is_some_and(is_taken) {
            return Err(JoinError::Taken);
        }
        self.given.remove(&name);
        if self.given.len() >= self.seats {
            self.given.retain(|_, seat| is_taken(seat));
        }
        if self.given.len() >= self.seats {
            return Err(JoinError::Full);
        }
        let seat = Arc::<Seat>::default();
        self.given.insert(name, Arc::downgrade(&seat));
        Ok(seat)
    }
}

fn is_taken(seat: &Weak<Seat>) -> bool {
    seat.strong_count() > 0
}

fn member(seat: &Weak<Seat>) -> Option<MemberId> {
    seat.upgrade()?.id.get().copied()
}

#[derive(Clone)]
pub struct LobbyHandle {
    lobby: mpsc::Sender<Message>,
    /// The slow part is done here, in the caller's own time.
    accounts: Accounts,
}

impl LobbyHandle {
    pub async fn join(&self, name: &str) -> Result<Member, JoinError> {
        let reserve = |reply| Message::Reserve {
            name: name.to_owned(),
            reply,
        };
        let seat = self.ask(reserve).await.unwrap_or(Err(JoinError::Closed))?;
        let found = self.accounts.look_up(name).await;
        let id = found.map_err(|NoAccount| JoinError::Unknown)?;
        let _ = seat.id.set(id);
        Ok(Member { id, _seat: seat })
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

    /// The answer, or `None` when the lobby has ended.
    async fn ask<T>(&self, question: impl FnOnce(oneshot::Sender<T>) -> Message) -> Option<T> {
        let (reply, answer) = oneshot::channel();
        // If nobody takes the message, it is dropped, and the reply with it: the answer's error is enough.
        let _ = self.lobby.send(question(reply)).await;
        answer.await.ok()
    }
}

impl Member {
    pub fn id(&self) -> MemberId {
        self.id
    }
}
