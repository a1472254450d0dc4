//! rejected: a_hundred_for_ten_seats
//! says: Is the seat taken in the same message in which it is found free
//! thinks: "The owner must not wait, so it handles each message in a task of its own."

use std::{
    collections::HashMap,
    pin::Pin,
    sync::{Arc, Mutex as StdMutex},
};
use tokio::sync::{Mutex, mpsc, oneshot};

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

type Taken = Arc<StdMutex<Vec<String>>>;

type Reply = oneshot::Sender<Result<Member, JoinError>>;

#[derive(Clone)]
pub struct LobbyHandle {
    lobby: mpsc::Sender<(String, Reply)>,
    shared: Lobby,
}

#[derive(Clone)]
pub struct Lobby {
    accounts: Accounts,
    seats: usize,
    members: Arc<Mutex<HashMap<String, MemberId>>>,
    /// Whose members have been dropped.
    left: Taken,
}

#[derive(Debug)]
pub struct Member {
    id: MemberId,
    name: String,
    left: Taken,
}

impl Drop for Member {
    fn drop(&mut self) {
        if let Ok(mut left) = self.left.lock() {
            left.push(self.name.clone());
        }
    }
}

impl Lobby {
    pub fn open(accounts: Accounts, seats: usize) -> LobbyHandle {
        let shared = Lobby {
            accounts,
            seats,
            members: Arc::default(),
            left: Arc::default(),
        };
        let (lobby, mut mailbox) = mpsc::channel::<(String, Reply)>(16);
        let owner = shared.clone();
        tokio::spawn(async move {
            while let Some((name, reply)) = mailbox.recv().await {
                let owner = owner.clone();
                tokio::spawn(async move {
                    let _ = reply.send(owner.join(&name).await);
                });
            }
        });
        LobbyHandle { lobby, shared }
    }

    pub async fn join(&self, name: &str) -> Result<Member, JoinError> {
        if self.find(name).await.is_some() {
            return Err(JoinError::Taken);
        }
        if self.count().await >= self.seats {
            return Err(JoinError::Full);
        }
        let found = self.accounts.look_up(name).await;
        let id = found.map_err(|NoAccount| JoinError::Unknown)?;
        self.members.lock().await.insert(name.to_owned(), id);
        Ok(self.member(name, id))
    }

    async fn find(&self, name: &str) -> Option<MemberId> {
        let mut members = self.members.lock().await;
        self.let_go(&mut members);
        members.get(name).copied()
    }

    async fn count(&self) -> usize {
        let mut members = self.members.lock().await;
        self.let_go(&mut members);
        members.len()
    }

    fn let_go(&self, members: &mut HashMap<String, MemberId>) {
        if let Ok(mut left) = self.left.lock() {
            for name in left.drain(..) {
                members.remove(&name);
            }
        }
    }

    fn member(&self, name: &str, id: MemberId) -> Member {
        Member {
            id,
            name: name.to_owned(),
            left: self.left.clone(),
        }
    }
}

impl LobbyHandle {
    pub async fn join(&self, name: &str) -> Result<Member, JoinError> {
        let (reply, answer) = oneshot::channel();
        let name = name.to_owned();
        let _ = self.lobby.send((name, reply)).await;
        answer.await.unwrap_or(Err(JoinError::Closed))
    }

    pub async fn find(&self, name: &str) -> Option<MemberId> {
        self.shared.find(name).await
    }

    pub async fn count(&self) -> usize {
        self.shared.count().await
    }
}

impl Member {
    pub fn id(&self) -> MemberId {
        self.id
    }
}
