//! rejected: callers_wait_in_line
//! says: nobody who comes later goes before those who wait
//! thinks: "When a slot is free, the one who waits longest is told, and takes it when it looks."

use std::sync::Arc;
use tokio::sync::{
    Notify,
    mpsc::{self, error::TrySendError},
    oneshot,
};

struct NextNumber {
    reply: oneshot::Sender<u64>,
}

async fn run(mut mailbox: mpsc::Receiver<NextNumber>, free: Arc<Notify>) {
    let mut last = 0;
    while let Some(NextNumber { reply }) = mailbox.recv().await {
        free.notify_one();
        last += 1;
        let _ = reply.send(last);
    }
}

#[derive(Clone)]
pub struct SequencerHandle {
    sender: mpsc::Sender<NextNumber>,
    free: Arc<Notify>,
}

impl SequencerHandle {
    pub fn new() -> Self {
        let (sender, mailbox) = mpsc::channel(8);
        let free = Arc::new(Notify::new());
        tokio::spawn(run(mailbox, free.clone()));
        Self { sender, free }
    }

    pub async fn next_number(&self) -> u64 {
        let (reply, answer) = oneshot::channel();
        let mut message = NextNumber { reply };
        loop {
            let is_free = self.free.notified();
            match self.sender.try_send(message) {
                Err(TrySendError::Full(back)) => message = back,
                _ => break,
            }
            is_free.await;
        }
        answer.await.expect("the actor is gone")
    }
}
