//! rejected: slow_mode_limits_the_posts_of_a_minute
//! says: a post that is more than the limit
//! thinks: "Each member is told the limit and counts its own posts: then the room has less to do."

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

enum Message {
    Post {
        member: u64,
        text: String,
        reply: oneshot::Sender<Result<u64, Refused>>,
    },
    SlowMode(u32),
    Status {
        reply: oneshot::Sender<Status>,
    },
    Close {
        reply: oneshot::Sender<Status>,
    },
}

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
    posts: u64,
    refused: u64,
    last: Option<String>,
    slow_mode: std::collections::HashMap<u64, SlowMode>,
    per_minute: Option<u32>,
}

impl Room {
    async fn run(mut self) {
        while let Some(message) = self.mailbox.recv().await {
            match message {
                Message::Post {
                    member,
                    text,
                    reply,
                } => {
                    let _ = reply.send(self.post(member, text));
                }
                Message::SlowMode(per_minute) => {
                    self.slow_mode.clear();
                    self.per_minute = Some(per_minute);
                }
                Message::Status { reply } => {
                    let _ = reply.send(self.status());
                }
                Message::Close { reply } => {
                    self.mailbox.close();
                    let _ = reply.send(self.status());
                    while self.mailbox.recv().await.is_some() {}
                }
            }
        }
    }

    fn post(&mut self, member: u64, text: String) -> Result<u64, Refused> {
        if let Some(per_minute) = self.per_minute
            && !self
                .slow_mode
                .entry(member)
                .or_insert_with(|| SlowMode::new(per_minute))
                .allows()
        {
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
            per_minute: self.per_minute,
        }
    }
}

static MEMBERS: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);

pub struct MemberHandle {
    number: u64,
    sender: mpsc::Sender<Message>,
}

impl MemberHandle {
    fn new(sender: mpsc::Sender<Message>) -> Self {
        let number = MEMBERS.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        Self { number, sender }
    }
}

impl Clone for MemberHandle {
    fn clone(&self) -> Self {
        Self::new(self.sender.clone())
    }
}

pub struct ModeratorHandle {
    sender: mpsc::Sender<Message>,
}

pub fn open() -> (MemberHandle, ModeratorHandle) {
    let (sender, mailbox) = mpsc::channel(MAILBOX);
    let room = Room {
        mailbox,
        posts: 0,
        refused: 0,
        last: None,
        slow_mode: Default::default(),
        per_minute: None,
    };
    tokio::spawn(room.run());
    let moderator = ModeratorHandle { sender };
    (moderator.member(), moderator)
}

impl MemberHandle {
    pub async fn post(&self, text: String) -> Result<u64, Refused> {
        let (reply, answer) = oneshot::channel();
        let _ = self
            .sender
            .send(Message::Post {
                member: self.number,
                text,
                reply,
            })
            .await;
        answer.await.unwrap_or(Err(Refused::Closed))
    }
}

impl ModeratorHandle {
    pub async fn status(&self) -> Status {
        let (reply, answer) = oneshot::channel();
        let _ = self.sender.send(Message::Status { reply }).await;
        answer.await.expect("the room's actor is gone")
    }

    pub fn member(&self) -> MemberHandle {
        MemberHandle::new(self.sender.clone())
    }

    pub async fn slow_mode(&self, per_minute: u32) {
        let sent = self.sender.send(Message::SlowMode(per_minute)).await;
        sent.expect("the room's actor is gone");
    }

    pub async fn close(self) -> Status {
        let (reply, answer) = oneshot::channel();
        let _ = self.sender.send(Message::Close { reply }).await;
        answer.await.expect("the room's actor is gone")
    }
}
