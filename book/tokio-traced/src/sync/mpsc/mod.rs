//! `tokio::sync::mpsc`, recorded.

mod bounded;
mod permit;
mod receiver;
mod unbounded;

pub use bounded::{Sender, WeakSender, channel};
pub use permit::{OwnedPermit, Permit, PermitIterator};
pub use receiver::{Inbox, RealReceiver};
pub use tokio::sync::mpsc::error;
pub use unbounded::{UnboundedSender, WeakUnboundedSender, unbounded_channel};

use super::channel::Parcel;
use tokio::sync::mpsc as real;

/// The receiving end of a bounded channel.
pub type Receiver<T> = Inbox<T, real::Receiver<Parcel<T>>>;

/// The receiving end of an unbounded channel.
pub type UnboundedReceiver<T> = Inbox<T, real::UnboundedReceiver<Parcel<T>>>;
