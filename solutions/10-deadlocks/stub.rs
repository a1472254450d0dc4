//! Exercise 10, deadlocks: a room and its moderator, and a relay in front of a slow reader.
//!
//! Part a (steps 1 to 3) runs and hangs: that is the start. The room asks the moderator whether a post is all right, and the
//! moderator asks the room how much its author has posted. Draw who waits for whom, and cut one edge. What `open` and the
//! methods of `RoomHandle` promise stays, and room and moderator stay two actors, each with a task of its own. How they talk
//! to each other is yours to change.
//!
//! Part b (steps 4 to 6) is empty: a relay that stays responsive, and loses nothing, while its output is full.
//!
//! Page: book/src/10-deadlocks.md. The tests are in tests/deadlocks.rs; those of part b have `relay` in
//! their names:
//!
//!     cargo test -p deadlocks
//!
//! Stuck? `cargo course hint deadlocks` says a little more each time.

use std::collections::HashMap;
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

struct Review {
    author: String,
    reply: oneshot::Sender<bool>,
}

struct Room {
    mailbox: mpsc::Receiver<ToRoom>,
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
        let (reply, answer) = oneshot::channel();
        let review = Review {
            author: author.clone(),
            reply,
        };
        let _ = self.moderator.send(review).await;
        match answer.await {
            Ok(true) => {
                *self.posts.entry(author).or_default() += 1;
                self.last += 1;
                Ok(self.last)
            }
            _ => Err(Refused),
        }
    }
}

/// Allows each author so many posts.
struct Moderator {
    mailbox: mpsc::Receiver<Review>,
    /// Weak, so that the moderator does not keep the room alive (chapter 9).
    room: mpsc::WeakSender<ToRoom>,
    limit: u32,
}

impl Moderator {
    async fn run(mut self) {
        while let Some(Review { author, reply }) = self.mailbox.recv().await {
            let Some(room) = self.room.upgrade() else {
                break;
            };
            let posts = RoomHandle { sender: room }.posts_by(&author).await;
            let _ = reply.send(posts < self.limit);
        }
    }
}

/// Reaches the room. The room and its moderator live as long as any clone of it does.
#[derive(Clone)]
pub struct RoomHandle {
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
    let (sender, room_mailbox) = mpsc::channel(mailbox);
    let (moderator, reviews) = mpsc::channel(mailbox);
    let weak = sender.downgrade();
    tokio::spawn(
        Room {
            mailbox: room_mailbox,
            moderator,
            posts: HashMap::new(),
            last: 0,
        }
        .run(),
    );
    tokio::spawn(
        Moderator {
            mailbox: reviews,
            room: weak,
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
    /// A caller that gives up while it waits for a slot in the mailbox has posted nothing. After that, the post may still be made;
    /// then it has its number, and counts.
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

/// Reaches the relay, which lives as long as any clone of it does.
#[derive(Clone)]
pub struct RelayHandle {
    // What does it need?
}

/// Starts a relay: what is given to it goes to `out`, in its order, as soon as there is a slot. It takes a slot only when it has
/// a text to put there, since others may send to `out` as well.
///
/// While `out` is full, the relay keeps what it is given, however much that is, and goes on listening. (Chapter 12 bounds it.)
/// When all handles are gone, it hands on what it still has, however late its reader is, then it ends. It ends too when nobody
/// reads `out` any more: as soon as it notices, and at once when it has something to hand on.
///
/// To be called inside a Tokio runtime.
pub fn relay(out: mpsc::Sender<String>) -> RelayHandle {
    let _ = out;
    todo!("step 4: start an actor that hands on what it gets; in step 5 it gets a queue")
}

impl RelayHandle {
    /// Gives the relay a text to hand on. `Ok` means that the relay has accepted it: with a reader that stays, it comes out.
    ///
    /// # Errors
    /// Nobody reads the output any more, or the relay has ended. While an idle relay has not noticed that its reader is gone,
    /// `forward` may still return `Ok`.
    ///
    /// # Cancel safety
    /// The text of a caller that gives up may still be accepted; then it counts, and comes out in its turn.
    pub async fn forward(&self, text: String) -> Result<(), Closed> {
        let _ = text;
        todo!("step 4: tell the relay")
    }

    /// How many texts the relay has accepted so far, handed on or not.
    ///
    /// # Errors
    /// Nobody reads the output any more, or the relay has ended. An idle relay may not have noticed yet, as in `forward`.
    pub async fn accepted(&self) -> Result<u64, Closed> {
        todo!("step 4: ask the relay")
    }
}
