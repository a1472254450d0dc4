//! accepted: a task in front of the owner only passes messages on, in their order; the JoinHandle is the owner's. A place to log or to limit; it costs a hop and a second mailbox.

use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
};

struct Pass {
    people: i64,
    reply: oneshot::Sender<i64>,
}

/// Everything is seen here first.
async fn front(mut passes: mpsc::Receiver<Pass>, owner: mpsc::Sender<Pass>) {
    while let Some(pass) = passes.recv().await {
        if owner.send(pass).await.is_err() {
            break;
        }
    }
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
}

pub fn open(inside: i64) -> (DoorHandle, JoinHandle<i64>) {
    let (sender, passes) = mpsc::channel(8);
    let (owner, mailbox) = mpsc::channel(8);
    tokio::spawn(front(passes, owner));
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
