//! accepted: `run(self)` spawns. It compiles, since the task gets the actor by value; but nobody can run the loop without a task, in a test or inside another actor.

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
    fn run(mut self) -> JoinHandle<i64> {
        tokio::spawn(async move {
            while let Some(Pass { people, reply }) = self.mailbox.recv().await {
                self.inside += people;
                let _ = reply.send(self.inside);
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
