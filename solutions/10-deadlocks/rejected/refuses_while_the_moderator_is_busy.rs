//! rejected: questions_and_posts_at_once in some schedules
//! says: a post was refused, though 100 are allowed
//! thinks: "The room must never wait for the moderator, so it hands a post over by `try_send`. It always goes in: the moderator is
//!   quick."

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
    posts: u32,
    reply: oneshot::Sender<Result<u64, Refused>>,
}

struct Verdict {
    review: Review,
    approved: bool,
}

async fn room(
    mut mailbox: mpsc::Receiver<ToRoom>,
    moderator: mpsc::Sender<Review>,
    mut verdicts: mpsc::UnboundedReceiver<Verdict>,
) {
    let mut accepted: HashMap<String, u32> = HashMap::new();
    let mut under_review: HashMap<String, u32> = HashMap::new();
    let mut last = 0;
    loop {
        tokio::select! {
            message = mailbox.recv() => match message {
                Some(ToRoom::Post { author, reply }) => {
                    let waiting = under_review.entry(author.clone()).or_default();
                    let posts = accepted.get(&author).copied().unwrap_or(0) + *waiting;
                    let review = Review { author, posts, reply };
                    match moderator.try_send(review) {
                        Ok(()) => *waiting += 1,
                        Err(error) => {
                            let _ = error.into_inner().reply.send(Err(Refused));
                        }
                    }
                }
                Some(ToRoom::PostsBy { author, reply }) => {
                    let _ = reply.send(accepted.get(&author).copied().unwrap_or(0));
                }
                None => break,
            },
            Some(Verdict { review: Review { author, reply, .. }, approved }) = verdicts.recv() => {
                *under_review.entry(author.clone()).or_default() -= 1;
                let result = if approved {
                    *accepted.entry(author).or_default() += 1;
                    last += 1;
                    Ok(last)
                } else {
                    Err(Refused)
                };
                let _ = reply.send(result);
            }
        }
    }
}

async fn moderator(
    mut mailbox: mpsc::Receiver<Review>,
    verdicts: mpsc::UnboundedSender<Verdict>,
    limit: u32,
) {
    while let Some(review) = mailbox.recv().await {
        let approved = review.posts < limit;
        if verdicts.send(Verdict { review, approved }).is_err() {
            break;
        }
    }
}

pub fn open(mailbox: usize, limit: u32) -> RoomHandle {
    let (sender, messages) = mpsc::channel(mailbox);
    let (to_moderator, reviews) = mpsc::channel(mailbox);
    let (verdict, verdicts) = mpsc::unbounded_channel();
    tokio::spawn(room(messages, to_moderator, verdicts));
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
