//! Channels and semaphores that are recorded. What is not named here is Tokio's own.
//!
//! Methods do what Tokio's do: its documentation is theirs, and so are its words on panics and cancel safety.

pub mod broadcast;
mod channel;
pub mod mpsc;
pub mod oneshot;
mod semaphore;
pub mod watch;

pub use semaphore::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};
pub use tokio::sync::*;
