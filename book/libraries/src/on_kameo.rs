//! The same on Kameo.

use kameo::{
    Actor,
    actor::{ActorRef, Spawn},
    mailbox,
    message::{Context, Message},
};

// ANCHOR: actor
#[derive(Actor)]
struct Sequencer {
    last: u64,
}

struct Next;
struct Skip(u64);

impl Message<Next> for Sequencer {
    type Reply = u64;

    async fn handle(&mut self, Next: Next, _: &mut Context<Self, u64>) -> u64 {
        self.last += 1;
        self.last
    }
}

impl Message<Skip> for Sequencer {
    type Reply = ();

    async fn handle(&mut self, Skip(numbers): Skip, _: &mut Context<Self, ()>) {
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
        let actor = Sequencer::spawn_with_mailbox(Sequencer { last: 0 }, mailbox::bounded(64));
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
