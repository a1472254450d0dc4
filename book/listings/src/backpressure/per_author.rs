//! A translator that no single author can keep from all others: each has a few slots, and a slot comes back when its line is done.

use super::{Screen, translate};
use std::sync::Arc;

// ANCHOR: author
use tokio::sync::{
    OwnedSemaphorePermit, Semaphore,
    mpsc::{self, error::SendError},
};

#[derive(Debug)]
struct Line {
    text: String,
    /// Dropping it gives the slot back to its author.
    slot: OwnedSemaphorePermit,
}

/// The handle of one author. Its clones share its slots.
#[derive(Clone)]
pub struct AuthorHandle {
    sender: mpsc::Sender<Line>,
    slots: Arc<Semaphore>,
}

impl AuthorHandle {
    /// Waits for a slot of the author's own, then for one that all share.
    pub async fn tell(&self, text: String) -> Result<(), SendError<String>> {
        let slot = self.slots.clone().acquire_owned().await;
        let slot = slot.expect("nobody closes this semaphore");
        let sent = self.sender.send(Line { text, slot }).await;
        sent.map_err(|SendError(line)| SendError(line.text))
    }
}
// ANCHOR_END: author

struct Translator {
    mailbox: mpsc::Receiver<Line>,
    screen: Screen,
}

// ANCHOR: run
impl Translator {
    async fn run(mut self) {
        while let Some(Line { text, slot }) = self.mailbox.recv().await {
            let translation = translate(&text).await;
            self.screen.show(translation, self.mailbox.len());
            drop(slot);
        }
    }
}
// ANCHOR_END: run

/// A translator with a handle for each of `authors`.
pub fn open(capacity: usize, authors: usize, slots: usize, screen: Screen) -> Vec<AuthorHandle> {
    let (sender, mailbox) = mpsc::channel(capacity);
    tokio::spawn(Translator { mailbox, screen }.run());
    let author = |_| AuthorHandle {
        sender: sender.clone(),
        slots: Arc::new(Semaphore::new(slots)),
    };
    (0..authors).map(author).collect()
}

#[cfg(test)]
mod tests {
    use super::super::WORK;
    use super::*;
    use harness::{check, settle};
    use tokio::time::{Instant, sleep};

    /// How long a quiet author waits for one line to be translated, while another one tells as fast as it may.
    async fn quiet_author_waits(slots: usize) -> std::time::Duration {
        let screen = Screen::default();
        let [noisy, quiet] = open(8, 2, slots, screen.clone())
            .try_into()
            .unwrap_or_else(|_| unreachable!("there are two"));
        for _ in 0..50 {
            let noisy = noisy.clone();
            tokio::spawn(async move { noisy.tell("noise".to_owned()).await });
        }
        settle().await;
        let start = Instant::now();
        quiet.tell("quiet".to_owned()).await.unwrap();
        drop((noisy, quiet));
        sleep(100 * WORK).await;
        let shown = screen.shown();
        assert_eq!(shown.len(), 51);
        let quiet = shown.iter().find(|shown| shown.text == "QUIET").unwrap();
        quiet.at - start
    }

    /// Page: "A bound for each caller": the error of a tell is the only news that the translator is gone.
    #[test]
    fn a_translator_that_is_gone_is_an_error_with_the_line() {
        check(|| async {
            let (sender, mailbox) = mpsc::channel(1);
            drop(mailbox);
            let slots = Arc::new(Semaphore::new(1));
            let author = AuthorHandle { sender, slots };
            let told = author.tell("lost".to_owned()).await;
            assert!(matches!(told, Err(SendError(line)) if line == "lost"));
            assert_eq!(author.slots.available_permits(), 1);
        });
    }

    /// Page: "A bound for each caller".
    #[test]
    fn a_quiet_author_does_not_wait_behind_all_of_a_noisy_one() {
        check(|| async {
            // Two lines of the noisy author are under way, and then comes the quiet one.
            assert_eq!(quiet_author_waits(2).await, 3 * WORK);
            // Without a bound of its own, all fifty are before it: one at work, eight in the mailbox, the others in line at it.
            assert_eq!(quiet_author_waits(50).await, 51 * WORK);
        });
    }
}
