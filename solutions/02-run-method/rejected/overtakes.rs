//! rejected: callers_wait_in_line
//! says: nobody who comes later goes before those who wait
//! thinks: "When a slot is free, the one who waits longest is told, and takes it when it looks."

use std::sync::Arc;
use tokio::{
    sync::{
        Notify,
        mpsc::{self, error::TrySendError},
        oneshot,
    },
    task::JoinHandle,
};

struct Pass {
    people: i64,
    reply: oneshot::Sender<i64>,
}

async fn run(mut mailbox: mpsc::Receiver<Pass>, free: Arc<Notify>, mut inside: i64) -> i64 {
    let _last_word = LastWord(free.clone());
    while let Some(Pass { people, reply }) = mailbox.recv().await {
        free.notify_one();
        inside += people;
        let _ = reply.send(inside);
    }
    inside
}

/// Whoever waits is told that nobody is at the door any more.
struct LastWord(Arc<Notify>);

impl Drop for LastWord {
    fn drop(&mut self) {
        self.0.notify_waiters();
    }
}

#[derive(Clone)]
pub struct DoorHandle {
    sender: mpsc::Sender<Pass>,
    free: Arc<Notify>,
}

pub fn open(inside: i64) -> (DoorHandle, JoinHandle<i64>) {
    let (sender, mailbox) = mpsc::channel(8);
    let free = Arc::new(Notify::new());
    let task = tokio::spawn(run(mailbox, free.clone(), inside));
    (DoorHandle { sender, free }, task)
}

impl DoorHandle {
    pub async fn pass(&self, people: i64) -> i64 {
        let (reply, answer) = oneshot::channel();
        let mut message = Pass { people, reply };
        loop {
            match self.sender.try_send(message) {
                Err(TrySendError::Full(back)) => message = back,
                _ => break,
            }
            self.free.notified().await;
        }
        answer.await.expect("the task at the door has ended")
    }
}
