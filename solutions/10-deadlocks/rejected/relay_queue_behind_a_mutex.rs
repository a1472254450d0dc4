//! rejected: relay_is_closed_when_its_runtime_is_gone
//! says: the runtime of the relay is gone
//! says: `forward` should say Closed, and said Ok(())
//! thinks: "The queue is shared, so nothing has to be sent to the relay: it is only woken."

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex},
};
use tokio::sync::{Notify, mpsc, oneshot};

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

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Default)]
struct State {
    queue: VecDeque<String>,
    accepted: u64,
    without_handles: bool,
    without_reader: bool,
}

async fn run_relay(shared: Arc<Shared>, out: mpsc::Sender<String>) {
    loop {
        let (waits, done) = {
            let state = shared.state.lock().expect("nobody panics with it");
            (!state.queue.is_empty(), state.without_handles)
        };
        if waits {
            let Ok(permit) = out.reserve().await else {
                shared
                    .state
                    .lock()
                    .expect("nobody panics with it")
                    .without_reader = true;
                return;
            };
            let next = shared
                .state
                .lock()
                .expect("nobody panics with it")
                .queue
                .pop_front();
            if let Some(text) = next {
                permit.send(text);
            }
        } else if done {
            return;
        } else {
            shared.changed.notified().await;
        }
    }
}

pub fn relay(out: mpsc::Sender<String>) -> RelayHandle {
    let shared = Arc::new(Shared::default());
    tokio::spawn(run_relay(shared.clone(), out));
    RelayHandle {
        shared: Arc::new(Last(shared)),
    }
}

#[derive(Clone)]
pub struct RelayHandle {
    shared: Arc<Last>,
}

/// Dropped with the last handle.
struct Last(Arc<Shared>);

impl Drop for Last {
    fn drop(&mut self) {
        self.0
            .state
            .lock()
            .expect("nobody panics with it")
            .without_handles = true;
        self.0.changed.notify_one();
    }
}

impl RelayHandle {
    pub async fn forward(&self, text: String) -> Result<(), Closed> {
        let shared = &self.shared.0;
        let mut state = shared.state.lock().expect("nobody panics with it");
        if state.without_reader {
            return Err(Closed);
        }
        state.queue.push_back(text);
        state.accepted += 1;
        shared.changed.notify_one();
        Ok(())
    }

    pub async fn accepted(&self) -> Result<u64, Closed> {
        let state = self.shared.0.state.lock().expect("nobody panics with it");
        if state.without_reader {
            return Err(Closed);
        }
        Ok(state.accepted)
    }
}
