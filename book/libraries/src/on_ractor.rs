//! The same on ractor.

use ractor::{
    Actor, ActorProcessingErr, ActorRef, RpcReplyPort, concurrency::JoinHandle, rpc::CallResult,
};

// ANCHOR: actor
struct Sequencer;

enum Message {
    Next(RpcReplyPort<u64>),
    Skip(u64),
}

impl Actor for Sequencer {
    type Msg = Message;
    type State = u64;
    type Arguments = ();

    async fn pre_start(&self, _: ActorRef<Message>, (): ()) -> Result<u64, ActorProcessingErr> {
        Ok(0)
    }

    async fn handle(
        &self,
        _: ActorRef<Message>,
        message: Message,
        last: &mut u64,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            Message::Next(reply) => {
                *last += 1;
                let _ = reply.send(*last);
            }
            Message::Skip(numbers) => *last += numbers,
        }
        Ok(())
    }
}
// ANCHOR_END: actor

/// Gives out numbers. The actor does not end with its last handle: `stop` ends it.
#[derive(Clone)]
pub struct SequencerHandle {
    actor: ActorRef<Message>,
}

impl SequencerHandle {
    /// An actor of its own. It has no bound.
    ///
    /// # Panics
    /// Outside of a Tokio runtime.
    pub async fn new() -> (Self, JoinHandle<()>) {
        let spawned = Actor::spawn(None, Sequencer, ()).await;
        let (actor, task) = spawned.expect("it has no name that could be taken");
        (Self { actor }, task)
    }

    /// The next number.
    ///
    /// # Panics
    /// The actor is gone.
    pub async fn next_number(&self) -> u64 {
        match self.actor.call(Message::Next, None).await {
            Ok(CallResult::Success(number)) => number,
            _ => panic!("the sequencer is gone"),
        }
    }

    /// Leaves out so many numbers. Nothing comes back.
    ///
    /// # Panics
    /// The actor is gone.
    pub fn skip(&self, numbers: u64) {
        let told = self.actor.cast(Message::Skip(numbers));
        told.expect("the sequencer is gone");
    }

    /// Ends the actor, for all who hold a handle.
    pub fn stop(&self) {
        self.actor.stop(None);
    }
}
