//! rejected: a_close_that_nobody_waits_for_is_done
//! says: nobody waited for its answer: the room is closed
//! thinks: "If nobody hears that the room is closed, it should stay open."

use std::time::Duration;

use tokio::{
    sync::{mpsc, oneshot},
    time::Instant,
};

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

struct SlowMode {
    per_minute: u32,
    since: Instant,
    posts: u32,
}

struct Room {
    mailbox: mpsc::Receiver<Message>,
    status: Status,
    slow: Option<SlowMode>,
}

impl Room {
    async fn run(mut self) {
        while let Some(message) = self.mailbox.recv().await {
            self.on_message(message).await;
        }
    }

    async fn on_message(&mut self, message: Message) {
        match message {
            Message::Post { text, reply } => {
                if !self.may_post() {
                    self.status.refused += 1;
                    let _ = reply.send(Err(Refused::TooFast));
                    return;
                }
                self.status.posts += 1;
                self.status.last = Some(text);
                let _ = reply.send(Ok(self.status.posts));
            }
            Message::Status { reply } => {
                let _ = reply.send(self.status.clone());
            }
            Message::Close { reply } => {
                if reply.send(self.status.clone()).is_ok() {
                    self.mailbox.close();
                    while self.mailbox.recv().await.is_some() {}
                }
            }
            Message::SlowMode(per_minute) => {
                self.status.per_minute = Some(per_minute);
                self.slow = Some(SlowMode {
                    per_minute,
                    since: Instant::now(),
                    posts: 0,
                });
            }
        }
    }

    fn may_post(&mut self) -> bool {
        let Some(slow) = &mut self.slow else {
            return true;
        };
        if slow.since.elapsed() >= MINUTE {
            let minutes = slow.since.elapsed().as_secs() / 60;
            slow.since += Duration::from_secs(minutes * 60);
            slow.posts = 0;
        }
        if slow.posts >= slow.per_minute {
            return false;
        }
        slow.posts += 1;
        true
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
    let room = Room {
        mailbox,
        status: Status {
            posts: 0,
            refused: 0,
            last: None,
            per_minute: None,
        },
        slow: None,
    };
    tokio::spawn(room.run());
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
        answer.await.expect("the room's task is gone")
    }

    pub fn member(&self) -> MemberHandle {
        MemberHandle {
            sender: self.sender.clone(),
        }
    }

    pub async fn slow_mode(&self, per_minute: u32) {
        let sent = self.sender.send(Message::SlowMode(per_minute)).await;
        sent.expect("the room's task is gone");
    }

    pub async fn close(self) -> Status {
        let (reply, answer) = oneshot::channel();
        let _ = self.sender.send(Message::Close { reply }).await;
        answer.await.expect("the room's task is gone")
    }
}
