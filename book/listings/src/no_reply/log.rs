//! A log whose writer is slower than those who tell it: without a bound, and with one.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};
use tokio::{sync::mpsc, time::sleep};

/// Writes a line. The disk needs a tenth of a second for each.
async fn write(_line: &str) {
    sleep(Duration::from_millis(100)).await;
}

// ANCHOR: unbounded
/// "It is only a log": this one never makes anybody wait.
pub struct UnboundedLog(mpsc::UnboundedSender<String>);

impl UnboundedLog {
    pub fn open() -> Self {
        let (sender, mailbox) = mpsc::unbounded_channel();
        tokio::spawn(writer(mailbox));
        Self(sender)
    }

    pub fn line(&self, line: String) {
        let _ = self.0.send(line);
    }
}

async fn writer(mut mailbox: mpsc::UnboundedReceiver<String>) {
    while let Some(line) = mailbox.recv().await {
        write(&line).await;
    }
}
// ANCHOR_END: unbounded

// ANCHOR: bounded
/// Never makes anybody wait either, and counts the lines that are missing.
#[derive(Clone)]
pub struct Log {
    sender: mpsc::Sender<String>,
    missing: Arc<AtomicUsize>,
}

impl Log {
    pub fn line(&self, line: String) {
        if self.sender.try_send(line).is_err() {
            self.missing.fetch_add(1, Relaxed);
        }
    }
}
// ANCHOR_END: bounded

impl Log {
    pub fn open(capacity: usize) -> Self {
        let (sender, mailbox) = mpsc::channel(capacity);
        tokio::spawn(bounded::writer(mailbox));
        let missing = Arc::default();
        Self { sender, missing }
    }

    pub fn missing(&self) -> usize {
        self.missing.load(Relaxed)
    }
}

mod bounded {
    use super::*;

    pub async fn writer(mut mailbox: mpsc::Receiver<String>) {
        while let Some(line) = mailbox.recv().await {
            write(&line).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::abandoned::abandoned;

    /// Page: "When the mailbox is full": 20 lines a second come, 10 are written.
    #[test]
    fn a_log_without_a_bound_grows_by_ten_lines_a_second() {
        abandoned(async {
            let (sender, mut mailbox) = mpsc::unbounded_channel::<String>();
            let depth = Arc::new(AtomicUsize::new(0));
            let seen = Arc::clone(&depth);
            tokio::spawn(async move {
                while let Some(line) = mailbox.recv().await {
                    seen.store(mailbox.len(), Relaxed);
                    write(&line).await;
                }
            });
            let log = UnboundedLog(sender);
            let mut after_ten_minutes = 0;
            for line in 0..20 * 600 {
                log.line(line.to_string());
                sleep(Duration::from_millis(50)).await;
                after_ten_minutes = depth.load(Relaxed);
            }
            assert!(
                (5_990..=6_010).contains(&after_ten_minutes),
                "{after_ten_minutes}"
            );
        });
    }

    /// Page: "When the mailbox is full": the bounded one does not, and knows what is missing.
    #[test]
    fn a_bounded_log_counts_what_it_cannot_take() {
        abandoned(async {
            let log = Log::open(8);
            tokio::task::yield_now().await;
            for line in 0..20 {
                log.line(line.to_string());
            }
            assert_eq!(log.missing(), 12);
        });
    }
}
