//! rejected: thousands_at_once_on_small_mailboxes in some schedules
//! says: the answers to 300 posts at once never came: a deadlock
//! thinks: "The verdicts come back through a channel of their own. Each way has as many slots as the mailbox, and `select!` looks at
//!   both channels, so neither can fill up."

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

#[derive(Default)]
struct Author {
    accepted: u32,
    under_review: u32,
}

struct Room {
    mailbox: mpsc::Receiver<ToRoom>,
    moderator: mpsc::Sender<Review>,
    verdicts: mpsc::Receiver<Verdict>,
    authors: HashMap<String, Author>,
    last: u64,
}

impl Room {
    async fn run(mut self) {
        loop {
            tokio::select! {
                message = self.mailbox.recv() => match message {
                    Some(message) => self.handle(message).await,
                    None => break,
                },
                Some(verdict) = self.verdicts.recv() => self.conclude(verdict),
            }
        }
    }

    async fn handle(&mut self, message: ToRoom) {
        match message {
            ToRoom::Post { author, reply } => {
                let counts = self.authors.entry(author.clone()).or_default();
                let posts = counts.accepted + counts.under_review;
                counts.under_review += 1;
                let review = Review {
                    author,
                    posts,
                    reply,
                };
                let _ = self.moderator.send(review).await;
            }
            ToRoom::PostsBy { author, reply } => {
                let counts = self.authors.get(&author);
                let _ = reply.send(counts.map_or(0, |counts| counts.accepted));
            }
        }
    }

    fn conclude(&mut self, Verdict { review, approved }: Verdict) {
        let counts = self.authors.entry(review.author).or_default();
        counts.under_review -= 1;
        let result = if approved {
            counts.accepted += 1;
            self.last += 1;
            Ok(self.last)
        } else {
            Err(Refused)
        };
        let _ = review.reply.send(result);
    }
}

async fn moderator(
    mut mailbox: mpsc::Receiver<Review>,
    verdicts: mpsc::Sender<Verdict>,
    limit: u32,
) {
    while let Some(review) = mailbox.recv().await {
        let approved = review.posts < limit;
        if verdicts.send(Verdict { review, approved }).await.is_err() {
            break;
        }
    }
}

pub fn open(mailbox: usize, limit: u32) -> RoomHandle {
    let (sender, messages) = mpsc::channel(mailbox);
    let (to_moderator, reviews) = mpsc::channel(mailbox);
    let (verdict, verdicts) = mpsc::channel(mailbox);
    let room = Room {
        mailbox: messages,
        moderator: to_moderator,
        verdicts,
        authors: HashMap::new(),
        last: 0,
    };
    tokio::spawn(room.run());
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
