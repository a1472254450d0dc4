//! rejected: nothing_piles_up_while_nobody_looks
//! says: are still in memory
//! thinks: "What is too old is thrown away when the subscriber looks: then it is known what it has missed, and `publish` stays quick."



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
    hub: Arc<Hub>,
}

pub struct Events {
    line: Arc<Line>,
    capacity: usize,
}

impl Board {
    pub fn open(topic: Topic, capacity: usize) -> BoardHandle {
        BoardHandle {
            topic: watch::Sender::new(topic),
            hub: Arc::new(Hub {
                capacity,
                lines: Mutex::default(),
            }),
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
        self.hub.lines.lock().unwrap().retain(|line| {
            let Some(line) = line.upgrade() else {
                return false;
            };
            let mut queue = line.queue.lock().unwrap();
            queue.events += 1;
            queue.seen.push_back(Seen::Event(event.clone()));
            drop(queue);
            line.news.notify_one();
            true
        });
    }

    pub fn subscribe(&self) -> Events {
        let line = Arc::new(Line {
            queue: Mutex::default(),
            news: Notify::new(),
        });
        self.hub.lines.lock().unwrap().push(Arc::downgrade(&line));
        Events {
            line,
            capacity: self.hub.capacity,
        }
    }
}

impl Events {
    pub async fn next(&mut self) -> Option<Seen> {
        loop {
            {
                let mut queue = self.line.queue.lock().unwrap();
                if queue.events > self.capacity {
                    let missed = queue.events - self.capacity;
                    queue.seen.drain(..missed);
                    queue.events -= missed;
                    return Some(Seen::Missed(missed as u64));
                }
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
