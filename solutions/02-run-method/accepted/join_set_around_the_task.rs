//! accepted: a task around the actor's own, whose JoinSet aborts it when it is dropped itself: whoever aborts the outer one stops both. One task more, and a place to deal with a panic.

use tokio::{
    sync::{mpsc, oneshot},
    task::{JoinHandle, JoinSet},
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

async fn supervise(mut door: JoinSet<i64>) -> i64 {
    match door.join_next().await {
        Some(Ok(inside)) => inside,
        _ => panic!("the actor at the door has panicked"),
    }
}

#[derive(Clone)]
pub struct DoorHandle {
    sender: mpsc::Sender<Pass>,
}

pub fn open(inside: i64) -> (DoorHandle, JoinHandle<i64>) {
    let (sender, mailbox) = mpsc::channel(8);
    let mut door = JoinSet::new();
    door.spawn(run(mailbox, inside));
    let task = tokio::spawn(supervise(door));
    (DoorHandle { sender }, task)
}

impl DoorHandle {
    pub async fn pass(&self, people: i64) -> i64 {
        let (reply, answer) = oneshot::channel();
        let _ = self.sender.send(Pass { people, reply }).await;
        answer.await.expect("the task at the door has ended")
    }
}
