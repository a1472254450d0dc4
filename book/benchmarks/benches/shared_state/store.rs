//! The same map, shared in six ways. When `read` or `write` returns, it is done.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, RwLock},
};
use tokio::sync::{self, mpsc, oneshot, watch};

pub type Map = HashMap<u64, u64>;

pub trait Store: Clone + Send + Sync + 'static {
    /// As the table has it.
    const NAME: &str;

    /// To be called inside a runtime: one of them starts a task.
    fn new(map: Map) -> Self;
    /// The value of an entry.
    fn read(&self, key: u64) -> impl Future<Output = Option<u64>> + Send;
    /// Adds 1 to the value of an entry.
    fn write(&self, key: u64) -> impl Future<Output = ()> + Send;
}

fn add(map: &mut Map, key: u64) {
    *map.entry(key).or_default() += 1;
}

#[derive(Clone)]
pub struct StdMutex(Arc<Mutex<Map>>);

impl Store for StdMutex {
    const NAME: &str = "std Mutex";

    fn new(map: Map) -> Self {
        Self(Arc::new(Mutex::new(map)))
    }

    async fn read(&self, key: u64) -> Option<u64> {
        let map = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        map.get(&key).copied()
    }

    async fn write(&self, key: u64) {
        add(
            &mut self.0.lock().unwrap_or_else(PoisonError::into_inner),
            key,
        );
    }
}

#[derive(Clone)]
pub struct StdRwLock(Arc<RwLock<Map>>);

impl Store for StdRwLock {
    const NAME: &str = "std RwLock";

    fn new(map: Map) -> Self {
        Self(Arc::new(RwLock::new(map)))
    }

    async fn read(&self, key: u64) -> Option<u64> {
        let map = self.0.read().unwrap_or_else(PoisonError::into_inner);
        map.get(&key).copied()
    }

    async fn write(&self, key: u64) {
        add(
            &mut self.0.write().unwrap_or_else(PoisonError::into_inner),
            key,
        );
    }
}

#[derive(Clone)]
pub struct TokioMutex(Arc<sync::Mutex<Map>>);

impl Store for TokioMutex {
    const NAME: &str = "Tokio Mutex";

    fn new(map: Map) -> Self {
        Self(Arc::new(sync::Mutex::new(map)))
    }

    async fn read(&self, key: u64) -> Option<u64> {
        self.0.lock().await.get(&key).copied()
    }

    async fn write(&self, key: u64) {
        add(&mut *self.0.lock().await, key);
    }
}

#[derive(Clone)]
pub struct TokioRwLock(Arc<sync::RwLock<Map>>);

impl Store for TokioRwLock {
    const NAME: &str = "Tokio RwLock";

    fn new(map: Map) -> Self {
        Self(Arc::new(sync::RwLock::new(map)))
    }

    async fn read(&self, key: u64) -> Option<u64> {
        self.0.read().await.get(&key).copied()
    }

    async fn write(&self, key: u64) {
        add(&mut *self.0.write().await, key);
    }
}

/// Everybody reads by a borrow of the newest value, and writes into it in place.
#[derive(Clone)]
pub struct Watch(watch::Sender<Map>);

impl Store for Watch {
    const NAME: &str = "watch";

    fn new(map: Map) -> Self {
        Self(watch::Sender::new(map))
    }

    async fn read(&self, key: u64) -> Option<u64> {
        self.0.borrow().get(&key).copied()
    }

    async fn write(&self, key: u64) {
        self.0.send_modify(|map| add(map, key));
    }
}

enum Message {
    Read {
        key: u64,
        reply: oneshot::Sender<Option<u64>>,
    },
    Write {
        key: u64,
        done: oneshot::Sender<()>,
    },
}

/// The recipe of chapter 1: one task owns the map. Both calls ask, and wait for the answer.
#[derive(Clone)]
pub struct Actor(mpsc::Sender<Message>);

async fn owner(mut map: Map, mut mailbox: mpsc::Receiver<Message>) {
    while let Some(message) = mailbox.recv().await {
        // A caller that gave up needs no answer.
        match message {
            Message::Read { key, reply } => {
                let _ = reply.send(map.get(&key).copied());
            }
            Message::Write { key, done } => {
                add(&mut map, key);
                let _ = done.send(());
            }
        }
    }
}

impl Store for Actor {
    const NAME: &str = "actor";

    fn new(map: Map) -> Self {
        let (sender, mailbox) = mpsc::channel(32);
        tokio::spawn(owner(map, mailbox));
        Self(sender)
    }

    async fn read(&self, key: u64) -> Option<u64> {
        let (reply, answer) = oneshot::channel();
        let _ = self.0.send(Message::Read { key, reply }).await;
        answer.await.expect("the owner runs as long as its handles")
    }

    async fn write(&self, key: u64) {
        let (done, answer) = oneshot::channel();
        let _ = self.0.send(Message::Write { key, done }).await;
        answer.await.expect("the owner runs as long as its handles");
    }
}
