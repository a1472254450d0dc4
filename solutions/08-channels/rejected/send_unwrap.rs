//! rejected: a_topic_that_nobody_watches_is_kept
//! says: SendError means: the channel's Receiver has been dropped
//! thinks: "There is always a receiver, since I have made one in `open`."

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
    /// To all subscribers. When the last clone is dropped, they get what is left, and then `Closed`.
    events: broadcast::Sender<Event>,
}

pub struct Events {
    receiver: broadcast::Receiver<Event>,
}

impl Board {
    pub fn open(topic: Topic, capacity: usize) -> BoardHandle {
        BoardHandle {
            topic: watch::Sender::new(topic),
            events: broadcast::Sender::new(capacity),
        }
    }
}

impl BoardHandle {
    pub fn topic(&self) -> watch::Receiver<Topic> {
        self.topic.subscribe()
    }

    pub fn set_topic(&self, topic: Topic) {
        self.topic.send(topic).unwrap();
    }

    pub fn publish(&self, event: Event) {
        // It fails when nobody is subscribed.
        let _ = self.events.send(event);
    }

    pub fn subscribe(&self) -> Events {
        let receiver = self.events.subscribe();
        Events { receiver }
    }
}

impl Events {
    pub async fn next(&mut self) -> Option<Seen> {
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
