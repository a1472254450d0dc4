//! `select!` polls its branches from a random one on. In a recording, and in a schedule that is explored, the dice are ours, so that
//! the same code does the same.

use crate::{explore, turn};

/// The real macro, under a path that the shadowing one can name from anywhere.
pub mod real {
    pub use tokio::select;
}

/// As Tokio's `select!`. The first branch is random, and drawn from a seed where one records or explores.
// `@{ start=…; () }` is what Tokio's macro passes to itself; should an update change that, crates that use `select!` no longer compile
// here, and tests/same.rs says so first.
#[macro_export]
macro_rules! select {
    (biased; $($branches:tt)*) => {{
        $crate::select_begins();
        $crate::real::select!(biased; $($branches)*)
    }};
    (else => $($rest:tt)*) => { $crate::real::select!(else => $($rest)*) };
    ($($branches:tt)*) => {
        $crate::real::select!(@{ start={ $crate::select_start(BRANCHES) }; () } $($branches)*)
    };
}

/// One that is always ready never waits, and never comes back.
pub fn select_begins() {
    if let Some(recorder) = turn::tap() {
        recorder.step();
    }
}

/// Which of so many branches is polled first.
pub fn select_start(branches: u32) -> u32 {
    select_begins();
    let explored = explore::roll(branches);
    explored.unwrap_or_else(|| match turn::tap() {
        Some(recorder) => recorder.roll(branches),
        None => tokio::macros::support::thread_rng_n(branches),
    })
}
