//! accepted: a mailbox of a semaphore, a queue in a mutex and a `Notify`: what `mpsc` does, by hand, with each mistake that can be made in it.

use std::time::Duration;
use tokio::{sync::oneshot, time::Instant};

/// Why a post is not in the room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    TooFast,
    Closed,
}

/// How a room is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    pub posts: u64,
    pub refused: u64,
    pub last: Option<String>,
    pub per_minute: Option<u32>,
}
enum Message {
    Post {
        text: String,
        reply: oneshot::Sender<Result<u64, Refused>>,
    },
    Status {
        reply: oneshot::Sender<Status>,
    },
    SlowMode(u32),
    Close {
        reply: oneshot::Sender<Status>,
    },
}

const MINUTE: Duration = Duration::from_secs(60);

struct Slow {
    per_minute: u32,
    start: Instant,
    count: u32,
}

struct Room {
    posts: u64,
    refused: u64,
    last: Option<String>,
    slow: Option<Slow>,
}

impl Room {
    fn allows(&mut self) -> bool {
        let Some(slow) = &mut self.slow else {
            return true;
        };
        let now = Instant::now();
        while now >= slow.start + MINUTE {
            slow.start += MINUTE;
            slow.count = 0;
        }
        if slow.count >= slow.per_minute {
            return false;
        }
        slow.count += 1;
        true
    }

    fn post(&mut self, text: String) -> Result<u64, Refused> {
        if !self.allows() {
            self.refused += 1;
            return Err(Refused::TooFast);
        }
        self.posts += 1;
        self.last = Some(text);
        Ok(self.posts)
    }

    fn slow_mode(&mut self, per_minute: u32) {
        self.slow = Some(Slow {
            per_minute,
            start: Instant::now(),
            count: 0,
        });
    }

    fn status(&self) -> Status {
        Status {
            posts: self.posts,
            refused: self.refused,
            last: self.last.clone(),
            per_minute: self.slow.as_ref().map(|s| s.per_minute),
        }
    }
}

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};
use tokio::sync::{Notify, Semaphore};

struct Shared {
    queue: Mutex<VecDeque<Message>>,
    slots: Semaphore,
    news: Notify,
}

/// Each handle has one; when the last goes, the actor is woken.
struct Alive(Arc<Shared>);

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.slots.close();
        self.0.news.notify_one();
    }
}

struct Gone(Arc<Shared>);

impl Drop for Gone {
    fn drop(&mut self) {
        self.0.slots.close();
        self.0.queue.lock().unwrap().clear();
    }
}

impl Alive {
    async fn send(&self, message: Message) {
        if let Ok(slot) = self.0.slots.acquire().await {
            slot.forget();
            self.0.queue.lock().unwrap().push_back(message);
            self.0.news.notify_one();
        }
    }
}

async fn run(shared: Gone) {
    let shared = &shared.0;
    let mut room = Room {
        posts: 0,
        refused: 0,
        last: None,
        slow: None,
    };
    loop {
        let message = shared.queue.lock().unwrap().pop_front();
        match message {
            None if shared.slots.is_closed() => return,
            None => shared.news.notified().await,
            Some(message) => {
                shared.slots.add_permits(1);
                match message {
                    Message::Post { text, reply } => drop(reply.send(room.post(text))),
                    Message::Status { reply } => drop(reply.send(room.status())),
                    Message::SlowMode(n) => room.slow_mode(n),
                    Message::Close { reply } => {
                        shared.slots.close();
                        shared.queue.lock().unwrap().clear();
                        let _ = reply.send(room.status());
                        return;
                    }
                }
            }
        }
    }
}

#[derive(Clone)]
pub struct MemberHandle(Arc<Alive>);

pub struct ModeratorHandle(MemberHandle);

pub fn open() -> (MemberHandle, ModeratorHandle) {
    let shared = Arc::new(Shared {
        queue: Default::default(),
        slots: Semaphore::new(8),
        news: Notify::new(),
    });
    tokio::spawn(run(Gone(shared.clone())));
    let member = MemberHandle(Arc::new(Alive(shared)));
    (member.clone(), ModeratorHandle(member))
}

impl MemberHandle {
    pub async fn post(&self, text: String) -> Result<u64, Refused> {
        let (reply, answer) = oneshot::channel();
        self.0.send(Message::Post { text, reply }).await;
        answer.await.unwrap_or(Err(Refused::Closed))
    }
}

impl ModeratorHandle {
    pub async fn status(&self) -> Status {
        let (reply, answer) = oneshot::channel();
        self.0.0.send(Message::Status { reply }).await;
        answer.await.expect("the room's actor is gone")
    }
    pub fn member(&self) -> MemberHandle {
        self.0.clone()
    }
    pub async fn slow_mode(&self, per_minute: u32) {
        self.0.0.send(Message::SlowMode(per_minute)).await;
        assert!(!self.0.0.0.slots.is_closed(), "the room's actor is gone");
    }
    pub async fn close(self) -> Status {
        let (reply, answer) = oneshot::channel();
        self.0.0.send(Message::Close { reply }).await;
        answer.await.expect("the room's actor is gone")
    }
}
