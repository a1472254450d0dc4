//! rejected: one_task_owns_the_count
//! says: no async task is running
//! says: A thread, or a closure given to `spawn_blocking`, is no async task
//! thinks: "An actor runs by itself, so it gets a thread of its own."

use tokio::sync::{mpsc, oneshot};

struct NextNumber {
    reply: oneshot::Sender<u64>,
}

fn run(mut mailbox: mpsc::Receiver<NextNumber>) {
    let mut last = 0;
    while let Some(NextNumber { reply }) = mailbox.blocking_recv() {
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
        std::thread::spawn(|| run(mailbox));
        Self { sender }
    }

    pub async fn next_number(&self) -> u64 {
        let (reply, answer) = oneshot::channel();
        let _ = self.sender.send(NextNumber { reply }).await;
        answer.await.expect("the actor is gone")
    }
}
