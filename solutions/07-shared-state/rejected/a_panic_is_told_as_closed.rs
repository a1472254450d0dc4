//! rejected: a_lookup_that_panics_harms_nobody_else
//! says: but the lobby has not ended
//! thinks: "No answer, so the lobby must be gone."

use std::{collections::HashMap, pin::Pin, sync::Arc};
use tokio::{
    select,
    sync::{mpsc, oneshot},
    task::JoinSet,
};

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

/// A lookup that is over: for whom, and what was found. `None`: the caller has given up.
type LookedUp = (Seat, Reply, Option<Result<MemberId, NoAccount>>);

pub struct Lobby {
    accounts: Accounts,
    mailbox: mpsc::Receiver<Message>,
    /// Whose seats have been dropped.
    left: mpsc::UnboundedReceiver<String>,
    leave: mpsc::UnboundedSender<String>,
    seats: usize,
    taken: HashMap<String, Option<MemberId>>,
    /// One for each seat without a member, at the most.
    lookups: JoinSet<LookedUp>,
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
            lookups: JoinSet::new(),
        };
        tokio::spawn(owner.run());
        LobbyHandle { lobby }
    }

    async fn run(mut self) {
        loop {
            select! {
                Some(looked_up) = self.lookups.join_next() => {
                    // An error is a lookup that panicked: its seat and its reply were dropped with it.
                    if let Ok(looked_up) = looked_up {
                        self.looked_up(looked_up);
                    }
                }
                message = self.mailbox.recv() => match message {
                    Some(message) => self.handle(message),
                    // Whoever is just joining has a handle, or has given up.
                    None => break,
                },
            }
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
            Message::Join { reply, .. } if reply.is_closed() => {}
            Message::Join { name, reply } => match self.reserve(name) {
                Ok(seat) => self.look_up(seat, reply),
                Err(error) => {
                    let _ = reply.send(Err(error));
                }
            },
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

    fn look_up(&mut self, seat: Seat, mut reply: Reply) {
        let accounts = self.accounts.clone();
        self.lookups.spawn(async move {
            let found = select! {
                biased;
                () = reply.closed() => None,
                found = accounts.look_up(&seat.name) => Some(found),
            };
            (seat, reply, found)
        });
    }

    fn looked_up(&mut self, (seat, reply, found): LookedUp) {
        match found {
            None => {}
            Some(Ok(id)) => {
                self.taken.insert(seat.name.clone(), Some(id));
                // If the caller has gone meanwhile, the member comes back, and is dropped.
                let _ = reply.send(Ok(Member { id, _seat: seat }));
            }
            Some(Err(NoAccount)) => {
                // Free before the caller is told.
                drop(seat);
                let _ = reply.send(Err(JoinError::Unknown));
            }
        }
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
            Err(_) => Err(JoinError::Closed),
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
