//! rejected: the_last_count_has_all_that_was_sent
//! says: the task has to handle all of them before it ends
//! thinks: "When the last handle goes a signal stops the loop at once: it goes first."

use std::sync::Arc;
use tokio::{
    sync::{mpsc, oneshot, watch},
    task::JoinHandle,
};

struct Pass {
    people: i64,
    reply: oneshot::Sender<i64>,
}

async fn run(
    mut mailbox: mpsc::Receiver<Pass>,
    mut stop: watch::Receiver<()>,
    mut inside: i64,
) -> i64 {
    loop {
        tokio::select! {
            biased;
            _ = stop.changed() => return inside,
            Some(Pass { people, reply }) = mailbox.recv() => {
                inside += people;
                let _ = reply.send(inside);
            }
        }
    }
}

#[derive(Clone)]
pub struct DoorHandle {
    sender: mpsc::Sender<Pass>,
    _alive: Arc<watch::Sender<()>>,
}

pub fn open(inside: i64) -> (DoorHandle, JoinHandle<i64>) {
    let (sender, mailbox) = mpsc::channel(8);
    let (alive, stop) = watch::channel(());
    let task = tokio::spawn(run(mailbox, stop, inside));
    let _alive = Arc::new(alive);
    (DoorHandle { sender, _alive }, task)
}

impl DoorHandle {
    pub async fn pass(&self, people: i64) -> i64 {
        let (reply, answer) = oneshot::channel();
        let _ = self.sender.send(Pass { people, reply }).await;
        answer.await.expect("the task at the door has ended")
    }
}
