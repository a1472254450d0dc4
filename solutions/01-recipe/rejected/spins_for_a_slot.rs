//! rejected: callers_wait_in_line
//! says: it tries again and again
//! thinks: "If the mailbox is full, I let the others run and try again."

use tokio::{
    sync::{
        mpsc::{self, error::TrySendError},
        oneshot,
    },
    task::yield_now,
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
        while let Err(TrySendError::Full(back)) = self.sender.try_send(message) {
            message = back;
            yield_now().await;
        }
        answer.await.expect("the actor is gone")
    }
}
