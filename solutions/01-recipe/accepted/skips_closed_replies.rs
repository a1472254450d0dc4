//! accepted: a caller that no longer waits uses up no number. Right when handling costs much; it makes what a cancelled call did harder to tell.

use tokio::sync::{mpsc, oneshot};

enum Message {
    NextNumber { reply: oneshot::Sender<u64> },
}

struct Sequencer {
    mailbox: mpsc::Receiver<Message>,
    last: u64,
}

impl Sequencer {
    async fn run(mut self) {
        while let Some(Message::NextNumber { reply }) = self.mailbox.recv().await {
            if !reply.is_closed() {
                self.last += 1;
                let _ = reply.send(self.last);
            }
        }
    }
}

#[derive(Clone)]
pub struct SequencerHandle {
    sender: mpsc::Sender<Message>,
}

impl SequencerHandle {
    pub fn new() -> Self {
        let (sender, receiver) = mpsc::channel(8);
        let actor = Sequencer {
            mailbox: receiver,
            last: 0,
        };
        tokio::spawn(actor.run());
        Self { sender }
    }

    pub async fn next_number(&self) -> u64 {
        let (reply, answer) = oneshot::channel();
        // The place in the mailbox first, then the message: nothing is built that cannot be sent.
        if let Ok(place) = self.sender.reserve().await {
            place.send(Message::NextNumber { reply });
        }
        answer.await.expect("the actor is gone")
    }
}
