//! The recipe, as in chapter 1.

use tokio::sync::{
    mpsc::{self, error::TrySendError},
    oneshot,
};

// ANCHOR: actor
enum Message {
    Next { reply: oneshot::Sender<u64> },
    Skip(u64),
}

struct Sequencer {
    mailbox: mpsc::Receiver<Message>,
    last: u64,
}

impl Sequencer {
    async fn run(mut self) {
        while let Some(message) = self.mailbox.recv().await {
            match message {
                Message::Next { reply } => {
                    self.last += 1;
                    let _ = reply.send(self.last);
                }
                Message::Skip(numbers) => self.last += numbers,
            }
        }
    }
}
// ANCHOR_END: actor

/// Gives out numbers.
#[derive(Clone)]
pub struct SequencerHandle {
    sender: mpsc::Sender<Message>,
}

// ANCHOR: handle
impl SequencerHandle {
    /// An actor of its own, with a mailbox for 64 messages.
    ///
    /// # Panics
    /// Outside of a Tokio runtime.
    pub fn new() -> Self {
        let (sender, mailbox) = mpsc::channel(64);
        tokio::spawn(Sequencer { mailbox, last: 0 }.run());
        Self { sender }
    }

    /// The same on the `LocalSet` that runs here: the actor stays on this thread.
    ///
    /// # Panics
    /// Outside of a `LocalSet`.
    pub fn local() -> Self {
        let (sender, mailbox) = mpsc::channel(64);
        tokio::task::spawn_local(Sequencer { mailbox, last: 0 }.run());
        Self { sender }
    }

    /// The next number.
    ///
    /// # Panics
    /// The actor is gone.
    pub async fn next_number(&self) -> u64 {
        let (reply, number) = oneshot::channel();
        let _ = self.sender.send(Message::Next { reply }).await;
        number.await.expect("the sequencer is gone")
    }

    /// The next number, and only a full mailbox is waited for: a slot that is there costs less without a wait.
    ///
    /// # Panics
    /// The actor is gone.
    pub async fn next_number_tried_first(&self) -> u64 {
        let (reply, number) = oneshot::channel();
        if let Err(TrySendError::Full(message)) = self.sender.try_send(Message::Next { reply }) {
            let _ = self.sender.send(message).await;
        }
        number.await.expect("the sequencer is gone")
    }

    /// Leaves out so many numbers. Nothing comes back.
    ///
    /// # Panics
    /// The actor is gone.
    pub async fn skip(&self, numbers: u64) {
        let told = self.sender.send(Message::Skip(numbers)).await;
        told.expect("the sequencer is gone");
    }
}
// ANCHOR_END: handle
