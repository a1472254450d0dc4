//! rejected: a_caller_that_gives_up_does_no_harm
//! says: RecvError
//! says: called `Result::unwrap()` on an `Err` value: 11
//! thinks: "If the answer cannot be delivered something is badly wrong, so I want to hear about it."

use tokio::{
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
            reply.send(self.inside).unwrap();
        }
        self.inside
    }
}

pub fn open(inside: i64) -> (DoorHandle, JoinHandle<i64>) {
    let (sender, mailbox) = mpsc::channel(8);
    (
        DoorHandle { sender },
        tokio::spawn(Door { mailbox, inside }.run()),
    )
}

#[derive(Clone)]
pub struct DoorHandle {
    sender: mpsc::Sender<Pass>,
}

impl DoorHandle {
    pub async fn pass(&self, people: i64) -> i64 {
        let (reply, answer) = oneshot::channel();
        let _ = self.sender.send(Pass { people, reply }).await;
        answer.await.expect("the task at the door has ended")
    }
}
