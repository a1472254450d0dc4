//! rejected: the_task_ends_with_the_last_handle
//! says: something works although nobody asks
//! thinks: "A tick now and then shows that the actor is alive."

use std::time::Duration;
use tokio::{
    sync::{mpsc, oneshot},
    time::interval,
};

struct NextNumber {
    reply: oneshot::Sender<u64>,
}

async fn run(mut mailbox: mpsc::Receiver<NextNumber>) {
    let mut last = 0;
    let mut tick = interval(Duration::from_secs(7));
    loop {
        tokio::select! {
            message = mailbox.recv() => {
                let Some(NextNumber { reply }) = message else { break };
                last += 1;
                let _ = reply.send(last);
            }
            _ = tick.tick() => {}
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
