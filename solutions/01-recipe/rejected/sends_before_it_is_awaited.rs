//! rejected: a_question_counts_though_its_caller_gives_up
//! says: a call was made and never awaited: it should have asked nothing
//! thinks: "The question can be sent at once; only the answer has to be awaited."

use tokio::sync::{
    mpsc::{self, error::TrySendError},
    oneshot,
};

struct NextNumber {
    reply: oneshot::Sender<u64>,
}

async fn run(mut mailbox: mpsc::Receiver<NextNumber>) {
    let mut last = 0;
    while let Some(NextNumber { reply }) = mailbox.recv().await {
        last += 1;
        let _ = reply.send(last);
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

    pub fn next_number(&self) -> impl Future<Output = u64> + use<> {
        let (reply, answer) = oneshot::channel();
        let full = match self.sender.try_send(NextNumber { reply }) {
            Err(TrySendError::Full(message)) => Some(message),
            Ok(()) | Err(TrySendError::Closed(_)) => None,
        };
        let sender = self.sender.clone();
        async move {
            if let Some(message) = full {
                let _ = sender.send(message).await;
            }
            answer.await.expect("the actor is gone")
        }
    }
}
