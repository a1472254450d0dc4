//! rejected: clones_count_together
//! says: the actor ended with one of them
//! thinks: "I stop the actor with the last handle; there will never be more than a few thousand."

use std::sync::{
    Arc,
    atomic::{AtomicU16, Ordering},
};
use tokio::sync::{mpsc, oneshot};
enum Message {
    Next { reply: oneshot::Sender<u64> },
}

struct Sequencer {
    mailbox: mpsc::Receiver<Message>,
    last: u64,
}

impl Sequencer {
    async fn run(mut self) {
        while let Some(message) = self.mailbox.recv().await {
            self.on_message(message);
        }
    }

    fn on_message(&mut self, message: Message) {
        match message {
            Message::Next { reply } => {
                self.last += 1;
                let _ = reply.send(self.last);
            }
        }
    }
}

pub struct SequencerHandle {
    sender: mpsc::Sender<Message>,
    handles: Arc<AtomicU16>,
    task: tokio::task::AbortHandle,
}

impl SequencerHandle {
    pub fn new() -> Self {
        let (sender, mailbox) = mpsc::channel(8);
        let task = tokio::spawn(Sequencer { mailbox, last: 0 }.run()).abort_handle();
        Self {
            sender,
            handles: Arc::new(AtomicU16::new(1)),
            task,
        }
    }

    pub async fn next_number(&self) -> u64 {
        let (reply, answer) = oneshot::channel();
        let _ = self.sender.send(Message::Next { reply }).await;
        answer.await.expect("the actor is gone")
    }
}
impl Clone for SequencerHandle {
    fn clone(&self) -> Self {
        self.handles.fetch_add(1, Ordering::SeqCst);
        Self {
            sender: self.sender.clone(),
            handles: self.handles.clone(),
            task: self.task.clone(),
        }
    }
}
impl Drop for SequencerHandle {
    fn drop(&mut self) {
        if self.handles.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.task.abort();
        }
    }
}
