//! accepted: the mailbox without a bound is the queue, and the count is kept under a lock that is held while a text is sent. The relay is one plain loop and is never asked; both promises that a count is right and that a text is accepted rest on that lock.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};
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
    posts: u32,
    reply: oneshot::Sender<bool>,
}

async fn room(mut mailbox: mpsc::Receiver<ToRoom>, moderator: mpsc::Sender<Review>) {
    let mut posts: HashMap<String, u32> = HashMap::new();
    let mut last = 0;
    while let Some(message) = mailbox.recv().await {
        match message {
            ToRoom::Post { author, reply } => {
                let posts = posts.entry(author).or_default();
                let (verdict, approved) = oneshot::channel();
                let _ = moderator
                    .send(Review {
                        posts: *posts,
                        reply: verdict,
                    })
                    .await;
                let result = if approved.await == Ok(true) {
                    *posts += 1;
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

async fn moderator(mut mailbox: mpsc::Receiver<Review>, limit: u32) {
    while let Some(Review { posts, reply }) = mailbox.recv().await {
        let _ = reply.send(posts < limit);
    }
}

pub fn open(mailbox: usize, limit: u32) -> RoomHandle {
    let (sender, messages) = mpsc::channel(mailbox);
    let (to_moderator, reviews) = mpsc::channel(mailbox);
    tokio::spawn(room(messages, to_moderator));
    tokio::spawn(moderator(reviews, limit));
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

async fn run_relay(mut queue: mpsc::UnboundedReceiver<String>, out: mpsc::Sender<String>) {
    while let Some(text) = queue.recv().await {
        if out.send(text).await.is_err() {
            return;
        }
    }
}

pub fn relay(out: mpsc::Sender<String>) -> RelayHandle {
    let (queue, texts) = mpsc::unbounded_channel();
    tokio::spawn(run_relay(texts, out));
    RelayHandle {
        queue,
        accepted: Arc::default(),
    }
}

#[derive(Clone)]
pub struct RelayHandle {
    queue: mpsc::UnboundedSender<String>,
    accepted: Arc<Mutex<u64>>,
}

impl RelayHandle {
    pub async fn forward(&self, text: String) -> Result<(), Closed> {
        let mut accepted = self.accepted.lock().unwrap_or_else(PoisonError::into_inner);
        self.queue.send(text).map_err(|_| Closed)?;
        *accepted += 1;
        Ok(())
    }

    pub async fn accepted(&self) -> Result<u64, Closed> {
        if self.queue.is_closed() {
            return Err(Closed);
        }
        Ok(*self.accepted.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
