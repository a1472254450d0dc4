//! rejected: numbers_follow_the_order_of_the_questions
//! says: the number was there before any task could run
//! thinks: "A watch channel holds the count: each handle can change it in place, and the task keeps watch over it."

use std::sync::Arc;
use tokio::sync::watch;

/// Waits until all handles are gone.
async fn run(mut count: watch::Receiver<u64>) {
    while count.changed().await.is_ok() {}
}

#[derive(Clone)]
pub struct SequencerHandle {
    count: Arc<watch::Sender<u64>>,
}

impl SequencerHandle {
    pub fn new() -> Self {
        let (sender, count) = watch::channel(0);
        tokio::spawn(run(count));
        Self {
            count: Arc::new(sender),
        }
    }

    pub async fn next_number(&self) -> u64 {
        let mut number = 0;
        self.count.send_modify(|count| {
            *count += 1;
            number = *count;
        });
        number
    }
}
