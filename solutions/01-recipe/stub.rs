//! Exercise 01, recipe: an actor that numbers the messages of a chat room.
//!
//! Everybody who writes in a room asks for the next number: 1, then 2, then 3, never twice the same. One task owns the
//! count, and nobody else can reach it. What you hand out is a handle, which can be cloned freely.
//!
//! Page: book/src/01-recipe.md. Your answer goes into this file, and the tests are in tests/recipe.rs:
//!
//!     cargo test -p recipe
//!
//! Stuck? `cargo course hint recipe` says a little more each time.

// First, a message for the actor: what is asked, and where the answer goes.

// Then the actor: the receiving end of its mailbox, and the count.
// It handles one message after another, until there can be no more.

/// Reaches the actor of one room. Every clone reaches the same one.
///
/// The actor runs as long as any of its handles is alive. Its tasks are started by `new`; neither a clone nor a question starts another one.
/// They wait for the next message, and for no timer.
#[derive(Clone)]
pub struct SequencerHandle {
    // What does a handle need in order to reach its actor?
}

impl SequencerHandle {
    /// Starts the actor of a new room, which counts from 1. To be called inside a Tokio runtime. (A handle may be dropped anywhere.)
    pub fn new() -> Self {
        todo!("step 1: make a mailbox, start the actor, keep what is needed to reach it")
    }

    /// The next number of this room. The question that comes into the mailbox first gets the smaller one. A call waits for
    /// a free slot in the mailbox, then for its answer, and for nothing else.
    ///
    /// A call that is dropped after its message was sent has used up a number; one that still waits for a free slot in the mailbox has not.
    ///
    /// # Panics
    /// When the actor is gone though this handle is not: it has panicked, or its runtime has ended.
    pub async fn next_number(&self) -> u64 {
        todo!("step 1: send a message that says where the answer goes, then await that answer")
    }
}
