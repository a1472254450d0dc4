//! rejected: your_promises_hold_whatever_callers_do
//! says: and nobody is at work
//! thinks: "One at a time: whoever passes holds a permit until the answer is there."

use std::sync::Arc;
use tokio::{
    sync::{Semaphore, mpsc, oneshot},
    task::JoinHandle,
};

struct Pass {
    people: i64,
    reply: oneshot::Sender<i64>,
}

async fn run(mut mailbox: mpsc::Receiver<Pass>, mut inside: i64) -> i64 {
    while let Some(Pass { people, reply }) = mailbox.recv().await {
        inside += people;
        let _ = reply.send(inside);
    }
    inside
}

#[derive(Clone)]
pub struct DoorHandle {
    sender: mpsc::Sender<Pass>,
    one: Arc<Semaphore>,
}

pub fn open(inside: i64) -> (DoorHandle, JoinHandle<i64>) {
    let (sender, mailbox) = mpsc::channel(8);
    let task = tokio::spawn(run(mailbox, inside));
    let one = Arc::new(Semaphore::new(1));
    (DoorHandle { sender, one }, task)
}

impl DoorHandle {
    pub async fn pass(&self, people: i64) -> i64 {
        let _permit = self.one.acquire().await.expect("it is never closed");
        let (reply, answer) = oneshot::channel();
        let _ = self.sender.send(Pass { people, reply }).await;
        answer.await.expect("the task at the door has ended")
    }
}
