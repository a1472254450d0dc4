//! rejected: relay_hands_on_as_soon_as_there_is_a_slot
//! says: a permit that is given back goes to the next one in line
//! thinks: "A permit that lives on borrows the output. So it is dropped at once: there is a slot now, and `try_send` takes it."

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
    posts: u32,
    reply: oneshot::Sender<bool>,
}

struct Room {
    mailbox: mpsc::Receiver<ToRoom>,
    moderator: mpsc::Sender<Review>,
    posts: HashMap<String, u32>,
    last: u64,
}

impl Room {
    async fn run(mut self) {
        while let Some(message) = self.mailbox.recv().await {
            match message {
                ToRoom::Post { author, reply } => {
                    let result = self.post(author).await;
                    let _ = reply.send(result);
                }
                ToRoom::PostsBy { author, reply } => {
                    let posts = self.posts.get(&author).copied().unwrap_or(0);
                    let _ = reply.send(posts);
                }
            }
        }
    }

    async fn post(&mut self, author: String) -> Result<u64, Refused> {
        let (reply, answer) = oneshot::channel();
        let review = Review {
            posts: self.posts.get(&author).copied().unwrap_or(0),
            reply,
        };
        let _ = self.moderator.send(review).await;
        match answer.await {
            Ok(true) => {
                *self.posts.entry(author).or_default() += 1;
                self.last += 1;
                Ok(self.last)
            }
            _ => Err(Refused),
        }
    }
}
struct Moderator {
    mailbox: mpsc::Receiver<Review>,
    limit: u32,
}

impl Moderator {
    async fn run(mut self) {
        while let Some(Review { posts, reply }) = self.mailbox.recv().await {
            let _ = reply.send(posts < self.limit);
        }
    }
}
#[derive(Clone)]
pub struct RoomHandle {
    sender: mpsc::Sender<ToRoom>,
}
pub fn open(mailbox: usize, limit: u32) -> RoomHandle {
    let (sender, room_mailbox) = mpsc::channel(mailbox);
    let (moderator, reviews) = mpsc::channel(mailbox);
    tokio::spawn(
        Room {
            mailbox: room_mailbox,
            moderator,
            posts: HashMap::new(),
            last: 0,
        }
        .run(),
    );
    tokio::spawn(
        Moderator {
            mailbox: reviews,
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
                permit = self.out.reserve(), if !self.queue.is_empty() => {
                    if permit.map(drop).is_err() {
                        return;
                    }
                    if let Some(text) = self.queue.pop_front() {
                        let _ = self.out.try_send(text);
                    }
                }
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
