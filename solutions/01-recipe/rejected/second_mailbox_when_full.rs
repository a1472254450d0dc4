//! rejected: your_promises_hold_whatever_callers_do
//! says: numbers follow the order of the questions
//! thinks: "When the mailbox is full there is a second one, so that nobody has to wait so soon."

use tokio::sync::{
    mpsc::{self, error::TrySendError},
    oneshot,
};

struct NextNumber {
    reply: oneshot::Sender<u64>,
}

async fn run(mut mailbox: mpsc::Receiver<NextNumber>, mut rest: mpsc::Receiver<NextNumber>) {
    let mut last = 0;
    loop {
        let NextNumber { reply } = tokio::select! {
            biased;
            Some(message) = mailbox.recv() => message,
            Some(message) = rest.recv() => message,
            else => break,
        };
        last += 1;
        let _ = reply.send(last);
    }
}

#[derive(Clone)]
pub struct SequencerHandle {
    sender: mpsc::Sender<NextNumber>,
    more: mpsc::Sender<NextNumber>,
}

impl SequencerHandle {
    pub fn new() -> Self {
        let (sender, mailbox) = mpsc::channel(8);
        let (more, rest) = mpsc::channel(8);
        tokio::spawn(run(mailbox, rest));
        Self { sender, more }
    }

    pub async fn next_number(&self) -> u64 {
        let (reply, answer) = oneshot::channel();
        if let Err(TrySendError::Full(message)) = self.sender.try_send(NextNumber { reply }) {
            let _ = self.more.send(message).await;
        }
        answer.await.expect("the actor is gone")
    }
}
