//! rejected: one_task_owns_the_count
//! says: a question starts no task, and the actor handles one after the other
//! thinks: "The loop must not wait for the work: each message gets a task, and the count is an atomic that they share."

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::SeqCst},
};
use tokio::sync::{mpsc, oneshot};

struct NextNumber {
    reply: oneshot::Sender<u64>,
}

async fn run(mut mailbox: mpsc::Receiver<NextNumber>) {
    let last = Arc::new(AtomicU64::new(0));
    while let Some(NextNumber { reply }) = mailbox.recv().await {
        let last = last.clone();
        tokio::spawn(async move {
            let _ = reply.send(last.fetch_add(1, SeqCst) + 1);
        });
    }
}

#[derive(Clone)]
pub struct SequencerHandle {
    sender: mpsc::Sender<NextNumber>,
}

impl SequencerHandle {
    pub fn new() -> Self {
        let (sender, mailbox) = mpsc::channel(8);
        tokio::spawn(run(mailbox));
        Self { sender }
    }

    pub async fn next_number(&self) -> u64 {
        let (reply, answer) = oneshot::channel();
        let _ = self.sender.send(NextNumber { reply }).await;
        answer.await.expect("the actor is gone")
    }
}
