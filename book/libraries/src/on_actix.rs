//! The same on actix. It runs where a `LocalSet` runs, as its own `System` does: all actors of a thread share that thread.

use actix::{Actor, Addr, Context, Handler, Message};

// ANCHOR: actor
struct Sequencer {
    last: u64,
}

impl Actor for Sequencer {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Self::Context) {
        context.set_mailbox_capacity(64);
    }
}

#[derive(Message)]
#[rtype(result = "u64")]
struct Next;

#[derive(Message)]
#[rtype(result = "()")]
struct Skip(u64);

impl Handler<Next> for Sequencer {
    type Result = u64;

    fn handle(&mut self, Next: Next, _: &mut Self::Context) -> u64 {
        self.last += 1;
        self.last
    }
}
// ANCHOR_END: actor

impl Handler<Skip> for Sequencer {
    type Result = ();

    fn handle(&mut self, Skip(numbers): Skip, _: &mut Self::Context) {
        self.last += numbers;
    }
}

/// Gives out numbers.
#[derive(Clone)]
pub struct SequencerHandle {
    actor: Addr<Sequencer>,
}

impl SequencerHandle {
    /// An actor of its own.
    ///
    /// # Panics
    /// Outside of a `LocalSet`, or a `System`.
    pub fn new() -> Self {
        let actor = Sequencer { last: 0 }.start();
        Self { actor }
    }

    /// The next number.
    ///
    /// # Panics
    /// The actor is gone.
    pub async fn next_number(&self) -> u64 {
        self.actor.send(Next).await.expect("the sequencer is gone")
    }

    /// Leaves out so many numbers.
    ///
    /// # Panics
    /// The actor is gone.
    pub async fn skip(&self, numbers: u64) {
        // Actix has no tell that waits for a slot: `try_send` refuses, and `do_send` goes past the bound. So it waits for the reply, too.
        let told = self.actor.send(Skip(numbers)).await;
        told.expect("the sequencer is gone");
    }
}
