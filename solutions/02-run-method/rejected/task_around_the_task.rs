//! rejected: aborting_the_task_stops_the_actor
//! says: JoinHandle belongs to one around it
//! thinks: "`run` spawns its task, and `open` spawns `run`, so that nothing has to wait."

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
    async fn run(mut self) -> i64 {
        let task = tokio::spawn(async move {
            while let Some(Pass { people, reply }) = self.mailbox.recv().await {
                self.inside += people;
                let _ = reply.send(self.inside);
            }
            self.inside
        });
        task.await.expect("the actor has panicked")
    }
}

pub fn open(inside: i64) -> (DoorHandle, JoinHandle<i64>) {
    let (sender, mailbox) = mpsc::channel(8);
    (
        DoorHandle { sender },
        tokio::spawn(Door { mailbox, inside }.run()),
    )
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
