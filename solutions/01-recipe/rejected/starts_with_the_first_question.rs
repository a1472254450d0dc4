//! rejected: one_task_owns_the_count
//! says: no async task is running
//! thinks: "No task is needed before somebody asks, so the first question starts it."

use std::sync::{Arc, OnceLock};
use tokio::sync::{mpsc, oneshot};

struct NextNumber {
    reply: oneshot::Sender<u64>,
}

async fn run(mut mailbox: mpsc::Receiver<NextNumber>) {
    let mut last = 0;
    while let Some(NextNumber { reply }) = mailbox.recv().await {
        last += 1;
        let _ = reply.send(last);
    }
}

fn start() -> mpsc::Sender<NextNumber> {
    let (sender, mailbox) = mpsc::channel(8);
    tokio::spawn(run(mailbox));
    sender
}

#[derive(Clone)]
pub struct SequencerHandle {
    sender: Arc<OnceLock<mpsc::Sender<NextNumber>>>,
}

impl SequencerHandle {
    pub fn new() -> Self {
        Self {
            sender: Arc::default(),
        }
    }

    pub async fn next_number(&self) -> u64 {
        let (reply, answer) = oneshot::channel();
        let sender = self.sender.get_or_init(start);
        let _ = sender.send(NextNumber { reply }).await;
        answer.await.expect("the actor is gone")
    }
}
