//! rejected: your_promises_hold_whatever_callers_do
//! says: passes are counted one after the other
//! thinks: "The actor lets a group in one by one, in turn with all others who wait, so that nobody waits for a crowd."

use std::collections::VecDeque;
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
};

struct Pass {
    people: i64,
    reply: oneshot::Sender<i64>,
}

async fn run(mut mailbox: mpsc::Receiver<Pass>, mut inside: i64) -> i64 {
    let mut at_the_door = VecDeque::new();
    loop {
        if at_the_door.is_empty() {
            match mailbox.recv().await {
                Some(pass) => at_the_door.push_back(pass),
                None => return inside,
            }
        }
        while let Ok(pass) = mailbox.try_recv() {
            at_the_door.push_back(pass);
        }
        let Some(mut pass) = at_the_door.pop_front() else {
            continue;
        };
        // A very large group would take too long.
        let step = if pass.people.unsigned_abs() > 100 {
            pass.people
        } else {
            pass.people.signum()
        };
        inside += step;
        pass.people -= step;
        if pass.people == 0 {
            let _ = pass.reply.send(inside);
        } else {
            at_the_door.push_back(pass);
        }
    }
}

#[derive(Clone)]
pub struct DoorHandle {
    sender: mpsc::Sender<Pass>,
}

pub fn open(inside: i64) -> (DoorHandle, JoinHandle<i64>) {
    let (sender, mailbox) = mpsc::channel(8);
    let task = tokio::spawn(run(mailbox, inside));
    (DoorHandle { sender }, task)
}

impl DoorHandle {
    pub async fn pass(&self, people: i64) -> i64 {
        let (reply, answer) = oneshot::channel();
        let _ = self.sender.send(Pass { people, reply }).await;
        answer.await.expect("the task at the door has ended")
    }
}
