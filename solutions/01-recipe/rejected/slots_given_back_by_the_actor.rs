//! rejected: without_its_runtime_a_call_panics
//! says: a call that found the mailbox full when its runtime ended waits on and on
//! thinks: "The actor gives a slot back as soon as it has taken the message out."

use std::sync::Arc;
use tokio::sync::{Semaphore, mpsc, oneshot};

struct Ask {
    reply: oneshot::Sender<u64>,
}

#[derive(Clone)]
pub struct SequencerHandle {
    sender: mpsc::UnboundedSender<Ask>,
    slots: Arc<Semaphore>,
}

impl SequencerHandle {
    pub fn new() -> Self {
        let (sender, mut mailbox) = mpsc::unbounded_channel::<Ask>();
        let slots = Arc::new(Semaphore::new(8));
        let free = slots.clone();
        tokio::spawn(async move {
            let mut last = 0;
            while let Some(Ask { reply }) = mailbox.recv().await {
                last += 1;
                free.add_permits(1);
                let _ = reply.send(last);
            }
        });
        Self { sender, slots }
    }
    pub async fn next_number(&self) -> u64 {
        let permit = self.slots.acquire().await.expect("never closed");
        let (reply, answer) = oneshot::channel();
        permit.forget();
        let _ = self.sender.send(Ask { reply });
        answer.await.expect("the actor is gone")
    }
}
