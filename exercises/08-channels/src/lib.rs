//! Exercise 08, channels: todo: what it does, in a line.
//!
//! Page: book/src/08-channels.md. The tests are in tests/channels.rs; they go step by step, and so can you:
//!
//!     cargo test -p channels
//!
//! Stuck? `cargo course hint channels` says a little more each time.

/// todo: who holds it, and for what.
#[derive(Clone)]
pub struct Handle {
    // Step 1: what does it need?
}

/// Starts the actor. todo: its rules, in the order of the steps.
///
/// 1. todo: the rule of step 1.
///
/// To be called inside a Tokio runtime.
pub fn open() -> Handle {
    todo!("step 1: a channel, and an actor that reads it")
}

impl Handle {
    /// todo: what it promises; how it fails; what a call that is dropped leaves behind.
    pub async fn ask(&self) -> u32 {
        todo!("step 1: send a question, and wait for its answer")
    }
}
