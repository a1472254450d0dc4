//! rejected: your_promises_hold_whatever_callers_do
//! says: a mailbox has so many slots and no more
//! thinks: "Eight may ask at a time: a semaphore's permit bounds the mailbox, and is given back when the answer is there."

use std::sync::Arc;
use tokio::sync::{Semaphore, mpsc, oneshot};

struct NextNumber {
    reply: oneshot::Sender<u64>,
}

async fn run(mut mailbox: mpsc::UnboundedReceiver<NextNumber>) {
    let mut last = 0;
    while let Some(NextNumber { reply }) = mailbox.recv().await {
        last += 1;
        let _ = reply.send(last);
    }
}

#[derive(Clone)]
pub struct SequencerHandle {
    sender: mpsc::UnboundedSender<NextNumber>,
    slots: Arc<Semaphore>,
}

impl SequencerHandle {
    pub fn new() -> Self {
        let (sender, mailbox) = mpsc::unbounded_channel();
        tokio::spawn(run(mailbox));
        Self {
            sender,
            slots: Arc::new(Semaphore::new(8)),
        }
    }

    pub async fn next_number(&self) -> u64 {
        let _permit = self.slots.acquire().await.expect("it is never closed");
        let (reply, answer) = oneshot::channel();
        let _ = self.sender.send(NextNumber { reply });
        answer.await.expect("the actor is gone")
    }
}
