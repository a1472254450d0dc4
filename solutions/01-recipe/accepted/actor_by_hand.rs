//! accepted: the actor is a future written by hand, and the answer comes in a shared slot with a `Notify`. A dropped reply has to say itself that no answer can come: a oneshot channel does that for you.

use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll},
};
use tokio::sync::{Notify, mpsc};

enum State {
    Open,
    Answered(u64),
    Gone,
}
struct Slot {
    state: Mutex<State>,
    news: Notify,
}
struct Reply(Arc<Slot>);
impl Reply {
    fn give(self, n: u64) {
        *self.0.state.lock().unwrap() = State::Answered(n);
    }
}
impl Drop for Reply {
    fn drop(&mut self) {
        let mut state = self.0.state.lock().unwrap();
        if matches!(*state, State::Open) {
            *state = State::Gone;
        }
        drop(state);
        self.0.news.notify_one();
    }
}

struct Sequencer {
    mailbox: mpsc::Receiver<Reply>,
    last: u64,
}

impl Future for Sequencer {
    type Output = ();
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            match self.mailbox.poll_recv(cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(None) => return Poll::Ready(()),
                Poll::Ready(Some(reply)) => {
                    self.last += 1;
                    reply.give(self.last);
                }
            }
        }
    }
}

#[derive(Clone)]
pub struct SequencerHandle {
    sender: mpsc::Sender<Reply>,
}

impl SequencerHandle {
    pub fn new() -> Self {
        let (sender, mailbox) = mpsc::channel(3);
        tokio::spawn(Sequencer { mailbox, last: 0 });
        Self { sender }
    }
    pub async fn next_number(&self) -> u64 {
        let slot = Arc::new(Slot {
            state: Mutex::new(State::Open),
            news: Notify::new(),
        });
        let _ = self.sender.send(Reply(slot.clone())).await;
        slot.news.notified().await;
        let state = slot.state.lock().unwrap();
        match *state {
            State::Answered(n) => n,
            _ => panic!("the actor is gone"),
        }
    }
}
