//! accepted: an actor publishes and subscribes, in the order of one mailbox, and has a queue for each subscriber: room for more rules later. The mailbox has no bound, since `publish` does not wait, and an event is there when the actor has run.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, Weak},
    time::Duration,
};
use tokio::{
    sync::{Notify, mpsc, watch},
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

#[derive(Default)]
struct Queue {
    seen: VecDeque<Seen>,
    events: usize,
    closed: bool,
}

struct Line {
    queue: Mutex<Queue>,
    news: Notify,
}

struct Hub {
    capacity: usize,
    lines: Mutex<Vec<Weak<Line>>>,
}

impl Drop for Hub {
    fn drop(&mut self) {
        for line in self.lines.lock().unwrap().iter().filter_map(Weak::upgrade) {
            line.queue.lock().unwrap().closed = true;
            line.news.notify_one();
        }
    }
}

#[derive(Clone)]
pub struct BoardHandle {
    topic: watch::Sender<Topic>,
    commands: mpsc::UnboundedSender<Command>,
}

pub struct Events {
    line: Arc<Line>,
}

enum Command {
    Publish(Event),
    Subscribe(Arc<Line>),
}

impl Board {
    pub fn open(topic: Topic, capacity: usize) -> BoardHandle {
        let (commands, mut rx) = mpsc::unbounded_channel();
        let hub = Hub {
            capacity,
            lines: Mutex::default(),
        };
        tokio::spawn(async move {
            while let Some(command) = rx.recv().await {
                match command {
                    Command::Publish(event) => hub.publish(event),
                    Command::Subscribe(line) => {
                        hub.lines.lock().unwrap().push(Arc::downgrade(&line))
                    }
                }
            }
        });
        BoardHandle {
            topic: watch::Sender::new(topic),
            commands,
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
        let _ = self.commands.send(Command::Publish(event));
    }
}

impl Hub {
    fn publish(&self, event: Event) {
        let capacity = self.capacity;
        self.lines.lock().unwrap().retain(|line| {
            let Some(line) = line.upgrade() else {
                return false;
            };
            let mut queue = line.queue.lock().unwrap();
            if queue.events < capacity {
                queue.events += 1;
                queue.seen.push_back(Seen::Event(event.clone()));
            } else if let Some(Seen::Missed(n)) = queue.seen.back_mut() {
                *n += 1;
            } else {
                queue.seen.push_back(Seen::Missed(1));
            }
            drop(queue);
            line.news.notify_one();
            true
        });
    }
}

impl BoardHandle {
    pub fn subscribe(&self) -> Events {
        let line = Arc::new(Line {
            queue: Mutex::default(),
            news: Notify::new(),
        });
        let _ = self.commands.send(Command::Subscribe(line.clone()));
        Events { line }
    }
}

impl Events {
    pub async fn next(&mut self) -> Option<Seen> {
        loop {
            {
                let mut queue = self.line.queue.lock().unwrap();
                if let Some(seen) = queue.seen.pop_front() {
                    if matches!(seen, Seen::Event(_)) {
                        queue.events -= 1;
                    }
                    return Some(seen);
                }
                if queue.closed {
                    return None;
                }
            }
            self.line.news.notified().await;
        }
    }
}

pub async fn show_topic(mut topic: watch::Receiver<Topic>, mut screen: Screen) {
    loop {
        let now = topic.borrow_and_update().clone();
        screen.draw(&now).await;
        if topic.changed().await.is_err() {
            return;
        }
    }
}
