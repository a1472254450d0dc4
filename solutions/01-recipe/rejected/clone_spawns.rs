//! rejected: clones_count_together
//! says: the clone did not reach the same actor
//! thinks: "A clone has to work like the original, so it gets a task of its own."

use tokio::sync::{mpsc, oneshot};

enum Message {
    NextNumber { reply: oneshot::Sender<u64> },
}

struct Sequencer {
    mailbox: mpsc::Receiver<Message>,
    last: u64,
}

impl Sequencer {
    async fn run(mut self) {
        while let Some(Message::NextNumber { reply }) = self.mailbox.recv().await {
            self.last += 1;
            let _ = reply.send(self.last);
        }
    }
}

pub struct SequencerHandle {
    sender: mpsc::Sender<Message>,
}

impl SequencerHandle {
    pub fn new() -> Self {
        let (sender, receiver) = mpsc::channel(8);
        let actor = Sequencer {
            mailbox: receiver,
            last: 0,
        };
        tokio::spawn(actor.run());
        Self { sender }
    }

    pub async fn next_number(&self) -> u64 {
        let (reply, answer) = oneshot::channel();
        let _ = self.sender.send(Message::NextNumber { reply }).await;
        answer.await.expect("the actor is gone")
    }
}

impl Clone for SequencerHandle {
    fn clone(&self) -> Self {
        Self::new()
    }
}
