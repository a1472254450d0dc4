//! A handle that never waits, since it has others wait: a task for each line.

use super::{Screen, TranslatorHandle};
use tokio::sync::mpsc;

#[derive(Clone)]
pub struct SpawningHandle {
    sender: mpsc::Sender<String>,
}

impl SpawningHandle {
    pub fn new(capacity: usize, screen: Screen) -> Self {
        let TranslatorHandle { sender } = TranslatorHandle::new(capacity, screen);
        Self { sender }
    }
}

// ANCHOR: spawned
impl SpawningHandle {
    /// Never waits. And the mailbox is bounded, is it not?
    pub fn tell(&self, line: String) {
        tokio::spawn(courier(self.sender.clone(), line));
    }
}

async fn courier(sender: mpsc::Sender<String>, line: String) {
    let _ = sender.send(line).await;
}
// ANCHOR_END: spawned

#[cfg(test)]
mod tests {
    use super::super::WORK;
    use super::*;
    use harness::{alive_tasks, check};
    use tokio::time::sleep;

    /// Page: "Spawning is no way out": what does not fit into the mailbox waits in tasks, and nothing bounds them.
    #[test]
    fn a_task_for_each_line_is_a_queue_without_a_bound() {
        check(|| async {
            let translator = SpawningHandle::new(8, Screen::default());
            for number in 0..500 {
                translator.tell(number.to_string());
            }
            // The translator itself, with one line; eight lines in its mailbox; all others wait in a task each.
            assert_eq!(alive_tasks().await, 1 + 500 - 1 - 8);
        });
    }

    /// Page: "Spawning is no way out": the line that was told first may come second.
    #[test]
    fn a_line_sent_directly_overtakes() {
        check(|| async {
            let screen = Screen::default();
            let translator = SpawningHandle::new(8, screen.clone());
            translator.tell("first".to_owned());
            translator.sender.send("second".to_owned()).await.unwrap();
            sleep(5 * WORK).await;
            assert_eq!(screen.texts(), ["SECOND", "FIRST"]);
        });
    }

    /// Page: "Spawning is no way out": when the translator is gone, the task ends as if nothing were wrong.
    #[test]
    fn nobody_hears_that_a_line_was_not_sent() {
        check(|| async {
            let (sender, mailbox) = mpsc::channel(1);
            drop(mailbox);
            let translator = SpawningHandle { sender };
            translator.tell("lost".to_owned());
            assert_eq!(alive_tasks().await, 0);
        });
    }
}
