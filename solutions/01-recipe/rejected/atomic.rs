//! rejected: one_task_owns_the_count
//! says: no async task is running: this is not an actor
//! thinks: "An atomic counts just as well, and needs no messages at all."

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

#[derive(Clone)]
pub struct SequencerHandle {
    last: Arc<AtomicU64>,
}

impl SequencerHandle {
    pub fn new() -> Self {
        Self {
            last: Arc::new(AtomicU64::new(0)),
        }
    }

    pub async fn next_number(&self) -> u64 {
        self.last.fetch_add(1, Ordering::Relaxed) + 1
    }
}
