//! rejected: numbers_go_on_without_an_end
//! says: attempt to add with overflow
//! thinks: "Nobody posts sixty thousand messages in one room."

use tokio::sync::{mpsc, oneshot};

struct NextNumber {
    reply: oneshot::Sender<u64>,
}

async fn run(mut mailbox: mpsc::Receiver<NextNumber>) {
    let mut last = 0_u16;
    while let Some(NextNumber { reply }) = mailbox.recv().await {
        last += 1;
        let _ = reply.send(last.into());
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
