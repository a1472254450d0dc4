//! rejected: messages_are_numbered_then_saved
//! says: for four of them there is a free slot at once
//! thinks: "The smaller the mailbox, the sooner a caller learns that the archive is behind."

use std::time::Duration;
use tokio::sync::oneshot;
use tokio::{sync::mpsc, time::sleep};

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

#[derive(Clone)]
pub struct RoomHandle {
    sender: mpsc::Sender<Message>,
}

pub fn open(store: Store, saved: mpsc::UnboundedSender<u64>) -> RoomHandle {
    let (sender, mailbox) = mpsc::channel(8);
    let (archive, jobs) = mpsc::channel(2);
    let (results, news) = mpsc::unbounded_channel();
    tokio::spawn(
        Archive {
            store,
            jobs,
            results,
        }
        .run(),
    );
    tokio::spawn(
        Room {
            mailbox,
            archive,
            news,
            saved,
            last: 0,
            done: 0,
        }
        .run(),
    );
    RoomHandle { sender }
}

struct Archive {
    store: Store,
    jobs: mpsc::Receiver<Job>,
    results: mpsc::UnboundedSender<u64>,
}
impl Archive {
    async fn run(mut self) {
        while let Some(job) = self.jobs.recv().await {
            self.store.save(job.number, &job.text).await;
            if self.results.send(job.number).is_err() {
                return;
            }
        }
    }
}

struct Room {
    mailbox: mpsc::Receiver<Message>,
    archive: mpsc::Sender<Job>,
    news: mpsc::UnboundedReceiver<u64>,
    saved: mpsc::UnboundedSender<u64>,
    last: u64,
    done: u64,
}
impl Room {
    async fn run(mut self) {
        loop {
            tokio::select! {
                message = self.mailbox.recv() => match message {
                    None => break,
                    Some(Message::Say { text, reply }) => {
                        let job = Job { number: self.last + 1, text };
                        if self.archive.send(job).await.is_err() { break; }
                        self.last += 1;
                        let _ = reply.send(self.last);
                    }
                    Some(Message::Unsaved { reply }) => { let _ = reply.send(self.last - self.done); }
                },
                Some(number) = self.news.recv() => {
                    self.done += 1;
                    let _ = self.saved.send(number);
                }
            }
        }
        drop(self.archive);
        while let Some(number) = self.news.recv().await {
            let _ = self.saved.send(number);
        }
    }
}

impl RoomHandle {
    pub async fn say(&self, text: String) -> Result<u64, Closed> {
        let (reply, answer) = oneshot::channel();
        let _ = self.sender.send(Message::Say { text, reply }).await;
        answer.await.map_err(|_| Closed)
    }

    pub async fn unsaved(&self) -> Result<u64, Closed> {
        let (reply, answer) = oneshot::channel();
        let _ = self.sender.send(Message::Unsaved { reply }).await;
        answer.await.map_err(|_| Closed)
    }
}
