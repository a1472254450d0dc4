//! rejected: any_limit_holds
//! says: it was set to 10500
//! thinks: "Nobody posts more than 255 texts a minute."

use std::time::Duration;
use tokio::{
    sync::{mpsc, oneshot},
    time::Instant,
};

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
    count: u8,
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
        if u32::from(slow.count) >= slow.per_minute {
            return false;
        }
        slow.count = slow.count.wrapping_add(1);
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

async fn run(mut mailbox: mpsc::Receiver<Message>) {
    let mut room = Room {
        posts: 0,
        refused: 0,
        last: None,
        slow: None,
    };
    while let Some(message) = mailbox.recv().await {
        match message {
            Message::Post { text, reply } => {
                let _ = reply.send(room.post(text));
            }
            Message::Status { reply } => {
                let _ = reply.send(room.status());
            }
            Message::SlowMode(n) => room.slow_mode(n),
            Message::Close { reply } => {
                mailbox.close();
                let _ = reply.send(room.status());
                while mailbox.recv().await.is_some() {}
            }
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
    let (sender, mailbox) = mpsc::channel(8);
    tokio::spawn(run(mailbox));
    (
        MemberHandle {
            sender: sender.clone(),
        },
        ModeratorHandle { sender },
    )
}

impl MemberHandle {
    pub async fn post(&self, text: String) -> Result<u64, Refused> {
        let (reply, answer) = oneshot::channel();
        let _ = self.sender.send(Message::Post { text, reply }).await;
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
        MemberHandle {
            sender: self.sender.clone(),
        }
    }

    pub async fn slow_mode(&self, per_minute: u32) {
        self.sender
            .send(Message::SlowMode(per_minute))
            .await
            .map_err(|_| ())
            .expect("the room's actor is gone");
    }

    pub async fn close(self) -> Status {
        let (reply, answer) = oneshot::channel();
        let _ = self.sender.send(Message::Close { reply }).await;
        answer.await.expect("the room's actor is gone")
    }
}
