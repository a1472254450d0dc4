//! What a room writes its log to. It keeps the lines, so that tests can read them.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

/// A log that takes a second for every line.
#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    pub async fn write(&self, line: String) {
        tokio::time::sleep(Duration::from_secs(1)).await;
        self.0.lock().expect("nobody panicked").push(line);
    }

    pub fn lines(&self) -> Vec<String> {
        self.0.lock().expect("nobody panicked").clone()
    }
}
