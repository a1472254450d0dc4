//! rejected: everybody_who_waits_is_woken
//! says: never came
//! thinks: "notify_one wakes a subscriber that waits, and it finds the event in the log."

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    sync::{Notify, mpsc, watch},
    time::sleep,
};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topic(pub String);

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event(pub std::sync::Arc<str>);

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    Event(Event),
    Missed(u64),
}

pub struct Screen {
    drawn: mpsc::UnboundedSender<Topic>,
}

impl Screen {
    pub fn new(drawn: mpsc::UnboundedSender<Topic>) -> Self {
        Self { drawn }
    }

    async fn draw(&mut self, topic: &Topic) {
        sleep(Duration::from_secs(1)).await;
        let _ = self.drawn.send(topic.clone());
    }
}

pub struct Board;

#[derive(Clone)]
pub struct BoardHandle {
    topic: watch::Sender<Topic>,
    /// How many events were published. It closes with the last handle.
    count: watch::Sender<u64>,
    log: Arc<Log>,
}

struct Log {
    capacity: usize,
    newest: Mutex<VecDeque<Event>>,
    news: Notify,
}

pub struct Events {
    count: watch::Receiver<u64>,
    log: Arc<Log>,
    /// How many of them it has seen, or was told that it missed.
    seen: u64,
}

impl Board {
    pub fn open(topic: Topic, capacity: usize) -> BoardHandle {
        let newest = Mutex::default();
        BoardHandle {
            topic: watch::Sender::new(topic),
            count: watch::Sender::new(0),
            log: Arc::new(Log {
                capacity,
                newest,
                news: Notify::new(),
            }),
        }
    }
}

impl BoardHandle {
    pub fn topic(&self) -> watch::Receiver<Topic> {
        self.topic.subscribe()
    }

    pub fn set_topic(&self, topic: Topic) {
        self.topic.send_replace(topic);
    }

    pub fn publish(&self, event: Event) {
        // Both change together, so that whoever holds the count finds a log that fits.
        self.count.send_modify(|count| {
            let newest = self.log.newest.lock();
            let mut newest = newest.unwrap_or_else(PoisonError::into_inner);
            if newest.len() == self.log.capacity {
                newest.pop_front();
            }
            newest.push_back(event);
            *count += 1;
        });
        self.log.news.notify_one();
    }

    pub fn subscribe(&self) -> Events {
        let count = self.count.subscribe();
        let seen = *count.borrow();
        Events {
            count,
            log: self.log.clone(),
            seen,
        }
    }
}

impl Events {
    pub async fn next(&mut self) -> Option<Seen> {
        loop {
            if let Some(seen) = self.look() {
                return Some(seen);
            }
            if self.count.has_changed().is_err() {
                return None;
            }
            self.log.news.notified().await;
        }
    }

    fn look(&mut self) -> Option<Seen> {
        let count = self.count.borrow_and_update();
        let newest = self.log.newest.lock();
        let newest = newest.unwrap_or_else(PoisonError::into_inner);
        let oldest = *count - newest.len() as u64;
        if self.seen < oldest {
            let missed = oldest - self.seen;
            self.seen = oldest;
            return Some(Seen::Missed(missed));
        }
        let event = newest.get(usize::try_from(self.seen - oldest).ok()?)?;
        self.seen += 1;
        Some(Seen::Event(event.clone()))
    }
}

pub async fn show_topic(mut topic: watch::Receiver<Topic>, mut screen: Screen) {
    loop {
        let newest = topic.borrow_and_update().clone();
        screen.draw(&newest).await;
        if topic.changed().await.is_err() {
            break;
        }
    }
}
