//! rejected: a_question_counts_though_its_caller_gives_up
//! says: 100 callers in a row gave up, and your actor ended
//! thinks: "When nobody takes its answers any more, an actor is of no use."

use tokio::sync::{mpsc, oneshot};

enum Message {
    Next { reply: oneshot::Sender<u64> },
}

struct Sequencer {
    mailbox: mpsc::Receiver<Message>,
    last: u64,
    lost: u32,
}

impl Sequencer {
    async fn run(mut self) {
        while let Some(message) = self.mailbox.recv().await {
            self.on_message(message);
            if self.lost >= 100 {
                break;
            }
        }
    }

    fn on_message(&mut self, message: Message) {
        match message {
            Message::Next { reply } => {
                self.last += 1;
                if reply.send(self.last).is_err() {
                    self.lost += 1
                } else {
                    self.lost = 0
                }
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
        tokio::spawn(
            Sequencer {
                mailbox,
                last: 0,
                lost: 0,
            }
            .run(),
        );
        Self { sender }
    }

    pub async fn next_number(&self) -> u64 {
        let (reply, answer) = oneshot::channel();
        let _ = self.sender.send(Message::Next { reply }).await;
        answer.await.expect("the actor is gone")
    }
}
