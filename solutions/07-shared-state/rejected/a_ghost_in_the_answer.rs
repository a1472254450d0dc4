//! rejected: a_caller_that_gives_up_frees_its_seat
//! says: Who drops the seat when nobody takes the answer
//! thinks: "When the account is known, the owner decides: if the answer cannot be sent, nobody has joined. So the guard's work is done."

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
    /// Takes a seat and the name, before the account is known.
    Reserve {
        name: String,
        reply: oneshot::Sender<Result<Seat, JoinError>>,
    },
    /// The account is known: makes a member of the one who has the seat.
    Confirm {
        name: String,
        id: MemberId,
        reply: oneshot::Sender<MemberId>,
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
    /// From all handles. `None` when the last of them is dropped.
    mailbox: mpsc::Receiver<Message>,
    /// Whose seats have been dropped. Each of them is still in `taken`, so there are never more than `seats`.
    left: mpsc::UnboundedReceiver<String>,
    /// For the seats that it gives out.
    leave: mpsc::UnboundedSender<String>,
    seats: usize,
    /// By their names, who has a seat. `None`: the account is being looked up.
    taken: HashMap<String, Option<MemberId>>,
}

/// A name that is in `taken`, until this is dropped. Only the lobby makes one, and it always travels: to the caller and back, by the
/// messages. So it is dropped wherever somebody gives up.
#[derive(Debug)]
struct Seat {
    name: String,
    /// To the lobby. It does not keep the lobby running, and never waits: a `Drop` cannot.
    leave: mpsc::UnboundedSender<String>,
}

impl Seat {
    /// From here on, the owner answers for it.
    fn into_name(self) -> String {
        let mut seat = std::mem::ManuallyDrop::new(self);
        std::mem::take(&mut seat.name)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        // The lobby may have ended.
        let _ = self.leave.send(std::mem::take(&mut self.name));
    }
}

#[derive(Debug)]
pub struct Member {
    id: MemberId,
    /// Never read: it is here to be dropped.
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
            // First those who left: what they sent before this message was sent is here. A `select!` that is `biased` would not do: on
            // many threads, a member may leave after its first branch was polled, and somebody join before the second one is.
            while let Ok(name) = self.left.try_recv() {
                self.taken.remove(&name);
            }
            self.handle(message);
        }
    }

    /// Never waits. Whoever has given up needs no answer: what is in it is dropped, a seat too.
    fn handle(&mut self, message: Message) {
        match message {
            Message::Reserve { name, reply } => {
                let _ = reply.send(self.reserve(name));
            }
            Message::Confirm { name, id, reply } => {
                // Who has given up while it waited for this answer is not here.
                match reply.send(id) {
                    Ok(()) => self.taken.insert(name, Some(id)),
                    Err(_) => self.taken.remove(&name),
                };
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
        // However this call ends from here on, by an error, a panic or because it is dropped: the seat is dropped too.
        let found = self.accounts.look_up(name).await;
        let id = found.map_err(|NoAccount| JoinError::Unknown)?;
        let leave = seat.leave.clone();
        let (reply, answer) = oneshot::channel();
        let slot = self.lobby.reserve().await.map_err(|_| JoinError::Closed)?;
        let name = seat.into_name();
        slot.send(Message::Confirm {
            name: name.clone(),
            id,
            reply,
        });
        let id = answer.await.map_err(|_| JoinError::Closed)?;
        let _seat = Seat { name, leave };
        Ok(Member { id, _seat })
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
