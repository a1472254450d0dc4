//! rejected: your_promises_hold_whatever_callers_do
//! says: in which nobody asked anything
//! thinks: "Once somebody gave up, I look after the mailbox now and then."

use tokio::sync::{mpsc, oneshot};

struct NextNumber {
    reply: oneshot::Sender<u64>,
}

async fn run(mut mailbox: mpsc::Receiver<NextNumber>) {
    let (mut last, mut gave_up) = (0, false);
    let mut tick = tokio::time::interval(std::time::Duration::from_secs(60));
    loop {
        tokio::select! {
            message = mailbox.recv() => {
                let Some(NextNumber { reply }) = message else { break };
                last += 1;
                gave_up |= reply.send(last).is_err();
            }
            _ = tick.tick(), if gave_up => {}
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
