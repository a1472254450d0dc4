//! The book in a real browser. See this crate's README.md for what the files hold and how to run them.

mod accessibility;
mod links;
mod live;
mod others;
mod projector;
mod published;
mod questions;
mod recordings;
mod room;
mod search;
mod support;
mod unpowered;
mod weight;
