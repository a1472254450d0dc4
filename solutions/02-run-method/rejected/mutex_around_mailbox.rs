//! rejected: the_task_returns_the_last_count
//! says: Does it hold a Sender itself
//! thinks: "If the mailbox is in an Arc<Mutex<..>>, the one struct can be cloned into the task."

use std::sync::Arc;
use tokio::{
    sync::{Mutex, mpsc, oneshot},
    task::JoinHandle,
};

struct Pass {
    people: i64,
    reply: oneshot::Sender<i64>,
}

#[derive(Clone)]
pub struct DoorHandle {
    sender: mpsc::Sender<Pass>,
    mailbox: Arc<Mutex<mpsc::Receiver<Pass>>>,
    inside: i64,
}

pub fn open(inside: i64) -> (DoorHandle, JoinHandle<i64>) {
    let (sender, mailbox) = mpsc::channel(8);
    let door = DoorHandle {
        sender,
        mailbox: Arc::new(Mutex::new(mailbox)),
        inside,
    };
    let task = tokio::spawn(door.clone().run());
    (door, task)
}

impl DoorHandle {
    async fn run(mut self) -> i64 {
        // `self.sender` is in here too: the channel can never close.
        while let Some(Pass { people, reply }) = self.mailbox.lock().await.recv().await {
            self.inside += people;
            let _ = reply.send(self.inside);
        }
        self.inside
    }

    pub async fn pass(&self, people: i64) -> i64 {
        let (reply, answer) = oneshot::channel();
        let _ = self.sender.send(Pass { people, reply }).await;
        answer.await.expect("the task at the door has ended")
    }
}
