//! rejected: your_promises_hold_whatever_callers_do
//! says: passes are counted one after the other
//! thinks: "Those who leave have a mailbox of their own, and go first: that makes room."

use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
};

struct Pass {
    people: i64,
    reply: oneshot::Sender<i64>,
}

async fn run(
    mut coming: mpsc::Receiver<Pass>,
    mut leaving: mpsc::Receiver<Pass>,
    mut inside: i64,
) -> i64 {
    loop {
        let Pass { people, reply } = tokio::select! {
            biased;
            Some(pass) = leaving.recv() => pass,
            Some(pass) = coming.recv() => pass,
            else => return inside,
        };
        inside += people;
        let _ = reply.send(inside);
    }
}

#[derive(Clone)]
pub struct DoorHandle {
    sender: mpsc::Sender<Pass>,
    leaving: mpsc::Sender<Pass>,
}

pub fn open(inside: i64) -> (DoorHandle, JoinHandle<i64>) {
    let (sender, coming) = mpsc::channel(8);
    let (leaving, outside) = mpsc::channel(8);
    let task = tokio::spawn(run(coming, outside, inside));
    (DoorHandle { sender, leaving }, task)
}

impl DoorHandle {
    pub async fn pass(&self, people: i64) -> i64 {
        let (reply, answer) = oneshot::channel();
        let way = if people < 0 {
            &self.leaving
        } else {
            &self.sender
        };
        let _ = way.send(Pass { people, reply }).await;
        answer.await.expect("the task at the door has ended")
    }
}
