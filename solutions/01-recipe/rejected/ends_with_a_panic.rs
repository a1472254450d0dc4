//! rejected: a_caller_that_gives_up_does_no_harm
//! says: a caller panicked after its answer, and your actor died with it
//! thinks: "When one of us panics, what we share cannot be trusted any more."

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

#[derive(Clone)]
pub struct SequencerHandle {
    sender: mpsc::Sender<Message>,
    task: tokio::task::AbortHandle,
}

impl SequencerHandle {
    pub fn new() -> Self {
        let (sender, mailbox) = mpsc::channel(8);
        let task = tokio::spawn(Sequencer { mailbox, last: 0 }.run()).abort_handle();
        Self { sender, task }
    }

    pub async fn next_number(&self) -> u64 {
        let (reply, answer) = oneshot::channel();
        let _ = self.sender.send(Message::Next { reply }).await;
        answer.await.expect("the actor is gone")
    }
}
impl Drop for SequencerHandle {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.task.abort();
        }
    }
}
