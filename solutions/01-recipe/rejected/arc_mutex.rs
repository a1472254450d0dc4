//! rejected: one_task_owns_the_count
//! says: no async task is running: this is not an actor
//! thinks: "Shared state goes into an Arc<Mutex<..>>: that is how I have always done it."

use std::sync::Arc;
use tokio::sync::Mutex;

#[derive(Clone)]
pub struct SequencerHandle {
    last: Arc<Mutex<u64>>,
}

impl SequencerHandle {
    pub fn new() -> Self {
        Self {
            last: Arc::new(Mutex::new(0)),
        }
    }

    pub async fn next_number(&self) -> u64 {
        let mut last = self.last.lock().await;
        *last += 1;
        *last
    }
}
