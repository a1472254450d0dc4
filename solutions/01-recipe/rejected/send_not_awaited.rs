//! rejected: numbers_start_at_one_and_go_on
//! says: RecvError means: the other end was dropped without an answer
//! says: a `send` without `.await`?
//! thinks: "`send` has done its work when it returns. What I wait for is the answer."

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
        let _ = self.sender.send(Message::NextNumber { reply });
        answer.await.expect("the actor is gone")
    }
}
