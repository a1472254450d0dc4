//! rejected: any_count_is_right
//! says: attempt to add with overflow
//! thinks: "Whoever waits in the mailbox comes in together: I add them up, and then I add the sum."

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
        let mut batch = Vec::new();
        while self.mailbox.recv_many(&mut batch, 100).await > 0 {
            let mut delta = 0;
            for Pass { people, reply } in batch.drain(..) {
                delta += people;
                let _ = reply.send(self.inside + delta);
            }
            self.inside += delta;
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
