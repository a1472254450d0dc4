//! rejected: each_pass_is_answered_with_the_count
//! says: never came: a deadlock
//! says: 1 task is alive, and it waits too
//! thinks: "The compiler wants something that both the task and the handle can own: an Arc<Mutex<..>> around the whole struct."

use std::sync::Arc;
use tokio::{
    sync::{Mutex, mpsc, oneshot},
    task::JoinHandle,
};

struct Pass {
    people: i64,
    reply: oneshot::Sender<i64>,
}

struct Door {
    sender: mpsc::Sender<Pass>,
    mailbox: mpsc::Receiver<Pass>,
    inside: i64,
}

#[derive(Clone)]
pub struct DoorHandle(Arc<Mutex<Door>>);

pub fn open(inside: i64) -> (DoorHandle, JoinHandle<i64>) {
    let (sender, mailbox) = mpsc::channel(8);
    let door = Arc::new(Mutex::new(Door {
        sender,
        mailbox,
        inside,
    }));
    let task = tokio::spawn(run(door.clone()));
    (DoorHandle(door), task)
}

async fn run(door: Arc<Mutex<Door>>) -> i64 {
    // The guard lives as long as the loop: across every `recv().await`.
    let mut door = door.lock().await;
    while let Some(Pass { people, reply }) = door.mailbox.recv().await {
        door.inside += people;
        let _ = reply.send(door.inside);
    }
    door.inside
}

impl DoorHandle {
    pub async fn pass(&self, people: i64) -> i64 {
        let (reply, answer) = oneshot::channel();
        let sender = self.0.lock().await.sender.clone();
        let _ = sender.send(Pass { people, reply }).await;
        answer.await.expect("the task at the door has ended")
    }
}
