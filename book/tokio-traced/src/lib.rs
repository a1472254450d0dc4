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

// Where to look: a shadowed type (`sync`, `task`, `time`) tells the `recorder` what happened (`tell`), which keeps it in its `state`; `waiting` is around each
// future that may have to wait, `actor` around each task; `run` puts it together; `trace` turns the record into words, JSON and charts.
//
// In layers, the lowest first: no module uses one of its own group or of one that comes after it (`tests/layers.rs`).

// Words and numbers.
mod event;
pub mod explore;
mod limits;
mod name;
mod place;
mod source;

mod label;

// The record of one run, who keeps it, whose turn it is, and what that one does.
mod state;

mod recorder;

mod turn;

mod tell;

// Around tasks and futures.
mod actor;
mod panics;
mod select;
mod waiting;

// What users of Tokio see.
pub mod task;
pub mod time;

pub mod sync;

pub mod io;
mod trace;

mod run;

pub use event::{
    Access, ActorId, BoxId, Cut, Ended, Event, Got, Kind, MessageId, ReplyId, Timer, Wait, Waits,
};
pub use label::Shown;
pub use limits::Limits;
pub use panics::panic_at;
pub use run::{Recording, record};
pub use source::{Piece, pieces, with_debug};
pub use task::spawn;
pub use tokio::*;
pub use trace::{Actor, Mailbox, Reply, Trace};
pub use waiting::until_all_wait;

#[doc(hidden)]
pub use select::{real, select_begins, select_start};
