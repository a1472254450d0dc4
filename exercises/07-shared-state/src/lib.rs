//! Exercise 07, shared state: the lobby of the chat server.
//!
//! Anyone who wants to chat takes a seat in the lobby first. There are only so many seats, each name is taken once, and whether there is
//! an account of that name is known to a service that takes long to answer. Nobody else should have to wait for that.
//!
//! Page: book/src/07-shared-state.md, with this exercise in four steps. The tests are in tests/shared_state.rs, in the same order:
//!
//!     cargo test -p shared-state
//!
//! Stuck? `cargo course hint shared-state` says a little more each time.

use std::{pin::Pin, sync::Arc};

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

/// Owns the seats.
pub struct Lobby {
    // Step 1: what does it need?
}

/// Asks the lobby. All clones belong to the same one, which runs as long as any of them is alive.
///
/// Where calls wait in a mailbox, it is bounded.
///
/// Who gets a seat, and a name, is decided in the order in which the calls began.
#[derive(Clone)]
pub struct LobbyHandle {
    // Step 1: what does it need?
}

/// A seat in the lobby, and the name that goes with it. When it is dropped, both are free: a call that begins afterwards finds them so.
///
/// It can be moved to another task, and dropped anywhere, outside of a runtime too. It does not keep the lobby running, and it may outlive it.
#[derive(Debug)]
pub struct Member {
    id: MemberId,
    // Step 3: what frees the seat?
}

impl Lobby {
    /// Opens a lobby with so many seats.
    ///
    /// To be called inside a Tokio runtime. When the last handle is dropped, all of its tasks end, whether somebody is still in it or not.
    ///
    /// `seats` is at most `tokio::sync::Semaphore::MAX_PERMITS`; with more it may panic. Memory is needed for the seats that are taken, and
    /// not for all that there are. With 0, nobody can join.
    pub fn open(accounts: Accounts, seats: usize) -> LobbyHandle {
        let _ = (accounts, seats, Accounts::look_up);
        todo!("step 1: a task that owns the seats, and a mailbox")
    }
}

impl LobbyHandle {
    /// Takes a seat and the name, looks up the account, and joins. Names are compared exactly.
    ///
    /// It waits for the lookup of its own account, and for nothing else that takes time: lookups go on side by side, and may take as long
    /// as they like. An account is looked up when a seat and the name are taken for it, and not before.
    ///
    /// # Errors
    /// See [`JoinError`]. When several of them are right, it is one of these. `Full` and `Taken` are known at once, without a lookup. A call that fails leaves nothing behind:
    /// neither a seat nor the name is taken any more when it returns.
    ///
    /// # Panics
    /// When the lookup does, or it gives [`JoinError::Unknown`] then. The seat and the name are free again in either case.
    ///
    /// # Cancel safety
    /// A call that is dropped leaves nothing behind: its lookup is dropped, and its seat and its name are free, in the same moment, as soon as the
    /// tasks of the lobby have run. This holds before its turn, during the lookup, and when the member has been made and nobody has taken it.
    pub async fn join(&self, name: &str) -> Result<Member, JoinError> {
        let _ = name;
        todo!("step 1: a message with a oneshot; steps 2 to 4: see the page")
    }

    /// The member of that name. `None` when there is none, or is just joining, or when the lobby has ended.
    ///
    /// It is answered at once, also while accounts are looked up.
    pub async fn find(&self, name: &str) -> Option<MemberId> {
        let _ = name;
        todo!("step 1: ask the owner")
    }

    /// How many members are in the lobby, those who are just joining not among them. 0 when the lobby has ended.
    ///
    /// It is answered at once, also while accounts are looked up.
    pub async fn count(&self) -> usize {
        todo!("step 1: ask the owner")
    }
}

impl Member {
    /// The number of its account.
    pub fn id(&self) -> MemberId {
        self.id
    }
}
