//! accepted: the moderator stands in front of the room, judges each post, and passes on what it allows: one way, without a circle. It counts, so it answers the questions, too; the room only gives numbers.

use std::collections::{HashMap, VecDeque};
use tokio::sync::{mpsc, oneshot};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refused;

type Reply = oneshot::Sender<Result<u64, Refused>>;

enum ToModerator {
    Post {
        author: String,
        reply: Reply,
    },
    PostsBy {
        author: String,
        reply: oneshot::Sender<u32>,
    },
}

async fn moderator(
    mut mailbox: mpsc::Receiver<ToModerator>,
    room: mpsc::Sender<Reply>,
    limit: u32,
) {
    let mut posts: HashMap<String, u32> = HashMap::new();
    while let Some(message) = mailbox.recv().await {
        match message {
            ToModerator::Post { author, reply } => {
                let posts = posts.entry(author).or_default();
                if *posts < limit {
                    *posts += 1;
                    let _ = room.send(reply).await;
                } else {
                    let _ = reply.send(Err(Refused));
                }
            }
            ToModerator::PostsBy { author, reply } => {
                let _ = reply.send(posts.get(&author).copied().unwrap_or(0));
            }
        }
    }
}

async fn room(mut mailbox: mpsc::Receiver<Reply>) {
    let mut last = 0;
    while let Some(reply) = mailbox.recv().await {
        last += 1;
        let _ = reply.send(Ok(last));
    }
}

pub fn open(mailbox: usize, limit: u32) -> RoomHandle {
    let (sender, messages) = mpsc::channel(mailbox);
    let (to_room, allowed) = mpsc::channel(mailbox);
    tokio::spawn(moderator(messages, to_room, limit));
    tokio::spawn(room(allowed));
    RoomHandle { sender }
}

#[derive(Clone)]
pub struct RoomHandle {
    sender: mpsc::Sender<ToModerator>,
}

impl RoomHandle {
    pub async fn post(&self, author: &str, _text: &str) -> Result<u64, Refused> {
        let (reply, answer) = oneshot::channel();
        let _ = self
            .sender
            .send(ToModerator::Post {
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
            .send(ToModerator::PostsBy {
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
