//! rejected: relay_listens_while_its_output_is_full
//! says: an answer from the relay while its output is full never came: a deadlock
//! thinks: "The send must not be dropped, so I keep it and give `select!` a reference. A second text is sent in the handler."

use std::collections::HashMap;
use std::pin::pin;
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

enum ToRelay {
    Forward { text: String },
    Accepted { reply: oneshot::Sender<u64> },
}

async fn run_relay(mut mailbox: mpsc::Receiver<ToRelay>, out: mpsc::Sender<String>) {
    let mut accepted = 0;
    while let Some(message) = mailbox.recv().await {
        match message {
            ToRelay::Accepted { reply } => {
                let _ = reply.send(accepted);
            }
            ToRelay::Forward { text } => {
                accepted += 1;
                let mut sending = pin!(out.send(text));
                loop {
                    tokio::select! {
                        sent = &mut sending => match sent {
                            Ok(()) => break,
                            Err(_) => return,
                        },
                        Some(message) = mailbox.recv() => match message {
                            ToRelay::Accepted { reply } => {
                                let _ = reply.send(accepted);
                            }
                            // `sending` waits in line for a slot, and nobody polls it while this one waits behind it.
                            ToRelay::Forward { text } => {
                                accepted += 1;
                                if out.send(text).await.is_err() {
                                    return;
                                }
                            }
                        },
                    }
                }
            }
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
