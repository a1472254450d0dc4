//! rejected: a_question_counts_though_its_caller_gives_up
//! says: it has number 1, and the next one is 2
//! thinks: "Nobody waits for this answer any more, so there is nothing to do: no number is wasted."

use tokio::sync::{mpsc, oneshot};

struct NextNumber {
    reply: oneshot::Sender<u64>,
}

async fn run(mut mailbox: mpsc::Receiver<NextNumber>) {
    let mut last = 0;
    while let Some(NextNumber { reply }) = mailbox.recv().await {
        if !reply.is_closed() {
            last += 1;
            let _ = reply.send(last);
        }
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
