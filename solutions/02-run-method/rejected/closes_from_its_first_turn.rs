//! rejected: aborting_the_task_stops_the_actor
//! says: before its first turn
//! thinks: "The task closes the mailbox when it is dropped, so the handles may hold the mailbox, too."

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
    _mailbox: std::sync::Arc<tokio::sync::Mutex<mpsc::Receiver<Pass>>>,
}

use std::sync::Arc;
use tokio::sync::Mutex;
/// Closes and empties the mailbox when the task goes.
struct Closing(Arc<Mutex<mpsc::Receiver<Pass>>>);
impl Drop for Closing {
    fn drop(&mut self) {
        if let Ok(mut mailbox) = self.0.try_lock() {
            mailbox.close();
            while mailbox.try_recv().is_ok() {}
        }
    }
}

async fn run(mailbox: Arc<Mutex<mpsc::Receiver<Pass>>>, mut inside: i64) -> i64 {
    let closing = Closing(mailbox);
    let mut mailbox = closing.0.lock().await;
    while let Some(Pass { people, reply }) = mailbox.recv().await {
        inside += people;
        let _ = reply.send(inside);
    }
    inside
}

pub fn open(inside: i64) -> (DoorHandle, JoinHandle<i64>) {
    let (sender, mailbox) = mpsc::channel(8);
    let mailbox = Arc::new(Mutex::new(mailbox));
    let task = tokio::spawn(run(mailbox.clone(), inside));
    (
        DoorHandle {
            sender,
            _mailbox: mailbox,
        },
        task,
    )
}

impl DoorHandle {
    pub async fn pass(&self, people: i64) -> i64 {
        let (reply, answer) = oneshot::channel();
        let _ = self.sender.send(Pass { people, reply }).await;
        answer.await.expect("the task at the door has ended")
    }
}
