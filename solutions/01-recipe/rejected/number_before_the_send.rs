//! rejected: your_promises_hold_whatever_callers_do
//! says: a question that is not in the mailbox when its caller gives up uses up no number
//! thinks: "The handle takes the number and sends it along, and the actor confirms it. All goes through the actor, in its order."

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::SeqCst},
};
use tokio::sync::{mpsc, oneshot};

struct NextNumber {
    number: u64,
    reply: oneshot::Sender<u64>,
}

async fn run(mut mailbox: mpsc::Receiver<NextNumber>) {
    while let Some(NextNumber { number, reply }) = mailbox.recv().await {
        let _ = reply.send(number);
    }
}

#[derive(Clone)]
pub struct SequencerHandle {
    sender: mpsc::Sender<NextNumber>,
    last: Arc<AtomicU64>,
}

impl SequencerHandle {
    pub fn new() -> Self {
        let (sender, mailbox) = mpsc::channel(8);
        tokio::spawn(run(mailbox));
        Self {
            sender,
            last: Arc::default(),
        }
    }

    pub async fn next_number(&self) -> u64 {
        let number = self.last.fetch_add(1, SeqCst) + 1;
        let (reply, answer) = oneshot::channel();
        let _ = self.sender.send(NextNumber { number, reply }).await;
        answer.await.expect("the actor is gone")
    }
}
