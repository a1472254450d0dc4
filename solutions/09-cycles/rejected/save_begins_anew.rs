//! rejected: asking_does_not_delay_the_archive
//! says: what becomes of a save that is under way when somebody asks?
//! thinks: "The archive can listen while it saves: a `select!` over the question and `save`, in a loop."

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
    ask: mpsc::Sender<()>,
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
                let _ = self.ask.try_send(());
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
        while let Some(number) = self.results.recv().await {
            self.unsaved -= 1;
            let _ = self.saved.send(number);
        }
    }
}
async fn archive(
    mut store: Store,
    mut jobs: mpsc::Receiver<Job>,
    mut ask: mpsc::Receiver<()>,
    results: mpsc::UnboundedSender<u64>,
) {
    while let Some(job) = jobs.recv().await {
        loop {
            tokio::select! { _ = ask.recv() => {}, () = store.save(job.number, &job.text) => break }
        }
        if results.send(job.number).is_err() {
            return;
        }
    }
}
pub fn open(store: Store, saved: mpsc::UnboundedSender<u64>) -> RoomHandle {
    let (sender, mailbox) = mpsc::channel(MAILBOX);
    let (jobs_in, jobs) = mpsc::channel(JOBS);
    let (ask_in, ask) = mpsc::channel(1);
    let (results_in, results) = mpsc::unbounded_channel();
    tokio::spawn(archive(store, jobs, ask, results_in));
    tokio::spawn(
        Room {
            mailbox,
            archive: jobs_in,
            results,
            saved,
            last: 0,
            unsaved: 0,
            ask: ask_in,
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
