//! rejected: an_event_may_be_published_to_nobody
//! says: nothing from before
//! thinks: "A new subscriber should see what has just happened."

use std::time::Duration;
use tokio::{
    sync::{
        broadcast::{self, error::RecvError},
        mpsc, watch,
    },
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
    /// The newest topic. When the last clone is dropped, `changed` fails.
    topic: watch::Sender<Topic>,
    events: broadcast::Sender<Event>,
    last: std::sync::Arc<std::sync::Mutex<Option<Event>>>,
}

pub struct Events {
    receiver: broadcast::Receiver<Event>,
    last: Option<Event>,
}

impl Board {
    pub fn open(topic: Topic, capacity: usize) -> BoardHandle {
        BoardHandle {
            topic: watch::Sender::new(topic),
            events: broadcast::Sender::new(capacity),
            last: Default::default(),
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
        *self.last.lock().unwrap() = Some(event.clone());
        let _ = self.events.send(event);
    }

    pub fn subscribe(&self) -> Events {
        let receiver = self.events.subscribe();
        Events {
            receiver,
            last: self.last.lock().unwrap().clone(),
        }
    }
}

impl Events {
    pub async fn next(&mut self) -> Option<Seen> {
        if let Some(event) = self.last.take() {
            return Some(Seen::Event(event));
        }
        match self.receiver.recv().await {
            Ok(event) => Some(Seen::Event(event)),
            Err(RecvError::Lagged(missed)) => Some(Seen::Missed(missed)),
            Err(RecvError::Closed) => None,
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
