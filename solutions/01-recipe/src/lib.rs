//! A solution of exercise 01: an actor that numbers the messages of a chat room.

use tokio::sync::{mpsc, oneshot};

/// How many questions may wait for the actor. It answers at once, so a few are plenty.
const MAILBOX: usize = 8;

enum Message {
    NextNumber {
        /// The caller holds the other end, or has dropped it because it no longer waits.
        reply: oneshot::Sender<u64>,
    },
}

struct Sequencer {
    /// The handles hold the other end. When the last of them is dropped, `recv` gives None and the actor ends.
    mailbox: mpsc::Receiver<Message>,
    last: u64,
}

impl Sequencer {
    async fn run(mut self) {
        while let Some(message) = self.mailbox.recv().await {
            self.on_message(message);
        }
    }

    fn on_message(&mut self, message: Message) {
        match message {
            Message::NextNumber { reply } => {
                self.last += 1;
                // It fails when the caller no longer waits: that is the caller's business, not an error of ours.
                let _ = reply.send(self.last);
            }
        }
    }
}

/// Reaches the actor of one room. Every clone reaches the same one.
///
/// The actor runs as long as any of its handles is alive. Its tasks are started by `new`; neither a clone nor a question starts another one.
#[derive(Clone)]
pub struct SequencerHandle {
    /// The actor holds the other end. Each handle's Sender keeps it alive.
    sender: mpsc::Sender<Message>,
}

impl SequencerHandle {
    /// Starts the actor of a new room, which counts from 1. To be called inside a Tokio runtime. (A handle may be dropped anywhere.)
    pub fn new() -> Self {
        let (sender, receiver) = mpsc::channel(MAILBOX);
        let actor = Sequencer {
            mailbox: receiver,
            last: 0,
        };
        tokio::spawn(actor.run());
        Self { sender }
    }

    /// The next number of this room. The question that comes into the mailbox first gets the smaller one.
    ///
    /// A call that is dropped after its message was sent has used up a number; one that still waits for a free slot in the mailbox has not.
    ///
    /// # Panics
    /// When the actor is gone though this handle is not: it has panicked, or its runtime has ended.
    pub async fn next_number(&self) -> u64 {
        let (reply, answer) = oneshot::channel();
        // If the actor is gone, so is `reply`, and the next line says it. No need to check the same failure twice.
        let _ = self.sender.send(Message::NextNumber { reply }).await;
        answer.await.expect("the actor is gone")
    }
}
