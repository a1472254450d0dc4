//! A stand-in for Tokio that records what actors do. A crate whose manifest says
//!
//! ```toml
//! tokio = { package = "tokio-traced", path = "…" }
//! ```
//!
//! compiles the same, unchanged source against it. Inside of [`record`], what its tasks and channels do becomes a
//! [`Trace`]; everywhere else the types pass straight through to the real Tokio. What is not shadowed here is Tokio's own.
//!
//! README.md says what is recorded, what a trace looks like as JSON, and what cannot be recorded.

// Where to look: a shadowed type (`sync`, `task`, `time`) tells the `recorder` what happened, which keeps it in its `state`; `waiting` is around each future that
// may have to wait, `actor` around each task; `run` puts it together; `trace` turns the record into words, JSON and charts.
mod actor;
mod event;
pub mod explore;
mod label;
mod name;
mod panics;
mod place;
mod recorder;
mod run;
mod select;
mod source;
mod state;
mod trace;
mod waiting;

pub mod sync;
pub mod task;
pub mod time;

pub use event::{
    Access, ActorId, BoxId, Cut, Ended, Event, Got, Kind, MessageId, ReplyId, Timer, Wait, Waits,
};
pub use label::Shown;
pub use panics::panic_at;
pub use run::{Limits, Recording, record};
pub use source::{Piece, pieces, with_debug};
pub use task::spawn;
pub use tokio::*;
pub use trace::{Actor, Mailbox, Reply, Trace};
pub use waiting::until_all_wait;

#[doc(hidden)]
pub use select::{real, select_begins, select_start};
