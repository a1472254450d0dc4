//! rejected: without_its_runtime_a_call_panics
//! says: not while the call itself still holds it
//! thinks: "If there is no slot in the mailbox the actor is gone, and then the answer fails by itself."

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
        let (reply, answer) = oneshot::channel();
        if let Ok(permit) = self.sender.reserve().await {
            permit.send(NextNumber { reply });
        }
        answer.await.expect("the actor is gone")
    }
}
