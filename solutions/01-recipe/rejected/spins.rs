//! rejected: numbers_start_at_one_and_go_on
//! says: This test never ends: a loop never waits
//! says: `try_recv` in a loop
//! thinks: "The actor has nothing else to do, so it can look all the time."

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
        loop {
            if let Ok(Message::NextNumber { reply }) = self.mailbox.try_recv() {
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
