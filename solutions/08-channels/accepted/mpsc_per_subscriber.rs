//! accepted: a bounded mpsc channel for each subscriber, with `try_send`: a slow one misses the newest events, not the oldest, and each could have a capacity of its own. It costs a clone and a queue a subscriber, and a count that has to fit.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{
    sync::{mpsc, watch},
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

/// Those who are subscribed. It is dropped with the last handle, and all senders with it.
struct Subscribers {
    capacity: usize,
    all: Mutex<Vec<Subscriber>>,
}

struct Subscriber {
    events: mpsc::Sender<Event>,
    /// What was missed since the last event that went in, shared with the subscriber.
    missed: Arc<Mutex<Missed>>,
}

/// How many events are missing after so many that went in.
#[derive(Default)]
struct Missed {
    sent: u64,
    gaps: Vec<(u64, u64)>,
}

pub struct Events {
    events: mpsc::Receiver<Event>,
    missed: Arc<Mutex<Missed>>,
    received: u64,
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
        lock(&self.subscribers.all).retain(|subscriber| {
            let mut missed = lock(&subscriber.missed);
            match subscriber.events.try_send(event.clone()) {
                Ok(()) => missed.sent += 1,
                Err(mpsc::error::TrySendError::Closed(_)) => return false,
                Err(mpsc::error::TrySendError::Full(_)) => {
                    let sent = missed.sent;
                    match missed.gaps.last_mut() {
                        Some((after, count)) if *after == sent => *count += 1,
                        _ => missed.gaps.push((sent, 1)),
                    }
                }
            }
            true
        });
    }

    pub fn subscribe(&self) -> Events {
        let (sender, events) = mpsc::channel(self.subscribers.capacity);
        let missed = Arc::<Mutex<Missed>>::default();
        lock(&self.subscribers.all).push(Subscriber {
            events: sender,
            missed: missed.clone(),
        });
        Events {
            events,
            missed,
            received: 0,
        }
    }
}

impl Events {
    pub async fn next(&mut self) -> Option<Seen> {
        if let Some(missed) = self.gap() {
            return Some(Seen::Missed(missed));
        }
        // A gap that opens from now on comes after an event that is in the channel.
        let event = self.events.recv().await?;
        self.received += 1;
        Some(Seen::Event(event))
    }

    /// What is missing just here. There are few gaps: each of them came with a full channel.
    fn gap(&self) -> Option<u64> {
        let mut missed = lock(&self.missed);
        let (after, count) = *missed.gaps.first()?;
        (after == self.received).then(|| {
            missed.gaps.remove(0);
            count
        })
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
