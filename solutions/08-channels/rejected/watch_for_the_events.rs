//! rejected: every_subscriber_gets_every_event_in_order
//! says: each of the six events
//! thinks: "A watch reaches everybody, for topics and for events."

use std::time::Duration;
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
    /// The newest topic. When the last clone is dropped, `changed` fails.
    topic: watch::Sender<Topic>,
    /// To all subscribers. When the last clone is dropped, they get what is left, and then `Closed`.
    events: watch::Sender<Event>,
}

pub struct Events {
    receiver: watch::Receiver<Event>,
}

impl Board {
    pub fn open(topic: Topic, _capacity: usize) -> BoardHandle {
        BoardHandle {
            topic: watch::Sender::new(topic),
            events: watch::Sender::new(Event("".into())),
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
        self.events.send_replace(event);
    }

    pub fn subscribe(&self) -> Events {
        let receiver = self.events.subscribe();
        Events { receiver }
    }
}

impl Events {
    pub async fn next(&mut self) -> Option<Seen> {
        self.receiver.changed().await.ok()?;
        let event = self.receiver.borrow_and_update().clone();
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
