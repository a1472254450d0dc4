//! rejected: the_mailbox_is_bounded
//! says: behind it passes wait without one
//! thinks: "The door takes everybody in first, and counts when there is time."

use std::collections::VecDeque;
use tokio::{
    sync::{mpsc, oneshot},
    task::{JoinHandle, yield_now},
};

struct Pass {
    people: i64,
    reply: oneshot::Sender<i64>,
}

async fn run(mut mailbox: mpsc::Receiver<Pass>, mut inside: i64) -> i64 {
    let mut queue = VecDeque::new();
    loop {
        tokio::select! {
            biased;
            pass = mailbox.recv(), if !mailbox.is_closed() || !mailbox.is_empty() => queue.extend(pass),
            () = yield_now(), if !queue.is_empty() => {
                if let Some(Pass { people, reply }) = queue.pop_front() {
                    inside += people;
                    let _ = reply.send(inside);
                }
            }
            else => return inside,
        }
    }
}

#[derive(Clone)]
pub struct DoorHandle {
    sender: mpsc::Sender<Pass>,
}

pub fn open(inside: i64) -> (DoorHandle, JoinHandle<i64>) {
    let (sender, mailbox) = mpsc::channel(8);
    let task = tokio::spawn(run(mailbox, inside));
    (DoorHandle { sender }, task)
}

impl DoorHandle {
    pub async fn pass(&self, people: i64) -> i64 {
        let (reply, answer) = oneshot::channel();
        let _ = self.sender.send(Pass { people, reply }).await;
        answer.await.expect("the task at the door has ended")
    }
}
