//! accepted: the moderator still asks the room; the room asks the moderator in a task, one at a time, and goes on answering. Closest to the first version; posts that come meanwhile need a queue.

use std::collections::{HashMap, VecDeque};
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinSet,
};

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

type Post = (String, oneshot::Sender<Result<u64, Refused>>);

async fn ask(moderator: mpsc::Sender<Review>, (author, answer): Post) -> (bool, Post) {
    let (reply, approved) = oneshot::channel();
    let _ = moderator
        .send(Review {
            author: author.clone(),
            reply,
        })
        .await;
    (approved.await == Ok(true), (author, answer))
}

async fn room(mut mailbox: mpsc::Receiver<ToRoom>, moderator: mpsc::Sender<Review>) {
    let mut posts: HashMap<String, u32> = HashMap::new();
    let mut waiting: VecDeque<Post> = VecDeque::new();
    let mut asking = JoinSet::new();
    let mut last = 0;
    loop {
        if asking.is_empty()
            && let Some(post) = waiting.pop_front()
        {
            asking.spawn(ask(moderator.clone(), post));
        }
        tokio::select! {
            biased;
            Some(Ok((approved, (author, reply)))) = asking.join_next() => {
                let result = if approved {
                    *posts.entry(author).or_default() += 1;
                    last += 1;
                    Ok(last)
                } else {
                    Err(Refused)
                };
                let _ = reply.send(result);
            }
            message = mailbox.recv() => match message {
                Some(ToRoom::Post { author, reply }) => waiting.push_back((author, reply)),
                Some(ToRoom::PostsBy { author, reply }) => {
                    let _ = reply.send(posts.get(&author).copied().unwrap_or(0));
                }
                None => break,
            },
        }
    }
}

async fn moderator(
    mut mailbox: mpsc::Receiver<Review>,
    room: mpsc::WeakSender<ToRoom>,
    limit: u32,
) {
    while let Some(Review { author, reply }) = mailbox.recv().await {
        let Some(sender) = room.upgrade() else { break };
        let posts = RoomHandle { sender }.posts_by(&author).await;
        let _ = reply.send(posts < limit);
    }
}

pub fn open(mailbox: usize, limit: u32) -> RoomHandle {
    let (sender, messages) = mpsc::channel(mailbox);
    let (to_moderator, reviews) = mpsc::channel(mailbox);
    tokio::spawn(moderator(reviews, sender.downgrade(), limit));
    tokio::spawn(room(messages, to_moderator));
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
