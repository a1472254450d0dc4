//! rejected: the_mailbox_is_bounded
//! says: behind it passes wait without one
//! thinks: "The mailbox is bounded; what is behind it is nobody's business."

use tokio::{
    sync::{mpsc, oneshot},
    task::{JoinHandle, yield_now},
};

struct Pass {
    people: i64,
    reply: oneshot::Sender<i64>,
}

async fn front(mut mailbox: mpsc::Receiver<Pass>, counted: mpsc::UnboundedSender<Pass>) {
    while let Some(pass) = mailbox.recv().await {
        let _ = counted.send(pass);
    }
}

async fn run(mut mailbox: mpsc::UnboundedReceiver<Pass>, mut inside: i64) -> i64 {
    while let Some(Pass { people, reply }) = mailbox.recv().await {
        inside += people;
        let _ = reply.send(inside);
        yield_now().await;
    }
    inside
}

#[derive(Clone)]
pub struct DoorHandle {
    sender: mpsc::Sender<Pass>,
}

pub fn open(inside: i64) -> (DoorHandle, JoinHandle<i64>) {
    let (sender, mailbox) = mpsc::channel(8);
    let (counted, passes) = mpsc::unbounded_channel();
    tokio::spawn(front(mailbox, counted));
    let task = tokio::spawn(run(passes, inside));
    (DoorHandle { sender }, task)
}

impl DoorHandle {
    pub async fn pass(&self, people: i64) -> i64 {
        let (reply, answer) = oneshot::channel();
        let _ = self.sender.send(Pass { people, reply }).await;
        answer.await.expect("the task at the door has ended")
    }
}
