//! rejected: a_caller_that_gives_up_does_no_harm
//! says: a caller gave up, and your actor died with it
//! thinks: "If the answer cannot be delivered something is badly wrong, so I want to hear about it."

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
            reply.send(self.last).unwrap();
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
        let _ = self.sender.send(Message::NextNumber { reply }).await;
        answer.await.expect("the actor is gone")
    }
}
