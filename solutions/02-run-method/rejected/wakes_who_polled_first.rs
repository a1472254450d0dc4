//! rejected: callers_wait_in_line
//! says: who polled last is to be woken
//! thinks: "A caller takes its ticket once, and leaves its waker with it."

use std::{
    collections::{BTreeMap, VecDeque},
    future::poll_fn,
    sync::{Arc, Mutex},
    task::{Poll, Waker},
};
use tokio::{sync::oneshot, task::JoinHandle};

/// A mailbox made by hand.
#[derive(Default)]
struct Queue {
    passes: VecDeque<Pass>,
    actor: Option<Waker>,
    waiting: BTreeMap<u64, Waker>,
    next: u64,
    handles: usize,
    closed: bool,
}
type Shared = Arc<Mutex<Queue>>;

struct Pass {
    people: i64,
    reply: oneshot::Sender<i64>,
}

pub struct DoorHandle(Shared);
impl Clone for DoorHandle {
    fn clone(&self) -> Self {
        self.0.lock().unwrap().handles += 1;
        Self(self.0.clone())
    }
}
impl Drop for DoorHandle {
    fn drop(&mut self) {
        let mut queue = self.0.lock().unwrap_or_else(|e| e.into_inner());
        queue.handles -= 1;
        if queue.handles == 0
            && let Some(actor) = queue.actor.take()
        {
            actor.wake();
        }
    }
}

struct Door {
    queue: Shared,
    inside: i64,
}
impl Drop for Door {
    fn drop(&mut self) {
        let mut queue = self.queue.lock().unwrap_or_else(|e| e.into_inner());
        queue.closed = true;
        let passes = std::mem::take(&mut queue.passes);
        let waiting = std::mem::take(&mut queue.waiting);
        drop(queue);
        drop(passes);
        waiting.into_iter().for_each(|(_, waker)| waker.wake());
    }
}

impl Door {
    async fn run(mut self) -> i64 {
        loop {
            let next = poll_fn(|cx| {
                let mut queue = self.queue.lock().unwrap();
                if let Some(pass) = queue.passes.pop_front() {
                    if let Some((_, waker)) = queue.waiting.first_key_value() {
                        waker.wake_by_ref();
                    }
                    return Poll::Ready(Some(pass));
                }
                if queue.handles == 0 {
                    return Poll::Ready(None);
                }
                queue.actor = Some(cx.waker().clone());
                Poll::Pending
            })
            .await;
            let Some(Pass { people, reply }) = next else {
                return self.inside;
            };
            self.inside += people;
            let _ = reply.send(self.inside);
        }
    }
}

pub fn open(inside: i64) -> (DoorHandle, JoinHandle<i64>) {
    let queue = Shared::default();
    queue.lock().unwrap().handles = 1;
    let task = tokio::spawn(
        Door {
            queue: queue.clone(),
            inside,
        }
        .run(),
    );
    (DoorHandle(queue), task)
}

/// A caller's ticket in the line for a slot. Whoever drops it leaves the line.
struct Ticket<'a>(&'a Shared, Option<u64>);
impl Ticket<'_> {
    fn leave(&mut self) {
        if let Some(me) = self.1.take() {
            let mut queue = self.0.lock().unwrap_or_else(|e| e.into_inner());
            queue.waiting.remove(&me);
            if queue.passes.len() < 8
                && let Some((_, next)) = queue.waiting.first_key_value()
            {
                next.wake_by_ref();
            }
        }
    }
}
impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        self.leave();
    }
}

impl DoorHandle {
    pub async fn pass(&self, people: i64) -> i64 {
        let (reply, answer) = oneshot::channel();
        let mut pass = Some(Pass { people, reply });
        let mut ticket = Ticket(&self.0, None);
        poll_fn(|cx| {
            let mut queue = self.0.lock().unwrap();
            if queue.closed {
                pass = None;
                return Poll::Ready(());
            }
            let first = queue.waiting.first_key_value().map(|(ticket, _)| *ticket);
            if queue.passes.len() < 8 && (first.is_none() || first == ticket.1) {
                queue.passes.push_back(pass.take().unwrap());
                if let Some(actor) = queue.actor.take() {
                    actor.wake();
                }
                return Poll::Ready(());
            }
            if ticket.1.is_none() {
                let me = queue.next;
                queue.next += 1;
                queue.waiting.insert(me, cx.waker().clone());
                ticket.1 = Some(me);
            }
            Poll::Pending
        })
        .await;
        ticket.leave();
        drop(ticket);
        answer.await.expect("the task at the door has ended")
    }
}
