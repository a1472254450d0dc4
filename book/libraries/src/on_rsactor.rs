//! The same on rsactor.

use rsactor::{Actor, ActorRef, message_handlers, spawn_with_mailbox_capacity};

// ANCHOR: actor
#[derive(Actor)]
struct Sequencer {
    last: u64,
}

struct Next;
struct Skip(u64);

#[message_handlers]
impl Sequencer {
    #[handler]
    async fn next(&mut self, Next: Next, _: &ActorRef<Self>) -> u64 {
        self.last += 1;
        self.last
    }

    #[handler]
    async fn skip(&mut self, Skip(numbers): Skip, _: &ActorRef<Self>) {
        self.last += numbers;
    }
}
// ANCHOR_END: actor

/// Gives out numbers.
#[derive(Clone)]
pub struct SequencerHandle {
    actor: ActorRef<Sequencer>,
}

impl SequencerHandle {
    /// An actor of its own.
    ///
    /// # Panics
    /// Outside of a Tokio runtime.
    pub fn new() -> Self {
        let (actor, _task) = spawn_with_mailbox_capacity(Sequencer { last: 0 }, 64);
        Self { actor }
    }

    /// The next number.
    ///
    /// # Panics
    /// The actor is gone.
    pub async fn next_number(&self) -> u64 {
        self.actor.ask(Next).await.expect("the sequencer is gone")
    }

    /// Leaves out so many numbers. Nothing comes back.
    ///
    /// # Panics
    /// The actor is gone.
    pub async fn skip(&self, numbers: u64) {
        let told = self.actor.tell(Skip(numbers)).await;
        told.expect("the sequencer is gone");
    }
}
