//! rejected: two_doors_count_independently
//! says: is there a `static`
//! thinks: "There is one door and one count, so a `static` is the simplest place for it."

use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
};

static INSIDE: std::sync::atomic::AtomicI64 = std::sync::atomic::AtomicI64::new(0);
struct Pass {
    people: i64,
    reply: oneshot::Sender<i64>,
}
struct Door {
    mailbox: mpsc::Receiver<Pass>,
    inside: i64,
}
#[derive(Clone)]
pub struct DoorHandle {
    sender: mpsc::Sender<Pass>,
}

pub fn open(inside: i64) -> (DoorHandle, JoinHandle<i64>) {
    INSIDE.store(inside, std::sync::atomic::Ordering::SeqCst);
    let (sender, mailbox) = mpsc::channel(8);
    let task = tokio::spawn(Door { mailbox, inside }.run());
    (DoorHandle { sender }, task)
}
impl Door {
    async fn run(mut self) -> i64 {
        while let Some(Pass { people, reply }) = self.mailbox.recv().await {
            self.inside = INSIDE.fetch_add(people, std::sync::atomic::Ordering::SeqCst) + people;
            let _ = reply.send(self.inside);
        }
        self.inside
    }
}
impl DoorHandle {
    pub async fn pass(&self, people: i64) -> i64 {
        let (reply, answer) = oneshot::channel();
        let _ = self.sender.send(Pass { people, reply }).await;
        answer.await.expect("the task at the door has ended")
    }
}
