//! rejected: a_hundred_at_once_get_1_to_100
//! says: 100 callers at once should get each of 1 to 100 once
//! thinks: "The actor keeps the number; the handle reads it, adds one, and writes it back."

use tokio::sync::{mpsc, oneshot};

enum Message {
    Get { reply: oneshot::Sender<u64> },
    Set { last: u64 },
}

#[derive(Clone)]
pub struct SequencerHandle {
    sender: mpsc::Sender<Message>,
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
        let (sender, receiver) = mpsc::channel(8);
        tokio::spawn(run(receiver));
        Self { sender }
    }

    pub async fn next_number(&self) -> u64 {
        let (reply, answer) = oneshot::channel();
        let _ = self.sender.send(Message::Get { reply }).await;
        let last = answer.await.expect("the actor is gone") + 1;
        let _ = self.sender.send(Message::Set { last }).await;
        last
    }
}
