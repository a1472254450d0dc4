//! rejected: callers_wait_in_line
//! says: who polled last is to be woken
//! says: waited for its answer
//! thinks: "A place for the answer, and the waker of who waits for it: more than that a oneshot is not."

use std::{
    future::poll_fn,
    sync::{Arc, Mutex},
    task::{Poll, Waker},
};
use tokio::{sync::mpsc, task::JoinHandle};

#[derive(Default)]
struct State {
    inside: Option<i64>,
    gone: bool,
    waker: Option<Waker>,
}

struct Slot(Arc<Mutex<State>>);

impl Slot {
    fn send(self, inside: i64) {
        self.0.lock().unwrap().inside = Some(inside);
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut state = self.0.lock().unwrap();
        state.gone = true;
        if let Some(waker) = state.waker.take() {
            waker.wake();
        }
    }
}

struct Pass {
    people: i64,
    reply: Slot,
}

struct Door {
    mailbox: mpsc::Receiver<Pass>,
    inside: i64,
}

impl Door {
    async fn run(mut self) -> i64 {
        while let Some(Pass { people, reply }) = self.mailbox.recv().await {
            self.inside += people;
            reply.send(self.inside);
        }
        self.inside
    }
}

#[derive(Clone)]
pub struct DoorHandle {
    sender: mpsc::Sender<Pass>,
}

pub fn open(inside: i64) -> (DoorHandle, JoinHandle<i64>) {
    let (sender, mailbox) = mpsc::channel(8);
    let door = Door { mailbox, inside };
    let task = tokio::spawn(door.run());
    (DoorHandle { sender }, task)
}

impl DoorHandle {
    pub async fn pass(&self, people: i64) -> i64 {
        let state = Arc::new(Mutex::new(State::default()));
        let _ = self
            .sender
            .send(Pass {
                people,
                reply: Slot(state.clone()),
            })
            .await;
        poll_fn(|context| {
            let mut state = state.lock().unwrap();
            if let Some(inside) = state.inside {
                return Poll::Ready(inside);
            }
            assert!(!state.gone, "the task at the door has ended");
            if state.waker.is_none() {
                state.waker = Some(context.waker().clone());
            }
            Poll::Pending
        })
        .await
    }
}
