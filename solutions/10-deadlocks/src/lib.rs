//! A solution of exercise 10, deadlocks: a room and its moderator, and a relay in front of a slow reader.

use std::collections::{HashMap, VecDeque};
use tokio::sync::{mpsc, oneshot};

// Part a: the room and its moderator.

/// The author has posted as much as is allowed.
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

/// A question for the moderator, with all that it needs to know: it has nobody to ask back.
struct Review {
    posts: u32,
    /// The room holds the other end, and waits for it.
    reply: oneshot::Sender<bool>,
}

struct Room {
    /// The handles hold the other end.
    mailbox: mpsc::Receiver<ToRoom>,
    /// The only edge between the two actors: the room waits for the moderator, which waits for nobody.
    moderator: mpsc::Sender<Review>,
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
                    let posts = self.posts.get(&author).copied().unwrap_or(0);
                    let _ = reply.send(posts);
                }
            }
        }
    }

    async fn post(&mut self, author: String) -> Result<u64, Refused> {
        let posts = self.posts.entry(author).or_default();
        let (reply, answer) = oneshot::channel();
        let _ = self
            .moderator
            .send(Review {
                posts: *posts,
                reply,
            })
            .await;
        // Without a moderator nothing is approved.
        if answer.await != Ok(true) {
            return Err(Refused);
        }
        *posts += 1;
        self.last += 1;
        Ok(self.last)
    }
}

/// Allows each author so many posts.
struct Moderator {
    /// The room holds the other end. When the room ends, so does the moderator.
    mailbox: mpsc::Receiver<Review>,
    limit: u32,
}

impl Moderator {
    async fn run(mut self) {
        while let Some(Review { posts, reply }) = self.mailbox.recv().await {
            let _ = reply.send(posts < self.limit);
        }
    }
}

/// Reaches the room. The room and its moderator live as long as any clone of it does.
#[derive(Clone)]
pub struct RoomHandle {
    /// The room holds the other end.
    sender: mpsc::Sender<ToRoom>,
}

/// Opens a room whose moderator allows each author `limit` posts; with 0, nobody may post. Names that differ in anything are different
/// authors. As many messages as `mailbox` says may wait for the room; the next caller waits until a slot is free.
///
/// To be called inside a Tokio runtime.
///
/// # Panics
/// When `mailbox` is 0.
pub fn open(mailbox: usize, limit: u32) -> RoomHandle {
    let (sender, messages) = mpsc::channel(mailbox);
    let (moderator, reviews) = mpsc::channel(mailbox);
    tokio::spawn(
        Room {
            mailbox: messages,
            moderator,
            posts: HashMap::new(),
            last: 0,
        }
        .run(),
    );
    tokio::spawn(
        Moderator {
            mailbox: reviews,
            limit,
        }
        .run(),
    );
    RoomHandle { sender }
}

impl RoomHandle {
    /// Posts something, and returns the post's number in the room: 1, 2, 3 …
    ///
    /// # Errors
    /// The moderator has refused it.
    ///
    /// # Panics
    /// When the room has ended: its runtime is gone.
    ///
    /// # Cancel safety
    /// A caller that gives up while it waits for a slot in the mailbox has posted nothing. After that, the post is still made.
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

    /// How much this author has posted.
    ///
    /// # Panics
    /// When the room has ended: its runtime is gone.
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

// Part b: the relay.

/// Nobody reads the relay's output any more, or the relay has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closed;

enum ToRelay {
    Forward { text: String },
    Accepted { reply: oneshot::Sender<u64> },
}

struct Relay {
    /// The handles hold the other end.
    mailbox: mpsc::Receiver<ToRelay>,
    /// The output's reader holds the other end.
    out: mpsc::Sender<String>,
    /// Accepted, and not handed on yet. It has no bound: the relay promises to listen. Chapter 12 takes that promise back.
    queue: VecDeque<String>,
    accepted: u64,
}

impl Relay {
    async fn run(mut self) {
        loop {
            tokio::select! {
                message = self.mailbox.recv() => match message {
                    // Field by field: a method would borrow `out` too, and that is lent to the other branch.
                    Some(ToRelay::Forward { text }) => {
                        self.accepted += 1;
                        self.queue.push_back(text);
                    }
                    Some(ToRelay::Accepted { reply }) => {
                        let _ = reply.send(self.accepted);
                    }
                    None => break,
                },
                // A permit, and not a send: when the other branch is taken, this future is dropped, and with it only the wait.
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

/// Reaches the relay, which lives as long as any clone of it does.
#[derive(Clone)]
pub struct RelayHandle {
    /// The relay holds the other end.
    sender: mpsc::Sender<ToRelay>,
}

/// Starts a relay: what is given to it goes to `out`, in its order, as soon as there is a slot. It takes a slot only when it has
/// a text to put there, since others may send to `out` as well.
///
/// While `out` is full, the relay keeps what it is given, however much that is, and goes on listening. (Chapter 12 bounds it.)
/// When all handles are gone, it hands on what it still has, however late its reader is, then it ends. When nobody reads `out` any
/// more, it ends as soon as it has something to hand on; until then it does not notice.
///
/// To be called inside a Tokio runtime.
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
    /// Gives the relay a text to hand on. `Ok` means that the relay has accepted it: with a reader that stays, it comes out.
    ///
    /// # Errors
    /// The relay has ended: nobody reads its output any more, or its runtime is gone. While an idle relay has not noticed that its
    /// reader is gone, `forward` still returns `Ok`.
    ///
    /// # Cancel safety
    /// The text of a caller that gives up while it waits for a slot in the mailbox is not accepted.
    pub async fn forward(&self, text: String) -> Result<(), Closed> {
        self.sender
            .send(ToRelay::Forward { text })
            .await
            .map_err(|_| Closed)
    }

    /// How many texts the relay has accepted so far, handed on or not.
    ///
    /// # Errors
    /// The relay has ended: nobody reads its output any more, or its runtime is gone.
    pub async fn accepted(&self) -> Result<u64, Closed> {
        let (reply, answer) = oneshot::channel();
        let _ = self.sender.send(ToRelay::Accepted { reply }).await;
        answer.await.map_err(|_| Closed)
    }
}
