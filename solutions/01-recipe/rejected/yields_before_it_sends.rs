//! rejected: callers_wait_in_line
//! says: Does `next_number` await something else before it sends?
//! thinks: "Letting the others go first is good manners."

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
        tokio::task::yield_now().await;
        let (reply, answer) = oneshot::channel();
        let _ = self.sender.send(NextNumber { reply }).await;
        answer.await.expect("the actor is gone")
    }
}
