//! rejected: the_task_lives_as_long_as_any_handle
//! says: on a runtime that has no timers a pass or the task panics
//! thinks: "When nobody comes for a year, nobody will come any more."

use std::time::Duration;
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
    time::timeout,
};

const A_YEAR: Duration = Duration::from_secs(3600 * 24 * 365);

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
        while let Ok(Some(Pass { people, reply })) = timeout(A_YEAR, self.mailbox.recv()).await {
            self.inside += people;
            let _ = reply.send(self.inside);
        }
        self.inside
    }
}

#[derive(Clone)]
pub struct DoorHandle {
    sender: mpsc::Sender<Pass>,
}

pub fn open(inside: i64) -> (DoorHandle, JoinHandle<i64>) {
    let (sender, mailbox) = mpsc::channel(8);
    let door = Door { mailbox, inside };
    let task = tokio::spawn(door.run());
    (DoorHandle { sender }, task)
}

impl DoorHandle {
    pub async fn pass(&self, people: i64) -> i64 {
        let (reply, answer) = oneshot::channel();
        let _ = self.sender.send(Pass { people, reply }).await;
        answer.await.expect("the task at the door has ended")
    }
}
