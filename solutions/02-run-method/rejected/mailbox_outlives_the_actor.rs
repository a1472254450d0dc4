//! rejected: a_count_beyond_an_i64_ends_the_task
//! says: waits on and on
//! thinks: "The mailbox belongs to a task around the actor's own, so that no message is lost when the actor panics."

use std::sync::Arc;
use tokio::sync::Mutex;
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
};

struct Pass {
    people: i64,
    reply: oneshot::Sender<i64>,
}

#[derive(Clone)]
pub struct DoorHandle {
    sender: mpsc::Sender<Pass>,
}

struct Door {
    mailbox: Arc<Mutex<mpsc::Receiver<Pass>>>,
    inside: i64,
}

impl Door {
    async fn run(mut self) -> i64 {
        let mailbox = self.mailbox.clone();
        let mut mailbox = mailbox.lock().await;
        while let Some(Pass { people, reply }) = mailbox.recv().await {
            self.inside += people;
            let _ = reply.send(self.inside);
        }
        self.inside
    }
}

pub fn open(inside: i64) -> (DoorHandle, JoinHandle<i64>) {
    let (sender, mailbox) = mpsc::channel(8);
    let task = tokio::spawn(async move {
        let mailbox = Arc::new(Mutex::new(mailbox));
        let mut set = tokio::task::JoinSet::new();
        set.spawn(
            Door {
                mailbox: mailbox.clone(),
                inside,
            }
            .run(),
        );
        match set.join_next().await {
            Some(Ok(inside)) => inside,
            _ => {
                let _kept = mailbox;
                std::future::pending().await
            }
        }
    });
    (DoorHandle { sender }, task)
}

impl DoorHandle {
    pub async fn pass(&self, people: i64) -> i64 {
        let (reply, answer) = oneshot::channel();
        let _ = self.sender.send(Pass { people, reply }).await;
        answer.await.expect("the task at the door has ended")
    }
}
