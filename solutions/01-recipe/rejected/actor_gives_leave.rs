//! rejected: numbers_follow_the_order_of_the_questions
//! says: who asked first gets the smaller number
//! thinks: "The actor lets one caller after the other count. The count itself can stay in the handle."

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};
use tokio::sync::{mpsc, oneshot};

#[derive(Clone)]
pub struct SequencerHandle {
    sender: mpsc::Sender<oneshot::Sender<()>>,
    last: Arc<AtomicU64>,
}

async fn run(mut mailbox: mpsc::Receiver<oneshot::Sender<()>>) {
    while let Some(reply) = mailbox.recv().await {
        let _ = reply.send(());
    }
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
        let (reply, answer) = oneshot::channel();
        let _ = self.sender.send(reply).await;
        answer.await.expect("the actor is gone");
        self.last.fetch_add(1, Ordering::Relaxed) + 1
    }
}
