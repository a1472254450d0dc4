//! rejected: the_mailbox_is_bounded
//! says: a pass starts no task
//! thinks: "Each message is handled in a task of its own; the lock around the count keeps the order."

use std::sync::{Arc, Mutex};
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
};

struct Pass {
    people: i64,
    reply: oneshot::Sender<i64>,
}

async fn run(mut mailbox: mpsc::Receiver<Pass>, inside: i64) -> i64 {
    let inside = Arc::new(Mutex::new(inside));
    while let Some(Pass { people, reply }) = mailbox.recv().await {
        let inside = inside.clone();
        tokio::spawn(async move {
            let mut inside = inside.lock().expect("nobody panics with it");
            *inside += people;
            let _ = reply.send(*inside);
        });
    }
    *inside.lock().expect("nobody panics with it")
}

#[derive(Clone)]
pub struct DoorHandle {
    sender: mpsc::Sender<Pass>,
}

pub fn open(inside: i64) -> (DoorHandle, JoinHandle<i64>) {
    let (sender, mailbox) = mpsc::channel(8);
    let task = tokio::spawn(run(mailbox, inside));
    (DoorHandle { sender }, task)
}

impl DoorHandle {
    pub async fn pass(&self, people: i64) -> i64 {
        let (reply, answer) = oneshot::channel();
        let _ = self.sender.send(Pass { people, reply }).await;
        answer.await.expect("the task at the door has ended")
    }
}
