//! rejected: two_rooms_count_independently
//! says: two rooms share their numbers
//! thinks: "There is one sequencer, so its count can be a static, which every task can reach."

use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::{mpsc, oneshot};

enum Message {
    NextNumber { reply: oneshot::Sender<u64> },
}

struct Sequencer {
    mailbox: mpsc::Receiver<Message>,
}

static LAST: AtomicU64 = AtomicU64::new(0);

impl Sequencer {
    async fn run(mut self) {
        while let Some(Message::NextNumber { reply }) = self.mailbox.recv().await {
            let _ = reply.send(LAST.fetch_add(1, Ordering::Relaxed) + 1);
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
        let actor = Sequencer { mailbox: receiver };
        tokio::spawn(actor.run());
        Self { sender }
    }

    pub async fn next_number(&self) -> u64 {
        let (reply, answer) = oneshot::channel();
        let _ = self.sender.send(Message::NextNumber { reply }).await;
        answer.await.expect("the actor is gone")
    }
}
