//! accepted: the moderator sends its verdict as a message of its own, and the room keeps the open posts by their number. The room never waits; every open post has to be kept somewhere.

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
    id: u64,
    posts: u32,
}

struct Verdict {
    id: u64,
    approved: bool,
}

struct Open {
    author: String,
    reply: oneshot::Sender<Result<u64, Refused>>,
}

async fn room(
    mut mailbox: mpsc::Receiver<ToRoom>,
    mut verdicts: mpsc::UnboundedReceiver<Verdict>,
    moderator: mpsc::Sender<Review>,
) {
    let mut posts: HashMap<String, u32> = HashMap::new();
    // Open posts count as well: else two of them would see the same count.
    let mut asked: HashMap<String, u32> = HashMap::new();
    let mut open: HashMap<u64, Open> = HashMap::new();
    let (mut last, mut next_id) = (0, 0);
    loop {
        tokio::select! {
            biased;
            Some(Verdict { id, approved }) = verdicts.recv() => {
                let Some(Open { author, reply }) = open.remove(&id) else { continue };
                let result = if approved {
                    *posts.entry(author).or_default() += 1;
                    last += 1;
                    Ok(last)
                } else {
                    *asked.entry(author).or_default() -= 1;
                    Err(Refused)
                };
                let _ = reply.send(result);
            }
            message = mailbox.recv() => match message {
                Some(ToRoom::Post { author, reply }) => {
                    next_id += 1;
                    let asked = asked.entry(author.clone()).or_default();
                    let review = Review { id: next_id, posts: *asked };
                    *asked += 1;
                    open.insert(next_id, Open { author, reply });
                    // The way there is bounded, the way back is not: one of the two never waits.
                    if moderator.send(review).await.is_err() {
                        break;
                    }
                }
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
    verdicts: mpsc::UnboundedSender<Verdict>,
    limit: u32,
) {
    while let Some(Review { id, posts }) = mailbox.recv().await {
        if verdicts
            .send(Verdict {
                id,
                approved: posts < limit,
            })
            .is_err()
        {
            break;
        }
    }
}

pub fn open(mailbox: usize, limit: u32) -> RoomHandle {
    let (sender, messages) = mpsc::channel(mailbox);
    let (to_moderator, reviews) = mpsc::channel(mailbox);
    let (verdict, verdicts) = mpsc::unbounded_channel();
    tokio::spawn(room(messages, verdicts, to_moderator));
    tokio::spawn(moderator(reviews, verdict, limit));
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
