//! rejected: a_post_gets_its_number
//! says: the answer to a post never came: a deadlock
//! thinks: "A send that never waits cannot be part of a deadlock, so I make the channels unbounded."

use std::collections::{HashMap, VecDeque};
use tokio::sync::{mpsc, oneshot};

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
    author: String,
    reply: oneshot::Sender<bool>,
}

struct Room {
    mailbox: mpsc::UnboundedReceiver<ToRoom>,
    moderator: mpsc::UnboundedSender<Review>,
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
                    let _ = reply.send(self.posts.get(&author).copied().unwrap_or(0));
                }
            }
        }
    }

    async fn post(&mut self, author: String) -> Result<u64, Refused> {
        let (reply, answer) = oneshot::channel();
        let _ = self.moderator.send(Review {
            author: author.clone(),
            reply,
        });
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
    mailbox: mpsc::UnboundedReceiver<Review>,
    room: mpsc::WeakUnboundedSender<ToRoom>,
    limit: u32,
}

impl Moderator {
    async fn run(mut self) {
        while let Some(Review { author, reply }) = self.mailbox.recv().await {
            let Some(room) = self.room.upgrade() else {
                break;
            };
            let posts = RoomHandle { sender: room }.posts_by(&author).await;
            let _ = reply.send(posts < self.limit);
        }
    }
}

pub fn open(mailbox: usize, limit: u32) -> RoomHandle {
    let _ = mailbox;
    let (sender, room_mailbox) = mpsc::unbounded_channel();
    let (moderator, reviews) = mpsc::unbounded_channel();
    let weak = sender.downgrade();
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
            room: weak,
            limit,
        }
        .run(),
    );
    RoomHandle { sender }
}

#[derive(Clone)]
pub struct RoomHandle {
    sender: mpsc::UnboundedSender<ToRoom>,
}

impl RoomHandle {
    pub async fn post(&self, author: &str, _text: &str) -> Result<u64, Refused> {
        let (reply, answer) = oneshot::channel();
        let _ = self.sender.send(ToRoom::Post {
            author: author.to_owned(),
            reply,
        });
        answer.await.expect("the room has ended")
    }

    pub async fn posts_by(&self, author: &str) -> u32 {
        let (reply, answer) = oneshot::channel();
        let _ = self.sender.send(ToRoom::PostsBy {
            author: author.to_owned(),
            reply,
        });
        answer.await.expect("the room has ended")
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closed;

enum ToRelay {
    Forward { text: String },
    Accepted { reply: oneshot::Sender<u64> },
}

async fn run_relay(mut mailbox: mpsc::Receiver<ToRelay>, out: mpsc::Sender<String>) {
    let mut queue = VecDeque::new();
    let mut accepted = 0;
    loop {
        tokio::select! {
            message = mailbox.recv() => match message {
                Some(ToRelay::Forward { text }) => {
                    accepted += 1;
                    queue.push_back(text);
                }
                Some(ToRelay::Accepted { reply }) => {
                    let _ = reply.send(accepted);
                }
                None => break,
            },
            permit = out.reserve(), if !queue.is_empty() => match (permit, queue.pop_front()) {
                (Ok(permit), Some(text)) => permit.send(text),
                _ => return,
            },
        }
    }
    for text in queue {
        if out.send(text).await.is_err() {
            return;
        }
    }
}

pub fn relay(out: mpsc::Sender<String>) -> RelayHandle {
    let (sender, mailbox) = mpsc::channel(8);
    tokio::spawn(run_relay(mailbox, out));
    RelayHandle { sender }
}

#[derive(Clone)]
pub struct RelayHandle {
    sender: mpsc::Sender<ToRelay>,
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
        let _ = self.sender.send(ToRelay::Accepted { reply }).await;
        answer.await.map_err(|_| Closed)
    }
}
