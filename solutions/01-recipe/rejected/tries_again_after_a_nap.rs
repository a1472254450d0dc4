//! rejected: callers_wait_in_line
//! says: has no number, and nobody is at work: either it waits for a timer
//! thinks: "If the mailbox is full, I try again a little later."

use std::time::Duration;
use tokio::{
    sync::{
        mpsc::{self, error::TrySendError},
        oneshot,
    },
    time::sleep,
};

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
        let mut message = NextNumber { reply };
        while let Err(TrySendError::Full(again)) = self.sender.try_send(message) {
            message = again;
            sleep(Duration::from_millis(1)).await;
        }
        answer.await.expect("the actor is gone")
    }
}
