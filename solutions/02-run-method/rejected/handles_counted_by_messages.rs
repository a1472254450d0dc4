//! rejected: your_promises_hold_whatever_callers_do
//! says: a task of the actor has ended, and there are handles
//! thinks: "The task has to know how many handles there are, so each clone and each drop sends it a message."

use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
};

enum Message {
    Pass {
        people: i64,
        reply: oneshot::Sender<i64>,
    },
    Cloned,
    Dropped,
}

async fn run(mut mailbox: mpsc::Receiver<Message>, mut inside: i64) -> i64 {
    let mut handles = 1;
    while handles > 0 {
        match mailbox.recv().await {
            Some(Message::Pass { people, reply }) => {
                inside += people;
                let _ = reply.send(inside);
            }
            Some(Message::Cloned) => handles += 1,
            Some(Message::Dropped) => handles -= 1,
            None => break,
        }
    }
    inside
}

pub struct DoorHandle {
    sender: mpsc::Sender<Message>,
}

pub fn open(inside: i64) -> (DoorHandle, JoinHandle<i64>) {
    let (sender, mailbox) = mpsc::channel(8);
    let task = tokio::spawn(run(mailbox, inside));
    (DoorHandle { sender }, task)
}

impl DoorHandle {
    pub async fn pass(&self, people: i64) -> i64 {
        let (reply, answer) = oneshot::channel();
        let _ = self.sender.send(Message::Pass { people, reply }).await;
        answer.await.expect("the task at the door has ended")
    }
}

impl Clone for DoorHandle {
    fn clone(&self) -> Self {
        // It cannot await here. A full mailbox is rare.
        let _ = self.sender.try_send(Message::Cloned);
        Self {
            sender: self.sender.clone(),
        }
    }
}

impl Drop for DoorHandle {
    fn drop(&mut self) {
        let _ = self.sender.try_send(Message::Dropped);
    }
}
