//! rejected: your_promises_hold_whatever_callers_do
//! says: has posted
//! says: and was refused
//! thinks: "The caller asks the moderator first, and then goes to the room: no actor waits for another one."

use std::collections::HashMap;
use tokio::sync::{mpsc, oneshot};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refused;

enum ToRoom {
    Post {
        author: String,
        reply: oneshot::Sender<u64>,
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

async fn room(mut mailbox: mpsc::Receiver<ToRoom>) {
    let mut posts: HashMap<String, u32> = HashMap::new();
    let mut last = 0;
    while let Some(message) = mailbox.recv().await {
        match message {
            ToRoom::Post { author, reply } => {
                *posts.entry(author).or_default() += 1;
                last += 1;
                let _ = reply.send(last);
            }
            ToRoom::PostsBy { author, reply } => {
                let _ = reply.send(posts.get(&author).copied().unwrap_or(0));
            }
        }
    }
}

async fn moderator(mut mailbox: mpsc::Receiver<Review>, limit: u32) {
    let mut allowed: HashMap<String, u32> = HashMap::new();
    while let Some(Review { author, reply }) = mailbox.recv().await {
        let allowed = allowed.entry(author).or_default();
        let approved = *allowed < limit;
        *allowed += u32::from(approved);
        let _ = reply.send(approved);
    }
}

pub fn open(mailbox: usize, limit: u32) -> RoomHandle {
    let (sender, messages) = mpsc::channel(mailbox);
    let (moderated_by, reviews) = mpsc::channel(mailbox);
    tokio::spawn(room(messages));
    tokio::spawn(moderator(reviews, limit));
    RoomHandle {
        sender,
        moderator: moderated_by,
    }
}

#[derive(Clone)]
pub struct RoomHandle {
    sender: mpsc::Sender<ToRoom>,
    moderator: mpsc::Sender<Review>,
}

impl RoomHandle {
    pub async fn post(&self, author: &str, _text: &str) -> Result<u64, Refused> {
        let (reply, approved) = oneshot::channel();
        let review = Review {
            author: author.to_owned(),
            reply,
        };
        let _ = self.moderator.send(review).await;
        if !approved.await.expect("the moderator has ended") {
            return Err(Refused);
        }
        let (reply, answer) = oneshot::channel();
        let post = ToRoom::Post {
            author: author.to_owned(),
            reply,
        };
        let _ = self.sender.send(post).await;
        Ok(answer.await.expect("the room has ended"))
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

async fn run_relay(mut mailbox: mpsc::Receiver<ToRelay>, out: mpsc::Sender<String>) {
    let mut queue = std::collections::VecDeque::new();
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
