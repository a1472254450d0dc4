//! Channels, semaphores, locks and what else tasks wait at, recorded. What is not named here is Tokio's own.
//!
//! Methods do what Tokio's do: its documentation is theirs, and so are its words on panics and cancel safety.

mod barrier;
pub mod broadcast;
pub(crate) mod channel;
mod lock;
pub mod mpsc;
mod notify;
mod once_cell;
pub mod oneshot;
mod semaphore;
mod tap;
pub mod watch;

pub use barrier::{Barrier, BarrierWaitResult};
pub use lock::{
    MappedMutexGuard, Mutex, MutexGuard, OwnedMappedMutexGuard, OwnedMutexGuard,
    OwnedRwLockMappedWriteGuard, OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock,
    RwLockMappedWriteGuard, RwLockReadGuard, RwLockWriteGuard,
};
pub use notify::{Notify, futures};
pub use once_cell::OnceCell;
pub use semaphore::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};
pub use tokio::sync::*;
