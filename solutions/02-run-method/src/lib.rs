//! A solution of exercise 02: count the people in a room, at its door.

use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
};

/// How many may wait at the door to be counted.
const MAILBOX: usize = 8;

/// So many people pass the door; a negative number goes out.
struct Pass {
    people: i64,
    /// The caller holds the other end, or has dropped it because it no longer waits.
    reply: oneshot::Sender<i64>,
}

struct Door {
    /// The handles hold the other end. When the last of them is dropped, `recv` gives None and the actor ends.
    mailbox: mpsc::Receiver<Pass>,
    inside: i64,
}

impl Door {
    /// Takes the actor by value: the task that runs this future owns all that is in it.
    async fn run(mut self) -> i64 {
        while let Some(Pass { people, reply }) = self.mailbox.recv().await {
            self.inside += people;
            let _ = reply.send(self.inside);
        }
        self.inside
    }
}

/// Reaches the actor at one door. Every clone leads to the same one.
#[derive(Clone)]
pub struct DoorHandle {
    /// The actor holds the other end. Each handle's Sender keeps it alive.
    sender: mpsc::Sender<Pass>,
}

/// Opens a door to a room with `inside` people in it.
///
/// The task ends when the last handle is dropped, and returns how many people are inside then: all that was in the mailbox is counted
/// first. Call it inside a Tokio runtime, which needs no timers. (A handle may be cloned and dropped anywhere.)
///
/// The mailbox is bounded (a thousand messages at most), and all handles share it. Neither a pass nor a clone starts another task.
pub fn open(inside: i64) -> (DoorHandle, JoinHandle<i64>) {
    let (sender, mailbox) = mpsc::channel(MAILBOX);
    let task = tokio::spawn(Door { mailbox, inside }.run());
    (DoorHandle { sender }, task)
}

impl DoorHandle {
    /// Lets `people` people in (out, if it is negative), all at once, and returns how many are inside then. Passes are counted in the order in
    /// which they came.
    ///
    /// The door only adds: it does not mind a count below zero. Callers keep the count within an `i64`: beyond it the task panics in a debug
    /// build, and the count wraps in a release build.
    ///
    /// A call that is dropped after its message was sent is counted; one that still waits for a free slot in the mailbox is not.
    ///
    /// # Panics
    /// When the task is gone though this handle is not: it has panicked or was aborted, or its runtime has ended.
    pub async fn pass(&self, people: i64) -> i64 {
        let (reply, answer) = oneshot::channel();
        let _ = self.sender.send(Pass { people, reply }).await;
        answer.await.expect("the task at the door has ended")
    }
}
