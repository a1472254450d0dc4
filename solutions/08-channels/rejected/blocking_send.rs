//! rejected: every_subscriber_gets_every_event_in_order
//! says: blocking
//! thinks: "publish is no async fn, so it has to be the blocking call."

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
    subscribers: Arc<Mutex<Vec<mpsc::Sender<Event>>>>,
    capacity: usize,
}

pub struct Events {
    events: mpsc::Receiver<Event>,
}

impl Board {
    pub fn open(topic: Topic, capacity: usize) -> BoardHandle {
        BoardHandle {
            topic: watch::Sender::new(topic),
            subscribers: Arc::default(),
            capacity,
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
        for subscriber in lock(&self.subscribers).iter() {
            let _ = subscriber.blocking_send(event.clone());
        }
    }

    pub fn subscribe(&self) -> Events {
        let (sender, events) = mpsc::channel(self.capacity);
        lock(&self.subscribers).push(sender);
        Events { events }
    }
}

impl Events {
    pub async fn next(&mut self) -> Option<Seen> {
        self.events.recv().await.map(Seen::Event)
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
