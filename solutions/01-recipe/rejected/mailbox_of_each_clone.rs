//! rejected: the_mailbox_is_bounded
//! says: or there is one for each clone
//! thinks: "Each handle may have eight questions under way."

use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

struct NextNumber {
    reply: oneshot::Sender<u64>,
    permit: OwnedSemaphorePermit,
}

async fn run(mut mailbox: mpsc::UnboundedReceiver<NextNumber>) {
    let mut last = 0;
    while let Some(NextNumber { reply, permit }) = mailbox.recv().await {
        drop(permit);
        last += 1;
        let _ = reply.send(last);
    }
}

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
        let slots = self.slots.clone();
        let permit = slots.acquire_owned().await.expect("it is never closed");
        let (reply, answer) = oneshot::channel();
        let _ = self.sender.send(NextNumber { reply, permit });
        answer.await.expect("the actor is gone")
    }
}

impl Clone for SequencerHandle {
    fn clone(&self) -> Self {
        Self {
            sender: self.sender.clone(),
            slots: Arc::new(Semaphore::new(8)),
        }
    }
}
