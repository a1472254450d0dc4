//! rejected: clones_count_at_the_same_door
//! says: 20 people came in, one after the other
//! thinks: "The handle knows how many were inside when it was made; it adds what passes through it."

use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
};

struct Pass {
    people: i64,
    inside: i64,
    reply: oneshot::Sender<i64>,
}

#[derive(Clone)]
pub struct DoorHandle {
    sender: mpsc::Sender<Pass>,
    inside: i64,
}

pub fn open(inside: i64) -> (DoorHandle, JoinHandle<i64>) {
    let (sender, mut mailbox) = mpsc::channel(8);
    let task = tokio::spawn(async move {
        let mut last = inside;
        while let Some(Pass {
            people,
            inside,
            reply,
        }) = mailbox.recv().await
        {
            last = inside + people;
            let _ = reply.send(last);
        }
        last
    });
    (DoorHandle { sender, inside }, task)
}

impl DoorHandle {
    pub async fn pass(&self, people: i64) -> i64 {
        let (reply, answer) = oneshot::channel();
        let _ = self
            .sender
            .send(Pass {
                people,
                inside: self.inside,
                reply,
            })
            .await;
        answer.await.expect("the task at the door has ended")
    }
}
