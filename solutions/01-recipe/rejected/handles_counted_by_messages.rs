//! rejected: your_promises_hold_whatever_callers_do
//! says: a task of the actor has ended, and there are handles
//! thinks: "The actor has to know how many handles there are, so each clone and each drop sends it a message."

use tokio::sync::{mpsc, oneshot};

enum Message {
    NextNumber { reply: oneshot::Sender<u64> },
    Cloned,
    Dropped,
}

async fn run(mut mailbox: mpsc::Receiver<Message>) {
    let (mut last, mut handles) = (0, 1);
    while handles > 0 {
        match mailbox.recv().await {
            Some(Message::NextNumber { reply }) => {
                last += 1;
                let _ = reply.send(last);
            }
            Some(Message::Cloned) => handles += 1,
            Some(Message::Dropped) => handles -= 1,
            None => break,
        }
    }
}

pub struct SequencerHandle {
    sender: mpsc::Sender<Message>,
}

impl SequencerHandle {
    pub fn new() -> Self {
        let (sender, mailbox) = mpsc::channel(8);
        tokio::spawn(run(mailbox));
        Self { sender }
    }

    pub async fn next_number(&self) -> u64 {
        let (reply, answer) = oneshot::channel();
        let _ = self.sender.send(Message::NextNumber { reply }).await;
        answer.await.expect("the actor is gone")
    }
}

impl Clone for SequencerHandle {
    fn clone(&self) -> Self {
        // It cannot await here. A full mailbox is rare.
        let _ = self.sender.try_send(Message::Cloned);
        Self {
            sender: self.sender.clone(),
        }
    }
}

impl Drop for SequencerHandle {
    fn drop(&mut self) {
        let _ = self.sender.try_send(Message::Dropped);
    }
}
