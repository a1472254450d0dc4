//! rejected: nothing_piles_up_while_nobody_looks
//! says: Who forgets a subscriber that is dropped
//! thinks: "Each queue is bounded, so the memory is."

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
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
    subscribers: Arc<Subscribers>,
}

struct Subscribers {
    capacity: usize,
    all: Mutex<Vec<Arc<Queue>>>,
}

struct Queue {
    waiting: Mutex<Waiting>,
    /// There is something new in the queue.
    news: Notify,
}

#[derive(Default)]
struct Waiting {
    events: VecDeque<Event>,
    /// How many are missing before the first of them.
    missed: u64,
    closed: bool,
}

pub struct Events {
    queue: Arc<Queue>,
}

impl Board {
    pub fn open(topic: Topic, capacity: usize) -> BoardHandle {
        let all = Mutex::default();
        BoardHandle {
            topic: watch::Sender::new(topic),
            subscribers: Arc::new(Subscribers { capacity, all }),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl BoardHandle {
    pub fn topic(&self) -> watch::Receiver<Topic> {
        self.topic.subscribe()
    }

    pub fn set_topic(&self, topic: Topic) {
        self.topic.send_replace(topic);
    }

    pub fn publish(&self, event: Event) {
        for queue in lock(&self.subscribers.all).iter() {
            let mut waiting = lock(&queue.waiting);
            if waiting.events.len() == self.subscribers.capacity {
                waiting.events.pop_front();
                waiting.missed += 1;
            }
            waiting.events.push_back(event.clone());
            queue.news.notify_one();
        }
    }

    pub fn subscribe(&self) -> Events {
        let queue = Arc::new(Queue {
            waiting: Mutex::default(),
            news: Notify::new(),
        });
        lock(&self.subscribers.all).push(queue.clone());
        Events { queue }
    }
}

impl Drop for Subscribers {
    fn drop(&mut self) {
        for queue in lock(&self.all).iter() {
            lock(&queue.waiting).closed = true;
            queue.news.notify_one();
        }
    }
}

impl Events {
    pub async fn next(&mut self) -> Option<Seen> {
        loop {
            {
                let mut waiting = lock(&self.queue.waiting);
                if waiting.missed > 0 {
                    return Some(Seen::Missed(std::mem::take(&mut waiting.missed)));
                }
                if let Some(event) = waiting.events.pop_front() {
                    return Some(Seen::Event(event));
                }
                if waiting.closed {
                    return None;
                }
            }
            // A permit that was left earlier costs one more look.
            self.queue.news.notified().await;
        }
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
