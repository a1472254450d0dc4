//! The actor that keeps what is known about every exercise. Checks report to it; pages and the terminal watch it.
//! Nothing is stored: progress is what the tests say.

use crate::{check::status::Status, error::Closed};
use std::collections::HashMap;
use tokio::sync::{mpsc, oneshot, watch};

/// Reports come a few a second and are taken at once: a small mailbox is enough.
const MAILBOX: usize = 16;

enum Message {
    /// A check found out something.
    Report(Box<Status>),
    /// Somebody wants to watch an exercise from now on.
    Watch {
        name: String,
        /// The watcher waits at the other end. It is answered `None` for an exercise that there is not.
        reply: oneshot::Sender<Option<watch::Receiver<Status>>>,
    },
}

struct Progress {
    /// Every handle holds the other end. When the last one is dropped, nobody can report or ask any more: the actor
    /// ends.
    receiver: mpsc::Receiver<Message>,
    /// One for each exercise. The receivers are with the open pages and the terminal. The latest status wins: a page
    /// that is slow or joins late misses nothing that still matters. When the actor ends these are dropped, and who
    /// watches ends.
    statuses: HashMap<String, watch::Sender<Status>>,
}

impl Progress {
    async fn run(mut self) {
        while let Some(message) = self.receiver.recv().await {
            self.handle_message(message);
        }
    }

    fn handle_message(&self, message: Message) {
        match message {
            Message::Report(status) => {
                if let Some(sender) = self.statuses.get(&status.name) {
                    // `send_replace`: unlike `send` it also keeps the value while nobody watches.
                    sender.send_replace(*status);
                }
            }
            Message::Watch { name, reply } => {
                let receiver = self.statuses.get(&name).map(watch::Sender::subscribe);
                // The page may have been closed meanwhile: not our loss.
                let _ = reply.send(receiver);
            }
        }
    }
}

/// Tells and asks the progress actor. The actor lives as long as one of these does.
#[derive(Clone, Debug)]
pub struct ProgressHandle {
    /// The actor holds the other end.
    sender: mpsc::Sender<Message>,
}

impl ProgressHandle {
    /// Starts the actor. `statuses` are the exercises that there are, each as it stands now.
    ///
    /// # Panics
    /// Outside of a Tokio runtime.
    pub fn new(statuses: Vec<Status>) -> Self {
        let (sender, receiver) = mpsc::channel(MAILBOX);
        let actor = Progress {
            receiver,
            statuses: (statuses.into_iter())
                .map(|status| (status.name.clone(), watch::Sender::new(status)))
                .collect(),
        };
        tokio::spawn(actor.run());
        Self { sender }
    }

    /// Takes over what a check found. A status of an unknown exercise is dropped.
    ///
    /// # Errors
    /// The actor has ended.
    pub async fn report(&self, status: Status) -> Result<(), Closed> {
        self.sender
            .send(Message::Report(Box::new(status)))
            .await
            .map_err(|_| Closed)
    }

    /// Watches one exercise. `None`: there is no such exercise, or the actor has ended.
    pub async fn watch(&self, name: &str) -> Option<watch::Receiver<Status>> {
        let (reply, answer) = oneshot::channel();
        let name = name.to_owned();
        // If this fails, the message and `reply` in it are dropped, and so the answer fails too.
        let _ = self.sender.send(Message::Watch { name, reply }).await;
        answer.await.ok().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::status::Phase;

    #[tokio::test]
    async fn a_late_watcher_gets_the_latest_status_and_then_each_change() {
        let progress = ProgressHandle::new(vec![Status::waiting("recipe", &[])]);
        let mut status = Status::waiting("recipe", &[]);
        status.phase = Phase::Building;
        progress.report(status.clone()).await.unwrap();

        let mut page = progress.watch("recipe").await.unwrap();
        assert_eq!(page.borrow().phase, Phase::Building);

        status.phase = Phase::Done;
        progress.report(status).await.unwrap();
        page.changed().await.unwrap();
        assert_eq!(page.borrow().phase, Phase::Done);
    }

    #[tokio::test]
    async fn an_unknown_exercise_cannot_be_watched() {
        let progress = ProgressHandle::new(vec![Status::waiting("recipe", &[])]);
        progress
            .report(Status::waiting("unknown", &[]))
            .await
            .unwrap();
        assert!(progress.watch("unknown").await.is_none());
    }

    #[tokio::test]
    async fn who_watches_hears_the_end_when_the_last_handle_is_dropped() {
        let progress = ProgressHandle::new(vec![Status::waiting("recipe", &[])]);
        let mut page = progress.watch("recipe").await.unwrap();
        drop(progress);
        assert!(page.changed().await.is_err());
    }
}
