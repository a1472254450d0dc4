//! rejected: a_question_counts_though_its_caller_gives_up
//! says: and each of them uses up a number
//! thinks: "One who gives up may count. When they do it in a row, something is wrong, and no number should be wasted on it."

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
        }
    }

    fn on_message(&mut self, message: Message) {
        match message {
            Message::Next { reply } => {
                if reply.is_closed() {
                    self.lost += 1;
                    if self.lost > 2 {
                        return;
                    }
                } else {
                    self.lost = 0
                }
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
