//! rejected: numbers_follow_the_order_of_the_questions
//! says: who asked first gets the smaller number
//! thinks: "I take all messages that wait at once, and work through the list."

use tokio::sync::{mpsc, oneshot};

#[derive(Clone)]
pub struct SequencerHandle {
    sender: mpsc::Sender<oneshot::Sender<u64>>,
}

async fn run(mut mailbox: mpsc::Receiver<oneshot::Sender<u64>>) {
    let mut last = 0;
    let mut waiting = Vec::new();
    while mailbox.recv_many(&mut waiting, 8).await > 0 {
        while let Some(reply) = waiting.pop() {
            last += 1;
            let _ = reply.send(last);
        }
    }
}

impl SequencerHandle {
    pub fn new() -> Self {
        let (sender, mailbox) = mpsc::channel(8);
        tokio::spawn(run(mailbox));
        Self { sender }
    }

    pub async fn next_number(&self) -> u64 {
        let (reply, answer) = oneshot::channel();
        let _ = self.sender.send(reply).await;
        answer.await.expect("the actor is gone")
    }
}
