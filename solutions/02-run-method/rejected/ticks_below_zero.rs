//! rejected: your_promises_hold_whatever_callers_do
//! says: in which nobody asked anything
//! thinks: "With fewer than nobody inside something is wrong: I look again each minute."

use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
};

struct Pass {
    people: i64,
    reply: oneshot::Sender<i64>,
}

async fn run(mut mailbox: mpsc::Receiver<Pass>, mut inside: i64) -> i64 {
    let mut tick = tokio::time::interval(std::time::Duration::from_secs(60));
    loop {
        tokio::select! {
            pass = mailbox.recv() => {
                let Some(Pass { people, reply }) = pass else {
                    return inside;
                };
                inside += people;
                let _ = reply.send(inside);
            }
            _ = tick.tick(), if inside < 0 => {}
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
