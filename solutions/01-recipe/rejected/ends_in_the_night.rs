//! rejected: the_task_ends_with_the_last_handle
//! says: and the actor has ended, though there are handles
//! thinks: "When nobody has asked for nine hours, the room is empty."

use std::time::Duration;
use tokio::{
    sync::{mpsc, oneshot},
    time::timeout,
};

struct NextNumber {
    reply: oneshot::Sender<u64>,
}

async fn run(mut mailbox: mpsc::Receiver<NextNumber>) {
    let mut last = 0;
    let night = Duration::from_secs(9 * 3600);
    while let Ok(Some(NextNumber { reply })) = timeout(night, mailbox.recv()).await {
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
        let _ = self.sender.send(NextNumber { reply }).await;
        answer.await.expect("the actor is gone")
    }
}
