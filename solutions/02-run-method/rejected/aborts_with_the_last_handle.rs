//! rejected: the_last_count_has_all_that_was_sent
//! says: the last handle was dropped, and the task came to no result
//! thinks: "Nobody needs the task any more when the last handle is gone, so that one aborts it."

use std::sync::Arc;
use tokio::{
    sync::{mpsc, oneshot},
    task::{AbortHandle, JoinHandle},
};

struct Pass {
    people: i64,
    reply: oneshot::Sender<i64>,
}

async fn run(mut mailbox: mpsc::Receiver<Pass>, mut inside: i64) -> i64 {
    while let Some(Pass { people, reply }) = mailbox.recv().await {
        inside += people;
        let _ = reply.send(inside);
    }
    inside
}

struct Last(AbortHandle);

impl Drop for Last {
    fn drop(&mut self) {
        self.0.abort();
    }
}

#[derive(Clone)]
pub struct DoorHandle {
    sender: mpsc::Sender<Pass>,
    _last: Arc<Last>,
}

pub fn open(inside: i64) -> (DoorHandle, JoinHandle<i64>) {
    let (sender, mailbox) = mpsc::channel(8);
    let task = tokio::spawn(run(mailbox, inside));
    let _last = Arc::new(Last(task.abort_handle()));
    (DoorHandle { sender, _last }, task)
}

impl DoorHandle {
    pub async fn pass(&self, people: i64) -> i64 {
        let (reply, answer) = oneshot::channel();
        let _ = self.sender.send(Pass { people, reply }).await;
        answer.await.expect("the task at the door has ended")
    }
}
