//! accepted: a message is a closure that the actor runs: no enum to keep up. A recording or a log cannot say what it does, and each message is an allocation.

use std::time::Duration;
use tokio::{
    sync::{mpsc, oneshot},
    time::Instant,
};

const MAILBOX: usize = 8;
const MINUTE: Duration = Duration::from_secs(60);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    TooFast,
    Closed,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    pub posts: u64,
    pub refused: u64,
    pub last: Option<String>,
    pub per_minute: Option<u32>,
}

type Message = Box<dyn FnOnce(&mut Room) + Send>;

struct SlowMode {
    per_minute: u32,
    since: Instant,
    minute: u64,
    posts: u32,
}

impl SlowMode {
    fn new(per_minute: u32) -> Self {
        Self {
            per_minute,
            since: Instant::now(),
            minute: 0,
            posts: 0,
        }
    }

    fn allows(&mut self) -> bool {
        let minute = self.since.elapsed().as_secs() / MINUTE.as_secs();
        if minute != self.minute {
            (self.minute, self.posts) = (minute, 0);
        }
        let allowed = self.posts < self.per_minute;
        self.posts += u32::from(allowed);
        allowed
    }
}

struct Room {
    mailbox: mpsc::Receiver<Message>,
    closed: bool,
    posts: u64,
    refused: u64,
    last: Option<String>,
    slow_mode: Option<SlowMode>,
}

impl Room {
    async fn run(mut self) {
        while let Some(message) = self.mailbox.recv().await {
            // What comes behind `close` is dropped, and the reply in it.
            if !self.closed {
                message(&mut self);
            }
        }
    }

    fn close(&mut self) {
        self.mailbox.close();
        self.closed = true;
    }

    fn post(&mut self, text: String) -> Result<u64, Refused> {
        if self.slow_mode.as_mut().is_some_and(|slow| !slow.allows()) {
            self.refused += 1;
            return Err(Refused::TooFast);
        }
        self.posts += 1;
        self.last = Some(text);
        Ok(self.posts)
    }

    fn status(&self) -> Status {
        Status {
            posts: self.posts,
            refused: self.refused,
            last: self.last.clone(),
            per_minute: self.slow_mode.as_ref().map(|slow| slow.per_minute),
        }
    }
}

#[derive(Clone)]
pub struct MemberHandle {
    sender: mpsc::Sender<Message>,
}

pub struct ModeratorHandle {
    sender: mpsc::Sender<Message>,
}

pub fn open() -> (MemberHandle, ModeratorHandle) {
    let (sender, mailbox) = mpsc::channel(MAILBOX);
    let room = Room {
        mailbox,
        closed: false,
        posts: 0,
        refused: 0,
        last: None,
        slow_mode: None,
    };
    tokio::spawn(room.run());
    let moderator = ModeratorHandle { sender };
    (moderator.member(), moderator)
}

impl MemberHandle {
    pub async fn post(&self, text: String) -> Result<u64, Refused> {
        let (reply, answer) = oneshot::channel();
        let message = Box::new(move |room: &mut Room| {
            let _ = reply.send(room.post(text));
        });
        let _ = self.sender.send(message).await;
        answer.await.unwrap_or(Err(Refused::Closed))
    }
}

impl ModeratorHandle {
    pub async fn status(&self) -> Status {
        let (reply, answer) = oneshot::channel();
        let message = Box::new(move |room: &mut Room| {
            let _ = reply.send(room.status());
        });
        let _ = self.sender.send(message).await;
        answer.await.expect("the room's actor is gone")
    }

    pub fn member(&self) -> MemberHandle {
        MemberHandle {
            sender: self.sender.clone(),
        }
    }

    pub async fn slow_mode(&self, per_minute: u32) {
        let message = Box::new(move |room: &mut Room| {
            room.slow_mode = Some(SlowMode::new(per_minute));
        });
        let sent = self.sender.send(message).await;
        assert!(sent.is_ok(), "the room's actor is gone");
    }

    pub async fn close(self) -> Status {
        let (reply, answer) = oneshot::channel();
        let message = Box::new(move |room: &mut Room| {
            room.close();
            let _ = reply.send(room.status());
        });
        let _ = self.sender.send(message).await;
        answer.await.expect("the room's actor is gone")
    }
}
