//! rejected: your_promises_hold_whatever_callers_do
//! says: and nobody is at work
//! thinks: "I take a permit before the question, and add one back after the answer."

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
        let permit = self.slots.acquire().await.expect("it is never closed");
        permit.forget();
        let (reply, answer) = oneshot::channel();
        let _ = self.sender.send(NextNumber { reply });
        let number = answer.await.expect("the actor is gone");
        self.slots.add_permits(1);
        number
    }
}
