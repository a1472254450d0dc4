//! accepted: a semaphore bounds an unbounded channel, and each message carries its permit: the slot is free when the actor takes the message, or drops it. With it, a large message can take several slots.

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot},
    task::JoinHandle,
};

struct Pass {
    people: i64,
    _slot: OwnedSemaphorePermit,
    reply: oneshot::Sender<i64>,
}

#[derive(Clone)]
pub struct DoorHandle {
    sender: mpsc::UnboundedSender<Pass>,
    slots: std::sync::Arc<Semaphore>,
}

struct Door {
    mailbox: mpsc::UnboundedReceiver<Pass>,
    inside: i64,
}

impl Door {
    async fn run(mut self) -> i64 {
        while let Some(Pass { people, reply, .. }) = self.mailbox.recv().await {
            self.inside += people;
            let _ = reply.send(self.inside);
        }
        self.inside
    }
}

pub fn open(inside: i64) -> (DoorHandle, JoinHandle<i64>) {
    let (sender, mailbox) = mpsc::unbounded_channel();
    let task = tokio::spawn(Door { mailbox, inside }.run());
    (
        DoorHandle {
            sender,
            slots: std::sync::Arc::new(Semaphore::new(8)),
        },
        task,
    )
}

impl DoorHandle {
    pub async fn pass(&self, people: i64) -> i64 {
        let _slot = self.slots.clone().acquire_owned().await.unwrap();
        let (reply, answer) = oneshot::channel();
        let _ = self.sender.send(Pass {
            people,
            _slot,
            reply,
        });
        answer.await.expect("the task at the door has ended")
    }
}
