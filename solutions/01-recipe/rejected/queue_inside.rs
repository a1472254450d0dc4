//! rejected: the_mailbox_is_bounded
//! says: behind it messages wait without one
//! thinks: "The actor takes everything in first, so that nobody has to wait for a slot."

use std::collections::VecDeque;
use tokio::{
    sync::{mpsc, oneshot},
    task::yield_now,
};

struct NextNumber {
    reply: oneshot::Sender<u64>,
}

async fn run(mut mailbox: mpsc::Receiver<NextNumber>) {
    let mut last = 0;
    let mut queue = VecDeque::new();
    loop {
        tokio::select! {
            biased;
            message = mailbox.recv(), if !mailbox.is_closed() || !mailbox.is_empty() => queue.extend(message),
            () = yield_now(), if !queue.is_empty() => {
                if let Some(NextNumber { reply }) = queue.pop_front() {
                    last += 1;
                    let _ = reply.send(last);
                }
            }
            else => break,
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
