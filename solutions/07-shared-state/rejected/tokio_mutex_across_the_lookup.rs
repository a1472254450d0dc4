//! rejected: ten_joins_take_as_long_as_one
//! says: At the most 1 lookups were under way
//! thinks: "Tokio's Mutex may be held across an `.await`: that is what it is for."

use std::{
    collections::HashMap,
    pin::Pin,
    sync::{Arc, Mutex as StdMutex},
};
use tokio::sync::Mutex;

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

#[derive(Clone)]
pub struct LobbyHandle {
    accounts: Accounts,
    seats: usize,
    members: Arc<Mutex<HashMap<String, MemberId>>>,
    /// Whose members have been dropped.
    left: Taken,
}

pub struct Lobby;

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
        LobbyHandle {
            accounts,
            seats,
            members: Arc::default(),
            left: Arc::default(),
        }
    }
}

impl LobbyHandle {
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

    pub async fn join(&self, name: &str) -> Result<Member, JoinError> {
        let mut members = self.members.lock().await;
        self.let_go(&mut members);
        if members.contains_key(name) {
            return Err(JoinError::Taken);
        }
        if members.len() >= self.seats {
            return Err(JoinError::Full);
        }
        let found = self.accounts.look_up(name).await;
        let id = found.map_err(|NoAccount| JoinError::Unknown)?;
        members.insert(name.to_owned(), id);
        Ok(self.member(name, id))
    }

    pub async fn find(&self, name: &str) -> Option<MemberId> {
        let mut members = self.members.lock().await;
        self.let_go(&mut members);
        members.get(name).copied()
    }

    pub async fn count(&self) -> usize {
        let mut members = self.members.lock().await;
        self.let_go(&mut members);
        members.len()
    }
}

impl Member {
    pub fn id(&self) -> MemberId {
        self.id
    }
}
