//! rejected: every_subscriber_gets_every_event_in_order
//! says: Has it one receiver of its own
//! thinks: "One channel, and all subscribers share its receiver behind a mutex."

use std::{sync::Arc, time::Duration};
use tokio::{
    sync::{Mutex, mpsc, watch},
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
    events: mpsc::Sender<Event>,
    receiver: Arc<Mutex<mpsc::Receiver<Event>>>,
}

pub struct Events {
    receiver: Arc<Mutex<mpsc::Receiver<Event>>>,
}

impl Board {
    pub fn open(topic: Topic, capacity: usize) -> BoardHandle {
        let (events, receiver) = mpsc::channel(capacity);
        BoardHandle {
            topic: watch::Sender::new(topic),
            events,
            receiver: Arc::new(Mutex::new(receiver)),
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
        let _ = self.events.try_send(event);
    }

    pub fn subscribe(&self) -> Events {
        let receiver = self.receiver.clone();
        Events { receiver }
    }
}

impl Events {
    pub async fn next(&mut self) -> Option<Seen> {
        let event = self.receiver.lock().await.recv().await?;
        Some(Seen::Event(event))
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
