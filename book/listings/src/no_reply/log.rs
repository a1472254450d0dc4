//! A log whose writer is slower than those who tell it: without a bound, and with one.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};
use tokio::{
    sync::mpsc::{self, error::TrySendError},
    time::sleep,
};

/// Writes a line. The disk needs a tenth of a second for each.
async fn write(_line: &str) {
    sleep(Duration::from_millis(100)).await;
}

// ANCHOR: unbounded
/// "It is only a log": this one never makes anybody wait.
pub struct UnboundedLog(mpsc::UnboundedSender<String>);

impl UnboundedLog {
    pub fn open() -> Self {
        let (sender, mut mailbox) = mpsc::unbounded_channel::<String>();
        tokio::spawn(async move {
            while let Some(line) = mailbox.recv().await {
                write(&line).await;
            }
        });
        Self(sender)
    }

    pub fn line(&self, line: String) {
        let _ = self.0.send(line);
    }
}
// ANCHOR_END: unbounded

// ANCHOR: bounded
/// Never makes anybody wait either, and says how many lines are missing.
#[derive(Clone)]
pub struct Log {
    sender: mpsc::Sender<String>,
    missing: Arc<AtomicUsize>,
}

impl Log {
    pub fn line(&self, line: String) {
        if let Err(TrySendError::Full(_)) = self.sender.try_send(line) {
            self.missing.fetch_add(1, Relaxed);
        }
    }
}
// ANCHOR_END: bounded

impl Log {
    pub fn open(capacity: usize) -> Self {
        let (sender, mailbox) = mpsc::channel(capacity);
        let missing = Arc::default();
        let writer = Writer {
            mailbox,
            missing: Arc::clone(&missing),
        };
        tokio::spawn(writer.run());
        Self { sender, missing }
    }
}

struct Writer {
    mailbox: mpsc::Receiver<String>,
    missing: Arc<AtomicUsize>,
}

impl Writer {
    async fn run(mut self) {
        while let Some(line) = self.mailbox.recv().await {
            let missing = self.missing.swap(0, Relaxed);
            if missing > 0 {
                write(&format!("({missing} lines are missing)")).await;
            }
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
            assert_eq!(log.missing.load(Relaxed), 12);
            sleep(Duration::from_secs(60)).await;
            assert_eq!(log.missing.load(Relaxed), 0);
        });
    }
}
