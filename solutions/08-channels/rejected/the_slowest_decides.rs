//! rejected: a_slow_subscriber_costs_nobody_else_anything
//! says: misses nothing, however slow another one is
//! thinks: "One log for all: when the slowest has not read the oldest event and it is full, the new one is not taken."

use std::{
    collections::VecDeque,
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
    /// How often something was published. It closes with the last handle.
    count: watch::Sender<u64>,
    log: Arc<Mutex<Log>>,
}

#[derive(Default)]
struct Log {
    capacity: usize,
    /// The number of the first event in the log.
    first: u64,
    events: VecDeque<Event>,
    /// What did not fit in, after all that is in the log.
    missed: u64,
    /// How far each subscriber is, by its number.
    places: Vec<Option<u64>>,
}

pub struct Events {
    count: watch::Receiver<u64>,
    log: Arc<Mutex<Log>>,
    number: usize,
    told: u64,
}

impl Board {
    pub fn open(topic: Topic, capacity: usize) -> BoardHandle {
        let log = Log {
            capacity,
            ..Log::default()
        };
        BoardHandle {
            topic: watch::Sender::new(topic),
            count: watch::Sender::new(0),
            log: Arc::new(Mutex::new(log)),
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
        {
            let mut log = lock(&self.log);
            let end = log.first + log.events.len() as u64;
            let slowest = log.places.iter().flatten().min().copied().unwrap_or(end);
            while log.first < slowest && !log.events.is_empty() {
                log.events.pop_front();
                log.first += 1;
            }
            if log.events.len() < log.capacity {
                log.events.push_back(event);
            } else {
                log.missed += 1;
            }
        }
        self.count.send_modify(|count| *count += 1);
    }

    pub fn subscribe(&self) -> Events {
        let mut log = lock(&self.log);
        let end = log.first + log.events.len() as u64;
        let number = log.places.len();
        log.places.push(Some(end));
        Events {
            count: self.count.subscribe(),
            log: self.log.clone(),
            number,
            told: log.missed,
        }
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        lock(&self.log).places[self.number] = None;
    }
}

impl Events {
    pub async fn next(&mut self) -> Option<Seen> {
        loop {
            if let Some(seen) = self.look() {
                return Some(seen);
            }
            self.count.changed().await.ok()?;
        }
    }

    fn look(&mut self) -> Option<Seen> {
        let mut log = lock(&self.log);
        let place = log.places[self.number]?;
        let index = usize::try_from(place.saturating_sub(log.first)).ok()?;
        if let Some(event) = log.events.get(index).cloned() {
            log.places[self.number] = Some(place + 1);
            return Some(Seen::Event(event));
        }
        let missed = log.missed - self.told;
        self.told = log.missed;
        (missed > 0).then_some(Seen::Missed(missed))
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
