//! `cargo course`: serves the book, checks the exercises as they are saved, and proves the worth of their tests.
//!
//! The README beside this crate's Cargo.toml has the bird's-eye view. The modules stand in layers, the lowest first: none uses one
//! that comes after it (`tests/rooms.rs`).

pub mod error;

pub mod process;

pub mod workspace;

pub mod check;

pub mod scratch;

pub mod stand_in;

pub mod terminal;

pub mod judge;

pub mod room;

pub mod live;

pub mod kit;

pub mod cli;
