//! rejected: thousands_at_once_on_small_mailboxes
//! says: the answers to 300 posts at once never came: a deadlock
//! thinks: "The verdict comes back as a message, into the room's own mailbox. The moderator's has 64 slots, so the room never has to wait."

use std::collections::{HashMap, VecDeque};
use tokio::sync::{mpsc, oneshot};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refused;

type Reply = oneshot::Sender<Result<u64, Refused>>;

enum ToRoom {
    Post {
        author: String,
        reply: Reply,
    },
    Verdict {
        author: String,
        approved: bool,
        reply: Reply,
    },
    PostsBy {
        author: String,
        reply: oneshot::Sender<u32>,
    },
}

struct Review {
    author: String,
    posts: u32,
    reply: Reply,
}

async fn room(mut mailbox: mpsc::Receiver<ToRoom>, moderator: mpsc::Sender<Review>) {
    let mut posts: HashMap<String, u32> = HashMap::new();
    let mut open: HashMap<String, u32> = HashMap::new();
    let mut last = 0;
    while let Some(message) = mailbox.recv().await {
        match message {
            ToRoom::Post { author, reply } => {
                let open = open.entry(author.clone()).or_default();
                let posts = posts.get(&author).copied().unwrap_or(0) + *open;
                *open += 1;
                let review = Review {
                    author,
                    posts,
                    reply,
                };
                let _ = moderator.send(review).await;
            }
            ToRoom::Verdict {
                author,
                approved,
                reply,
            } => {
                *open.entry(author.clone()).or_default() -= 1;
                let result = if approved {
                    *posts.entry(author).or_default() += 1;
                    last += 1;
                    Ok(last)
                } else {
                    Err(Refused)
                };
                let _ = reply.send(result);
            }
            ToRoom::PostsBy { author, reply } => {
                let _ = reply.send(posts.get(&author).copied().unwrap_or(0));
            }
        }
    }
}

async fn moderator(
    mut mailbox: mpsc::Receiver<Review>,
    room: mpsc::WeakSender<ToRoom>,
    limit: u32,
) {
    while let Some(Review {
        author,
        posts,
        reply,
    }) = mailbox.recv().await
    {
        if let Some(room) = room.upgrade() {
            let approved = posts < limit;
            let _ = room
                .send(ToRoom::Verdict {
                    author,
                    approved,
                    reply,
                })
                .await;
        }
    }
}

pub fn open(mailbox: usize, limit: u32) -> RoomHandle {
    let (sender, messages) = mpsc::channel(mailbox);
    let (to_moderator, reviews) = mpsc::channel(64);
    tokio::spawn(room(messages, to_moderator));
    tokio::spawn(moderator(reviews, sender.downgrade(), limit));
    RoomHandle { sender }
}

#[derive(Clone)]
pub struct RoomHandle {
    sender: mpsc::Sender<ToRoom>,
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
                    Ok(permit) => {
                        if let Some(text) = self.queue.pop_front() {
                            permit.send(text);
                        }
                    }
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
        let _ = self.sender.send(ToRelay::Accepted { reply }).await;
        answer.await.map_err(|_| Closed)
    }
}
