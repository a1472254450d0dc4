//! rejected: the_mailbox_is_bounded
//! says: 5000 of 5000 questions
//! thinks: "Sending may have to wait, so each question is sent by a task of its own."

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

#[derive(Clone)]
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
        let mailbox = self.sender.clone();
        tokio::spawn(async move { mailbox.send(Message::NextNumber { reply }).await });
        answer.await.expect("the actor is gone")
    }
}
