//! rejected: numbers_follow_the_order_of_the_questions
//! says: while the first one does not look at its own, never came: a deadlock
//! thinks: "The handle reads the number and writes it back. With a lock around both nobody comes in between."

use std::sync::Arc;
use tokio::sync::{Mutex, mpsc, oneshot};

enum Message {
    Get { reply: oneshot::Sender<u64> },
    Set { last: u64 },
}

#[derive(Clone)]
pub struct SequencerHandle {
    sender: Arc<Mutex<mpsc::Sender<Message>>>,
}

async fn run(mut mailbox: mpsc::Receiver<Message>) {
    let mut number = 0;
    while let Some(message) = mailbox.recv().await {
        match message {
            Message::Get { reply } => {
                let _ = reply.send(number);
            }
            Message::Set { last } => number = last,
        }
    }
}

impl SequencerHandle {
    pub fn new() -> Self {
        let (sender, mailbox) = mpsc::channel(8);
        tokio::spawn(run(mailbox));
        Self {
            sender: Arc::new(Mutex::new(sender)),
        }
    }

    pub async fn next_number(&self) -> u64 {
        let sender = self.sender.lock().await;
        let (reply, answer) = oneshot::channel();
        let _ = sender.send(Message::Get { reply }).await;
        let last = answer.await.expect("the actor is gone") + 1;
        let _ = sender.send(Message::Set { last }).await;
        last
    }
}
