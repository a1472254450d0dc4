//! rejected: numbers_start_at_one_and_go_on
//! says: RecvError means: the other end was dropped without an answer
//! says: was the actor spawned at all
//! thinks: "The actor has its loop and its mailbox; it will run when a message comes."

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
        let _ = actor.run();
        Self { sender }
    }

    pub async fn next_number(&self) -> u64 {
        let (reply, answer) = oneshot::channel();
        let _ = self.sender.send(Message::NextNumber { reply }).await;
        answer.await.expect("the actor is gone")
    }
}
