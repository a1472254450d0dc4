//! Channels and semaphores that are recorded. What is not named here is Tokio's own.

pub mod broadcast;
mod channel;
pub mod mpsc;
pub mod oneshot;
mod semaphore;
pub mod watch;

pub use semaphore::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};
pub use tokio::sync::*;
