//! rejected: a_next_that_is_dropped_loses_nothing
//! says: Each call that had to wait was dropped
//! thinks: "Nobody else has the lock, so it never waits."

use std::{sync::Arc, time::Duration};
use tokio::{
    sync::{Mutex, broadcast, mpsc, watch},
    time::sleep,
};

/// What the room talks about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topic(pub String);

/// Something that happened in the room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event(pub std::sync::Arc<str>);

/// What a subscriber sees next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    Event(Event),
    /// So many events, at least one, would have come here. They are lost for this subscriber.
    Missed(u64),
}

/// Shows topics, each for all to see; leave it as it is. Drawing one takes a second.
pub struct Screen {
    drawn: mpsc::UnboundedSender<Topic>,
}

impl Screen {
    /// Tells `drawn` of each topic, when its drawing is done.
    pub fn new(drawn: mpsc::UnboundedSender<Topic>) -> Self {
        Self { drawn }
    }

    async fn draw(&mut self, topic: &Topic) {
        sleep(Duration::from_secs(1)).await;
        let _ = self.drawn.send(topic.clone());
    }
}

/// The board of a room.
pub struct Board;

#[derive(Clone)]
pub struct BoardHandle {
    topic: watch::Sender<Topic>,
    events: broadcast::Sender<Event>,
}

pub struct Events {
    events: broadcast::Receiver<Event>,
    /// How many events it has seen, for a log.
    seen: Arc<Mutex<u64>>,
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
        self.topic.send_replace(topic);
    }

    pub fn publish(&self, event: Event) {
        let _ = self.events.send(event);
    }

    pub fn subscribe(&self) -> Events {
        Events {
            events: self.events.subscribe(),
            seen: Arc::default(),
        }
    }
}

impl Events {
    pub async fn next(&mut self) -> Option<Seen> {
        match self.events.recv().await {
            Ok(event) => {
                *self.seen.lock().await += 1;
                Some(Seen::Event(event))
            }
            Err(broadcast::error::RecvError::Lagged(n)) => Some(Seen::Missed(n)),
            Err(broadcast::error::RecvError::Closed) => None,
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
