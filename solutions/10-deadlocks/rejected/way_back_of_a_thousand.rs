//! rejected: thousands_at_once_on_small_mailboxes
//! says: the answers to 3500 posts at once never came: a deadlock
//! thinks: "A verdict must not wait, so it goes by `try_send`. There is room for a thousand of them, and they are never that many."

use std::collections::{HashMap, VecDeque};
use tokio::sync::{mpsc, oneshot};

// Part a: the room and its moderator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refused;

enum ToRoom {
    Post {
        author: String,
        reply: oneshot::Sender<Result<u64, Refused>>,
    },
    PostsBy {
        author: String,
        reply: oneshot::Sender<u32>,
    },
}

struct Review {
    id: u64,
    count: u32,
}

struct Room {
    mailbox: mpsc::Receiver<ToRoom>,
    verdicts: mpsc::Receiver<(u64, bool)>,
    moderator: mpsc::UnboundedSender<Review>,
    open: HashMap<u64, (String, oneshot::Sender<Result<u64, Refused>>)>,
    pending: HashMap<String, u32>,
    next: u64,
    posts: HashMap<String, u32>,
    last: u64,
}

impl Room {
    async fn run(mut self) {
        let mut listening = true;
        while listening || !self.open.is_empty() {
            tokio::select! {
                biased;
                message = self.mailbox.recv(), if listening => match message {
                    Some(ToRoom::Post { author, reply }) => {
                        let pending = self.pending.entry(author.clone()).or_default();
                        let count = self.posts.get(&author).copied().unwrap_or(0) + *pending;
                        *pending += 1;
                        let id = self.next;
                        self.next += 1;
                        self.open.insert(id, (author, reply));
                        let _ = self.moderator.send(Review { id, count });
                    }
                    Some(ToRoom::PostsBy { author, reply }) => {
                        let _ = reply.send(self.posts.get(&author).copied().unwrap_or(0));
                    }
                    None => listening = false,
                },
                Some((id, yes)) = self.verdicts.recv() => {
                    let Some((author, reply)) = self.open.remove(&id) else { continue };
                    *self.pending.get_mut(&author).unwrap() -= 1;
                    if self.pending[&author] == 0 {
                        self.pending.remove(&author);
                    }
                    let result = if yes {
                        *self.posts.entry(author).or_default() += 1;
                        self.last += 1;
                        Ok(self.last)
                    } else {
                        Err(Refused)
                    };
                    let _ = reply.send(result);
                }
            }
        }
    }
}

struct Moderator {
    mailbox: mpsc::UnboundedReceiver<Review>,
    room: mpsc::Sender<(u64, bool)>,
    limit: u32,
}

impl Moderator {
    async fn run(mut self) {
        while let Some(Review { id, count }) = self.mailbox.recv().await {
            let _ = self.room.try_send((id, count < self.limit));
        }
    }
}
#[derive(Clone)]
pub struct RoomHandle {
    sender: mpsc::Sender<ToRoom>,
}

pub fn open(mailbox: usize, limit: u32) -> RoomHandle {
    let (sender, room_mailbox) = mpsc::channel(mailbox);
    let (moderator, reviews) = mpsc::unbounded_channel();
    let (room, verdicts) = mpsc::channel(1024);
    tokio::spawn(
        Room {
            mailbox: room_mailbox,
            verdicts,
            moderator,
            open: HashMap::new(),
            pending: HashMap::new(),
            next: 0,
            posts: HashMap::new(),
            last: 0,
        }
        .run(),
    );
    tokio::spawn(
        Moderator {
            mailbox: reviews,
            room,
            limit,
        }
        .run(),
    );
    RoomHandle { sender }
}

impl RoomHandle {
    pub async fn post(&self, author: &str, _text: &str) -> Result<u64, Refused> {
        let (reply, answer) = oneshot::channel();
        let _ = self
            .sender
            .send(ToRoom::Post {
                author: author.to_owned(),
                reply,
            })
            .await;
        answer.await.expect("the room has ended")
    }
    pub async fn posts_by(&self, author: &str) -> u32 {
        let (reply, answer) = oneshot::channel();
        let _ = self
            .sender
            .send(ToRoom::PostsBy {
                author: author.to_owned(),
                reply,
            })
            .await;
        answer.await.expect("the room has ended")
    }
}

// Part b: the relay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closed;

enum ToRelay {
    Forward { text: String },
    Accepted { reply: oneshot::Sender<u64> },
}

struct Relay {
    mailbox: mpsc::Receiver<ToRelay>,
    out: mpsc::Sender<String>,
    queue: VecDeque<String>,
    accepted: u64,
}

impl Relay {
    async fn run(mut self) {
        loop {
            tokio::select! {
                message = self.mailbox.recv() => match message {
                    Some(ToRelay::Forward { text }) => {
                        self.accepted += 1;
                        self.queue.push_back(text);
                    }
                    Some(ToRelay::Accepted { reply }) => {
                        let _ = reply.send(self.accepted);
                    }
                    None => break,
                },
                permit = self.out.reserve(), if !self.queue.is_empty() => match permit {
                    Ok(permit) => permit.send(self.queue.pop_front().expect("not empty")),
                    Err(_) => return,
                },
            }
        }
        for text in self.queue {
            if self.out.send(text).await.is_err() {
                return;
            }
        }
    }
}
#[derive(Clone)]
pub struct RelayHandle {
    sender: mpsc::Sender<ToRelay>,
}
pub fn relay(out: mpsc::Sender<String>) -> RelayHandle {
    let (sender, mailbox) = mpsc::channel(8);
    tokio::spawn(
        Relay {
            mailbox,
            out,
            queue: VecDeque::new(),
            accepted: 0,
        }
        .run(),
    );
    RelayHandle { sender }
}

impl RelayHandle {
    pub async fn forward(&self, text: String) -> Result<(), Closed> {
        self.sender
            .send(ToRelay::Forward { text })
            .await
            .map_err(|_| Closed)
    }

    pub async fn accepted(&self) -> Result<u64, Closed> {
        let (reply, answer) = oneshot::channel();
        self.sender
            .send(ToRelay::Accepted { reply })
            .await
            .map_err(|_| Closed)?;
        answer.await.map_err(|_| Closed)
    }
}
