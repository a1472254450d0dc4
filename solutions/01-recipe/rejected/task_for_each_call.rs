//! rejected: one_task_owns_the_count
//! says: a question starts no task, and the actor handles one after the other
//! thinks: "In a task of its own the question is asked to its end, even if the caller goes away."

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
        let sender = self.sender.clone();
        let asking = tokio::spawn(async move {
            let (reply, answer) = oneshot::channel();
            let _ = sender.send(NextNumber { reply }).await;
            answer.await.expect("the actor is gone")
        });
        asking.await.expect("the question has panicked")
    }
}
