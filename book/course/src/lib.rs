//! `cargo course`: serves the book, checks the exercises as they are saved, and proves the worth of their tests.
//!
//! The README beside this crate's Cargo.toml has the bird's-eye view.

mod advice;
pub mod answers;
pub mod book;
pub mod build;
pub mod check;
pub mod checker;
pub mod cli;
mod commands;
mod diff;
mod echo;
pub mod error;
pub mod excerpt;
pub mod explore;
pub mod files;
pub mod group;
pub mod guard;
pub mod hints;
pub mod hosts;
pub mod judge;
mod lines;
pub mod live;
pub mod meanwhile;
pub mod plain;
pub mod process;
pub mod progress;
pub mod proof;
pub mod publisher;
pub mod run;
pub mod schedules;
pub mod serve;
mod signatures;
mod stand_in;
pub mod status;
pub mod terminal;
pub mod trace;
pub mod watcher;
pub mod workspace;
