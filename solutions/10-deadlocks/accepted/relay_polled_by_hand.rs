//! accepted: The relay is polled by hand. It keeps its turn in the line for a slot, and that is no futurelock: it polls that future whenever it runs, and waits for nothing else meanwhile.

use std::collections::{HashMap, VecDeque};
use tokio::sync::{mpsc, oneshot};

// Part a: the room and its moderator.
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
            posts: self.posts.get(&author).copied().unwrap_or(0),
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
struct Moderator {
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
#[derive(Clone)]
pub struct RoomHandle {
    sender: mpsc::Sender<ToRoom>,
}
pub fn open(mailbox: usize, limit: u32) -> RoomHandle {
    let (sender, room_mailbox) = mpsc::channel(mailbox);
    let (moderator, reviews) = mpsc::channel(mailbox);
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
            limit,
        }
        .run(),
    );
    RoomHandle { sender }
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

// Part b: the relay.
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

type Slot = std::pin::Pin<
    Box<
        dyn std::future::Future<
                Output = Result<mpsc::OwnedPermit<String>, mpsc::error::SendError<()>>,
            > + Send,
    >,
>;

impl Relay {
    async fn run(mut self) {
        let mut slot: Option<Slot> = None;
        let mut closed = false;
        std::future::poll_fn(move |cx| {
            use std::task::Poll;
            let mut taken = 0;
            while !closed && taken < 64 {
                match self.mailbox.poll_recv(cx) {
                    Poll::Ready(Some(ToRelay::Forward { text })) => {
                        self.accepted += 1;
                        self.queue.push_back(text);
                    }
                    Poll::Ready(Some(ToRelay::Accepted { reply })) => {
                        let _ = reply.send(self.accepted);
                    }
                    Poll::Ready(None) => closed = true,
                    Poll::Pending => break,
                }
                taken += 1;
            }
            while !self.queue.is_empty() {
                let waiting =
                    slot.get_or_insert_with(|| Box::pin(self.out.clone().reserve_owned()));
                match waiting.as_mut().poll(cx) {
                    Poll::Ready(Ok(permit)) => {
                        drop(permit.send(self.queue.pop_front().unwrap()));
                        slot = None;
                    }
                    Poll::Ready(Err(_)) => return Poll::Ready(()),
                    Poll::Pending => break,
                }
            }
            if closed && self.queue.is_empty() {
                return Poll::Ready(());
            }
            if taken == 64 {
                cx.waker().wake_by_ref();
            }
            Poll::Pending
        })
        .await
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
        self.sender
            .send(ToRelay::Accepted { reply })
            .await
            .map_err(|_| Closed)?;
        answer.await.map_err(|_| Closed)
    }
}
