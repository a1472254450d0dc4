//! rejected: without_its_runtime_a_call_panics
//! says: returned 1
//! says: no actor is left that could have given this number out
//! thinks: "If the actor is gone, the handle starts a new one."

use std::sync::{Arc, Mutex};
use tokio::sync::{mpsc, oneshot};

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

fn start() -> mpsc::Sender<NextNumber> {
    let (sender, mailbox) = mpsc::channel(8);
    tokio::spawn(run(mailbox));
    sender
}

#[derive(Clone)]
pub struct SequencerHandle {
    sender: Arc<Mutex<mpsc::Sender<NextNumber>>>,
}

impl SequencerHandle {
    pub fn new() -> Self {
        Self {
            sender: Arc::new(Mutex::new(start())),
        }
    }

    pub async fn next_number(&self) -> u64 {
        loop {
            let sender = self.sender.lock().expect("nobody panics with it").clone();
            let (reply, answer) = oneshot::channel();
            let _ = sender.send(NextNumber { reply }).await;
            if let Ok(number) = answer.await {
                return number;
            }
            *self.sender.lock().expect("nobody panics with it") = start();
        }
    }
}
