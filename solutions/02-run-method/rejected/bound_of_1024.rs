//! rejected: the_mailbox_is_bounded
//! says: or one beyond a thousand
//! thinks: "Buffers have a power of two."

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
    let (sender, mailbox) = mpsc::channel(1024);
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
