//! The listings of the book's chapters, one module or more a chapter. The pages take them in by their anchors; what a page says
//! about a listing, a test at the end of its module proves.
//!
//! Listings that must not compile are in `broken/`, each with what the compiler says; `tests/broken.rs` proves that.

#[cfg(test)]
mod abandoned;
pub mod backpressure;
pub mod channels;
pub mod chat;
pub mod connection;
pub mod cycles;
pub mod deadlocks;
pub mod handles;
pub mod libraries;
pub mod lifecycle;
pub mod no_reply;
pub mod recipe;
pub mod remote;
pub mod run_method;
pub mod select;
pub mod shared_state;
pub mod shutdown;
pub mod testing;
