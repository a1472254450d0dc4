//! rejected: a_member_is_found_and_counted
//! says: Is there something that all lobbies share
//! thinks: "There is one lobby, so its members can be in a static."

use std::{
    collections::HashMap,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
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

#[derive(Clone)]
pub struct LobbyHandle {
    lobby: Arc<Lobby>,
    accounts: Accounts,
}

pub struct Lobby {
    seats: usize,
}

/// By their names, who has a seat. `None`: the account is being looked up.
static TAKEN: std::sync::LazyLock<Mutex<HashMap<String, Option<MemberId>>>> =
    std::sync::LazyLock::new(Mutex::default);

struct Seat {
    name: String,
    lobby: Arc<Lobby>,
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.lobby.taken().remove(&self.name);
    }
}

pub struct Member {
    id: MemberId,
    _seat: Seat,
}

impl std::fmt::Debug for Member {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Member").field(&self.id).finish()
    }
}

impl Lobby {
    pub fn open(accounts: Accounts, seats: usize) -> LobbyHandle {
        let lobby = Arc::new(Lobby { seats });
        LobbyHandle { lobby, accounts }
    }

    fn taken(&self) -> MutexGuard<'_, HashMap<String, Option<MemberId>>> {
        // Nothing that is done under the lock is left half done by a panic.
        TAKEN.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn reserve(self: Arc<Self>, name: &str) -> Result<Seat, JoinError> {
        let mut taken = self.taken();
        if taken.contains_key(name) {
            return Err(JoinError::Taken);
        }
        if taken.len() >= self.seats {
            return Err(JoinError::Full);
        }
        taken.insert(name.to_owned(), None);
        drop(taken);
        let name = name.to_owned();
        Ok(Seat { name, lobby: self })
    }
}

impl LobbyHandle {
    pub async fn join(&self, name: &str) -> Result<Member, JoinError> {
        let seat = self.lobby.clone().reserve(name)?;
        let found = self.accounts.look_up(name).await;
        let id = found.map_err(|NoAccount| JoinError::Unknown)?;
        self.lobby.taken().insert(name.to_owned(), Some(id));
        Ok(Member { id, _seat: seat })
    }

    pub async fn find(&self, name: &str) -> Option<MemberId> {
        self.lobby.taken().get(name).copied().flatten()
    }

    pub async fn count(&self) -> usize {
        self.lobby.taken().values().flatten().count()
    }
}

impl Member {
    pub fn id(&self) -> MemberId {
        self.id
    }
}
