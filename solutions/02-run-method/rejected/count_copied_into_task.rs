//! rejected: the_task_returns_the_last_count
//! says: the task has to return the count that it kept
//! thinks: "The task must own what it uses, so I copy the fields into locals before the spawn."

use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
};

struct Pass {
    people: i64,
    reply: oneshot::Sender<i64>,
}

struct Door {
    mailbox: mpsc::Receiver<Pass>,
    inside: i64,
}

impl Door {
    fn run(self) -> JoinHandle<i64> {
        let mut mailbox = self.mailbox;
        let mut inside = self.inside;
        tokio::spawn(async move {
            while let Some(Pass { people, reply }) = mailbox.recv().await {
                inside += people;
                let _ = reply.send(inside);
            }
            self.inside
        })
    }
}

pub fn open(inside: i64) -> (DoorHandle, JoinHandle<i64>) {
    let (sender, mailbox) = mpsc::channel(8);
    let task = Door { mailbox, inside }.run();
    (DoorHandle { sender }, task)
}

#[derive(Clone)]
pub struct DoorHandle {
    sender: mpsc::Sender<Pass>,
}

impl DoorHandle {
    pub async fn pass(&self, people: i64) -> i64 {
        let (reply, answer) = oneshot::channel();
        let _ = self.sender.send(Pass { people, reply }).await;
        answer.await.expect("the task at the door has ended")
    }
}
