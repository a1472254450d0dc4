//! rejected: each_pass_is_answered_with_the_count
//! says: no async task is running
//! says: A thread, or a closure given to `spawn_blocking`, is no async task
//! thinks: "`spawn_blocking` gives a JoinHandle as well, and the loop needs no async."

use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
};

struct Pass {
    people: i64,
    reply: oneshot::Sender<i64>,
}

fn run(mut mailbox: mpsc::Receiver<Pass>, mut inside: i64) -> i64 {
    while let Some(Pass { people, reply }) = mailbox.blocking_recv() {
        inside += people;
        let _ = reply.send(inside);
    }
    inside
}

#[derive(Clone)]
pub struct DoorHandle {
    sender: mpsc::Sender<Pass>,
}

pub fn open(inside: i64) -> (DoorHandle, JoinHandle<i64>) {
    let (sender, mailbox) = mpsc::channel(8);
    let task = tokio::task::spawn_blocking(move || run(mailbox, inside));
    (DoorHandle { sender }, task)
}

impl DoorHandle {
    pub async fn pass(&self, people: i64) -> i64 {
        let (reply, answer) = oneshot::channel();
        let _ = self.sender.send(Pass { people, reply }).await;
        answer.await.expect("the task at the door has ended")
    }
}
