//! rejected: both_end_with_the_last_handle
//! says: 2 tasks live on
//! says: is there a circle?
//! thinks: "After the loop I wait for the results that are still to come."

use std::time::Duration;
use tokio::{
    sync::{mpsc, oneshot},
    time::sleep,
};

#[derive(Debug)]
pub struct Store {
    breaks_at: Option<u64>,
    /// Sees what is saved. The tests hold the other end.
    disk: Option<mpsc::UnboundedSender<(u64, String)>>,
}

impl Store {
    /// A store that works.
    pub fn new() -> Self {
        Self {
            breaks_at: None,
            disk: None,
        }
    }

    /// A store that panics when it should save this message.
    pub fn that_breaks_at(number: u64) -> Self {
        Self {
            breaks_at: Some(number),
            disk: None,
        }
    }

    /// Sends what is saved to `disk`, too: the message's number and its text.
    pub fn on(self, disk: mpsc::UnboundedSender<(u64, String)>) -> Self {
        Self {
            disk: Some(disk),
            ..self
        }
    }

    async fn save(&mut self, number: u64, text: &str) {
        sleep(Duration::from_secs(1)).await;
        assert!(self.breaks_at != Some(number), "the disk is full");
        if let Some(disk) = &self.disk {
            let _ = disk.send((number, text.to_owned()));
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closed;

enum Message {
    Say {
        text: String,
        reply: oneshot::Sender<u64>,
    },
    Unsaved {
        reply: oneshot::Sender<u64>,
    },
}

struct Job {
    number: u64,
    text: String,
}

async fn room(
    mut mailbox: mpsc::Receiver<Message>,
    archive: mpsc::Sender<Job>,
    mut results: mpsc::UnboundedReceiver<u64>,
    saved: mpsc::UnboundedSender<u64>,
) {
    let (mut last, mut unsaved) = (0, 0);
    loop {
        tokio::select! {
            message = mailbox.recv() => match message {
                Some(Message::Say { text, reply }) => {
                    last += 1;
                    if archive.send(Job { number: last, text }).await.is_err() {
                        break;
                    }
                    unsaved += 1;
                    let _ = reply.send(last);
                }
                Some(Message::Unsaved { reply }) => {
                    let _ = reply.send(unsaved);
                }
                None => break,
            },
            Some(number) = results.recv() => {
                unsaved -= 1;
                let _ = saved.send(number);
            }
        }
    }
    while let Some(number) = results.recv().await {
        let _ = saved.send(number);
    }
}

async fn archive(
    mut jobs: mpsc::Receiver<Job>,
    results: mpsc::UnboundedSender<u64>,
    mut store: Store,
) {
    while let Some(Job { number, text }) = jobs.recv().await {
        store.save(number, &text).await;
        if results.send(number).is_err() {
            break;
        }
    }
}

pub fn open(store: Store, saved: mpsc::UnboundedSender<u64>) -> RoomHandle {
    let (sender, mailbox) = mpsc::channel(8);
    let (to_archive, jobs) = mpsc::channel(8);
    let (done, results) = mpsc::unbounded_channel();
    tokio::spawn(archive(jobs, done, store));
    tokio::spawn(room(mailbox, to_archive, results, saved));
    RoomHandle { mailbox: sender }
}

#[derive(Clone)]
pub struct RoomHandle {
    mailbox: mpsc::Sender<Message>,
}

impl RoomHandle {
    pub async fn say(&self, text: String) -> Result<u64, Closed> {
        let (reply, answer) = oneshot::channel();
        let _ = self.mailbox.send(Message::Say { text, reply }).await;
        answer.await.map_err(|_| Closed)
    }

    pub async fn unsaved(&self) -> Result<u64, Closed> {
        let (reply, answer) = oneshot::channel();
        let _ = self.mailbox.send(Message::Unsaved { reply }).await;
        answer.await.map_err(|_| Closed)
    }
}
