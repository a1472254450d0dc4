//! The trouble that the chapter begins with: who changes a topic does not learn what it replaces.

use super::log::Log;

// ANCHOR: shared
use std::sync::{Arc, Mutex};

#[derive(Clone)]
pub struct SharedRoom {
    topic: Arc<Mutex<String>>,
}

impl SharedRoom {
    pub fn new(topic: &str) -> Self {
        Self {
            topic: Arc::new(Mutex::new(topic.to_owned())),
        }
    }

    pub fn topic(&self) -> String {
        self.topic.lock().expect("nobody panicked").clone()
    }

    pub fn set_topic(&self, topic: String) {
        *self.topic.lock().expect("nobody panicked") = topic;
    }
}
// ANCHOR_END: shared

// ANCHOR: rename
/// Changes the topic and writes into the room's log what it was before.
pub async fn rename(room: &SharedRoom, log: &Log, topic: String) {
    let old = room.topic();
    log.write(format!("{old} is now {topic}")).await;
    room.set_topic(topic);
}
// ANCHOR_END: rename
