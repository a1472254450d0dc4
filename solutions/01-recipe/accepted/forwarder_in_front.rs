//! accepted: a task in front of the owner only passes messages on, in their order. A place to log or to limit; it costs a hop and a second mailbox.

use tokio::sync::{mpsc, oneshot};

struct NextNumber {
    reply: oneshot::Sender<u64>,
}

/// Everything is seen here first.
async fn front(mut questions: mpsc::Receiver<NextNumber>, owner: mpsc::Sender<NextNumber>) {
    while let Some(question) = questions.recv().await {
        if owner.send(question).await.is_err() {
            break;
        }
    }
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
        let (sender, questions) = mpsc::channel(8);
        let (owner, mailbox) = mpsc::channel(8);
        tokio::spawn(front(questions, owner));
        tokio::spawn(run(mailbox));
        Self { sender }
    }

    pub async fn next_number(&self) -> u64 {
        let (reply, answer) = oneshot::channel();
        let _ = self.sender.send(NextNumber { reply }).await;
        answer.await.expect("the actor is gone")
    }
}
