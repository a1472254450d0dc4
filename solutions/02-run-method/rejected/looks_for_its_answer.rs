//! rejected: callers_wait_in_line
//! says: it looks again and again, or has a timer
//! thinks: "The answer comes soon, so I let the others run and look whether it is there."

use tokio::{
    sync::{
        mpsc,
        oneshot::{self, error::TryRecvError},
    },
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
        while let Some(Pass { people, reply }) = self.mailbox.recv().await {
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
        let (reply, mut answer) = oneshot::channel();
        let _ = self.sender.send(Pass { people, reply }).await;
        loop {
            match answer.try_recv() {
                Ok(inside) => return inside,
                Err(TryRecvError::Empty) => tokio::task::yield_now().await,
                Err(TryRecvError::Closed) => panic!("the task at the door has ended"),
            }
        }
    }
}
