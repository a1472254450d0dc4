//! accepted: an ask tries `try_send` first, and waits only when the mailbox is full. Tokio's `try_send` overtakes nobody who waits, and `send` alone does the same in fewer words.

use tokio::sync::{mpsc, oneshot};

enum Message {
    Next { reply: oneshot::Sender<u64> },
}

struct Sequencer {
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
            Message::Next { reply } => {
                self.last += 1;
                let _ = reply.send(self.last);
            }
        }
    }
}

#[derive(Clone)]
pub struct SequencerHandle {
    sender: mpsc::Sender<Message>,
}

impl SequencerHandle {
    pub fn new() -> Self {
        let (sender, mailbox) = mpsc::channel(8);
        tokio::spawn(Sequencer { mailbox, last: 0 }.run());
        Self { sender }
    }

    pub async fn next_number(&self) -> u64 {
        let (reply, answer) = oneshot::channel();
        if let Err(mpsc::error::TrySendError::Full(message)) =
            self.sender.try_send(Message::Next { reply })
        {
            let _ = self.sender.send(message).await;
        }
        answer.await.expect("the actor is gone")
    }
}
