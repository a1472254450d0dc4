//! rejected: the_mailbox_is_bounded
//! says: 5000 of 5000 passes
//! thinks: "Nobody should have to wait in front of the mailbox."

use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
};

struct Pass {
    people: i64,
    reply: oneshot::Sender<i64>,
}

async fn run(mut mailbox: mpsc::UnboundedReceiver<Pass>, mut inside: i64) -> i64 {
    while let Some(Pass { people, reply }) = mailbox.recv().await {
        inside += people;
        let _ = reply.send(inside);
    }
    inside
}

#[derive(Clone)]
pub struct DoorHandle {
    sender: mpsc::UnboundedSender<Pass>,
}

pub fn open(inside: i64) -> (DoorHandle, JoinHandle<i64>) {
    let (sender, mailbox) = mpsc::unbounded_channel();
    let task = tokio::spawn(run(mailbox, inside));
    (DoorHandle { sender }, task)
}

impl DoorHandle {
    pub async fn pass(&self, people: i64) -> i64 {
        let (reply, answer) = oneshot::channel();
        let _ = self.sender.send(Pass { people, reply });
        answer.await.expect("the task at the door has ended")
    }
}
