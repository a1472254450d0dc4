//! Exercise 02, run-method: count the people in a room, at its door.
//!
//! This file does not compile: that is the start. Read what the compiler says, and find out who has to own what.
//! One task has to own the mailbox and the count; the handle may be cloned, the count may not. The signatures of `open`
//! and `pass` are right as they are. Everything else is yours to change.
//!
//! Page: book/src/02-run-method.md. The tests are in tests/run_method.rs:
//!
//!     cargo test -p run-method
//!
//! Stuck? `cargo course hint run-method` says a little more each time.

use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
};

/// So many people pass the door; a negative number goes out.
struct Pass {
    people: i64,
    reply: oneshot::Sender<i64>,
}

/// The actor at the door, and the way to reach it.
#[derive(Clone)]
pub struct DoorHandle {
    sender: mpsc::Sender<Pass>,
    mailbox: mpsc::Receiver<Pass>,
    inside: i64,
}

/// Opens a door to a room with `inside` people in it.
///
/// The task ends when the last handle is dropped, and returns how many people are inside then: all that was in the mailbox is counted
/// first. Call it inside a Tokio runtime, which needs no timers. (A handle may be cloned and dropped anywhere.)
///
/// The mailbox is bounded (a thousand messages at most), and all handles share it. Neither a pass nor a clone starts another task.
pub fn open(inside: i64) -> (DoorHandle, JoinHandle<i64>) {
    let (sender, mailbox) = mpsc::channel(8);
    let mut door = DoorHandle {
        sender,
        mailbox,
        inside,
    };
    let task = door.run();
    (door, task)
}

impl DoorHandle {
    fn run(&mut self) -> JoinHandle<i64> {
        tokio::spawn(async move {
            while let Some(Pass { people, reply }) = self.mailbox.recv().await {
                self.inside += people;
                let _ = reply.send(self.inside);
            }
            self.inside
        })
    }

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
