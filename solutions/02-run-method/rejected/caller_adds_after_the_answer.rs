//! rejected: a_caller_that_gives_up_does_no_harm
//! says: they are counted all the same
//! thinks: "The actor lets one after the other pass, and whoever has passed adds it up in an atomic that all share."

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering::SeqCst},
};
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
};

struct Pass {
    reply: oneshot::Sender<()>,
}

async fn run(mut mailbox: mpsc::Receiver<Pass>, inside: Arc<AtomicI64>) -> i64 {
    while let Some(Pass { reply }) = mailbox.recv().await {
        let _ = reply.send(());
    }
    inside.load(SeqCst)
}

#[derive(Clone)]
pub struct DoorHandle {
    sender: mpsc::Sender<Pass>,
    inside: Arc<AtomicI64>,
}

pub fn open(inside: i64) -> (DoorHandle, JoinHandle<i64>) {
    let (sender, mailbox) = mpsc::channel(8);
    let inside = Arc::new(AtomicI64::new(inside));
    let task = tokio::spawn(run(mailbox, inside.clone()));
    (DoorHandle { sender, inside }, task)
}

impl DoorHandle {
    pub async fn pass(&self, people: i64) -> i64 {
        let (reply, answer) = oneshot::channel();
        let _ = self.sender.send(Pass { reply }).await;
        answer.await.expect("the task at the door has ended");
        self.inside.fetch_add(people, SeqCst) + people
    }
}
