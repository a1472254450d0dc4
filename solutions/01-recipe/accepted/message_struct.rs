//! accepted: a struct for the one kind of message there is. Less to write; a second kind of message makes it an enum after all.

use tokio::sync::{mpsc, oneshot};

struct NextNumber {
    reply: oneshot::Sender<u64>,
}

struct Sequencer {
    mailbox: mpsc::Receiver<NextNumber>,
    next: u64,
}

impl Sequencer {
    async fn run(&mut self) {
        while let Some(NextNumber { reply }) = self.mailbox.recv().await {
            let _ = reply.send(self.next);
            self.next += 1;
        }
    }
}

#[derive(Clone)]
pub struct SequencerHandle {
    sender: mpsc::Sender<NextNumber>,
}

impl SequencerHandle {
    pub fn new() -> Self {
        let (sender, mailbox) = mpsc::channel(32);
        let mut actor = Sequencer { mailbox, next: 1 };
        tokio::spawn(async move { actor.run().await });
        Self { sender }
    }

    pub async fn next_number(&self) -> u64 {
        let (reply, answer) = oneshot::channel();
        if self.sender.send(NextNumber { reply }).await.is_err() {
            unreachable!("a handle keeps its actor alive");
        }
        answer.await.expect("every question is answered")
    }
}
