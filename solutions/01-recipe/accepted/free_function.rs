//! accepted: the actor is a function with local variables. Shortest; it grows worse than a struct once there are many kinds of messages.

use tokio::sync::{mpsc, oneshot};

type NextNumber = oneshot::Sender<u64>;

async fn sequencer(mut mailbox: mpsc::Receiver<NextNumber>) {
    let mut last = 0;
    while let Some(reply) = mailbox.recv().await {
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
        let (sender, receiver) = mpsc::channel(1);
        tokio::spawn(sequencer(receiver));
        Self { sender }
    }

    pub async fn next_number(&self) -> u64 {
        let (reply, answer) = oneshot::channel();
        let _ = self.sender.send(reply).await;
        answer.await.expect("the actor is gone")
    }
}
