//! A message that says stop, in the mailbox with all others.

use super::super::bell::{Bell, Torn};
use tokio::sync::mpsc::{self, error::TrySendError};

// ANCHOR: message
#[derive(Debug)]
enum Message {
    Ring(u32),
    Stop,
}
// ANCHOR_END: message

struct Ringer {
    mailbox: mpsc::Receiver<Message>,
    bell: Bell,
}

// ANCHOR: run
impl Ringer {
    async fn run(mut self) -> Result<(), Torn> {
        while let Some(Message::Ring(floor)) = self.mailbox.recv().await {
            self.bell.ring(floor).await?;
        }
        Ok(())
    }
}
// ANCHOR_END: run

#[derive(Clone)]
pub struct BellsHandle {
    sender: mpsc::Sender<Message>,
}

impl BellsHandle {
    pub fn new(capacity: usize, bell: Bell) -> Self {
        let (sender, mailbox) = mpsc::channel(capacity);
        tokio::spawn(Ringer { mailbox, bell }.run());
        Self { sender }
    }

    pub async fn ring(&self, floor: u32) {
        let _ = self.sender.send(Message::Ring(floor)).await;
    }

    pub async fn silence(&self) {
        let _ = self.sender.send(Message::Stop).await;
    }

    /// The same, and it does not wait: whether the message was taken.
    pub fn try_silence(&self) -> bool {
        !matches!(
            self.sender.try_send(Message::Stop),
            Err(TrySendError::Full(_))
        )
    }
}
