//! rejected: many_at_once_are_all_saved
//! says: was accepted, and is never reported
//! thinks: "At the end I wait for the archive, but not for ever: five seconds are enough for a clean end."

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
const MAILBOX: usize = 8;
const JOBS: usize = 8;
struct Job {
    number: u64,
    text: String,
}
enum Message {
    Say {
        text: String,
        reply: oneshot::Sender<Result<u64, Closed>>,
    },
    Unsaved {
        reply: oneshot::Sender<u64>,
    },
}
#[derive(Clone)]
pub struct RoomHandle {
    sender: mpsc::Sender<Message>,
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
    fn report(&mut self, number: u64) {
        self.unsaved -= 1;
        let _ = self.saved.send(number);
    }
    async fn handle(&mut self, message: Message) -> bool {
        match message {
            Message::Say { text, reply } => {
                let number = self.last + 1;
                if self.archive.send(Job { number, text }).await.is_err() {
                    let _ = reply.send(Err(Closed));
                    return false;
                }
                self.last = number;
                self.unsaved += 1;
                let _ = reply.send(Ok(number));
            }
            Message::Unsaved { reply } => {
                let _ = reply.send(self.unsaved);
            }
        }
        true
    }
    async fn run(mut self) {
        loop {
            tokio::select! {
                biased;
                Some(number) = self.results.recv() => self.report(number),
                message = self.mailbox.recv() => match message {
                    Some(message) => if !self.handle(message).await { break },
                    None => break,
                }
            }
        }
        self.mailbox.close();
        drop(self.archive);
        let end = tokio::time::Instant::now() + Duration::from_secs(5);
        while let Ok(Some(number)) = tokio::time::timeout_at(end, self.results.recv()).await {
            self.unsaved -= 1;
            let _ = self.saved.send(number);
        }
    }
}
async fn archive(
    mut store: Store,
    mut jobs: mpsc::Receiver<Job>,
    results: mpsc::UnboundedSender<u64>,
) {
    while let Some(job) = jobs.recv().await {
        store.save(job.number, &job.text).await;
        if results.send(job.number).is_err() {
            return;
        }
    }
}
pub fn open(store: Store, saved: mpsc::UnboundedSender<u64>) -> RoomHandle {
    let (sender, mailbox) = mpsc::channel(MAILBOX);
    let (jobs_in, jobs) = mpsc::channel(JOBS);
    let (results_in, results) = mpsc::unbounded_channel();
    tokio::spawn(archive(store, jobs, results_in));
    tokio::spawn(
        Room {
            mailbox,
            archive: jobs_in,
            results,
            saved,
            last: 0,
            unsaved: 0,
        }
        .run(),
    );
    RoomHandle { sender }
}
impl RoomHandle {
    pub async fn say(&self, text: String) -> Result<u64, Closed> {
        let (reply, answer) = oneshot::channel();
        self.sender
            .send(Message::Say { text, reply })
            .await
            .map_err(|_| Closed)?;
        answer.await.map_err(|_| Closed)?
    }
    pub async fn unsaved(&self) -> Result<u64, Closed> {
        let (reply, answer) = oneshot::channel();
        self.sender
            .send(Message::Unsaved { reply })
            .await
            .map_err(|_| Closed)?;
        answer.await.map_err(|_| Closed)
    }
}
