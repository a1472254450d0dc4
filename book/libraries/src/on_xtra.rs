//! The same on xtra.

use xtra::{Actor, Address, Context, Handler, Mailbox};

// ANCHOR: actor
#[derive(Actor)]
struct Sequencer {
    last: u64,
}

struct Next;
struct Skip(u64);

impl Handler<Next> for Sequencer {
    type Return = u64;

    async fn handle(&mut self, Next: Next, _: &mut Context<Self>) -> u64 {
        self.last += 1;
        self.last
    }
}

impl Handler<Skip> for Sequencer {
    type Return = ();

    async fn handle(&mut self, Skip(numbers): Skip, _: &mut Context<Self>) {
        self.last += numbers;
    }
}
// ANCHOR_END: actor

/// Gives out numbers.
#[derive(Clone)]
pub struct SequencerHandle {
    actor: Address<Sequencer>,
}

impl SequencerHandle {
    /// An actor of its own.
    ///
    /// # Panics
    /// Outside of a Tokio runtime.
    pub fn new() -> Self {
        let actor = xtra::spawn_tokio(Sequencer { last: 0 }, Mailbox::bounded(64));
        Self { actor }
    }

    /// The next number.
    ///
    /// # Panics
    /// The actor is gone.
    pub async fn next_number(&self) -> u64 {
        self.actor.send(Next).await.expect("the sequencer is gone")
    }

    /// Leaves out so many numbers. Nothing comes back.
    ///
    /// # Panics
    /// The actor is gone.
    pub async fn skip(&self, numbers: u64) {
        let told = self.actor.send(Skip(numbers)).detach().await;
        // A reply would come all the same: nobody awaits it.
        drop(told.expect("the sequencer is gone"));
    }
}
