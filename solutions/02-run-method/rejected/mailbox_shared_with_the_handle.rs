//! rejected: without_its_runtime_a_call_panics
//! says: waits on and on, and nobody is at the door any more
//! says: Does somebody else still hold the mailbox
//! thinks: "The task borrows the mailbox by an Arc; the rest of the struct can stay as it is."

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
    let task = door.run();
    (door, task)
}

impl DoorHandle {
    fn run(&self) -> JoinHandle<i64> {
        let mailbox = self.mailbox.clone();
        let mut inside = self.inside;
        tokio::spawn(async move {
            while let Some(Pass { people, reply }) = mailbox.lock().await.recv().await {
                inside += people;
                let _ = reply.send(inside);
            }
            inside
        })
    }

    pub async fn pass(&self, people: i64) -> i64 {
        let (reply, answer) = oneshot::channel();
        let _ = self.sender.send(Pass { people, reply }).await;
        answer.await.expect("the task at the door has ended")
    }
}
