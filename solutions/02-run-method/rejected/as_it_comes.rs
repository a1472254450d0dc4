//! rejected: compile
//! says: E0521
//! says: E0277
//! thinks: "A method that starts the task belongs to the thing that runs in it, so `run` takes `&mut self` and spawns."

use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
};

struct Pass {
    people: i64,
    reply: oneshot::Sender<i64>,
}

#[derive(Clone)]
pub struct DoorHandle {
    sender: mpsc::Sender<Pass>,
    mailbox: mpsc::Receiver<Pass>,
    inside: i64,
}

pub fn open(inside: i64) -> (DoorHandle, JoinHandle<i64>) {
    let (sender, mailbox) = mpsc::channel(8);
    let mut door = DoorHandle {
        sender,
        mailbox,
        inside,
    };
    let task = door.run();
    (door, task)
}

impl DoorHandle {
    fn run(&mut self) -> JoinHandle<i64> {
        tokio::spawn(async move {
            while let Some(Pass { people, reply }) = self.mailbox.recv().await {
                self.inside += people;
                let _ = reply.send(self.inside);
            }
            self.inside
        })
    }

    pub async fn pass(&self, people: i64) -> i64 {
        let (reply, answer) = oneshot::channel();
        let _ = self.sender.send(Pass { people, reply }).await;
        answer.await.expect("the task at the door has ended")
    }
}
