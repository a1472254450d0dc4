//! rejected: without_its_runtime_a_call_panics
//! says: cloning a handle outside of a runtime panics
//! thinks: "A handle knows the runtime that it was made in, so that it can start something there one day."

use tokio::{
    runtime::Handle,
    sync::{mpsc, oneshot},
    task::JoinHandle,
};

struct Pass {
    people: i64,
    reply: oneshot::Sender<i64>,
}

struct Door {
    mailbox: mpsc::Receiver<Pass>,
    inside: i64,
}

impl Door {
    async fn run(mut self) -> i64 {
        while let Some(Pass { people, reply }) = self.mailbox.recv().await {
            self.inside += people;
            let _ = reply.send(self.inside);
        }
        self.inside
    }
}

pub struct DoorHandle {
    sender: mpsc::Sender<Pass>,
    runtime: Handle,
}

impl Clone for DoorHandle {
    fn clone(&self) -> Self {
        Self {
            sender: self.sender.clone(),
            runtime: Handle::current(),
        }
    }
}

pub fn open(inside: i64) -> (DoorHandle, JoinHandle<i64>) {
    let (sender, mailbox) = mpsc::channel(8);
    let door = Door { mailbox, inside };
    let task = tokio::spawn(door.run());
    (
        DoorHandle {
            sender,
            runtime: Handle::current(),
        },
        task,
    )
}

impl DoorHandle {
    pub async fn pass(&self, people: i64) -> i64 {
        let (reply, answer) = oneshot::channel();
        let _ = self.runtime.id();
        let _ = self.sender.send(Pass { people, reply }).await;
        answer.await.expect("the task at the door has ended")
    }
}
