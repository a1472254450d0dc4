//! rejected: callers_stand_in_line
//! says: callers stand in line
//! thinks: "Who shouts has something urgent to say: of all that is in the mailbox, it goes first."

use std::time::Duration;
use tokio::{
    sync::{mpsc, oneshot},
    time::sleep,
};

/// Where messages are saved. Saving takes a second.
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

/// The room has ended: nothing can be said any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closed;

#[derive(Clone)]
pub struct RoomHandle {
    sender: mpsc::Sender<Message>,
}

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
                biased;
                Some(number) = self.results.recv() => self.report(number),
                message = self.mailbox.recv() => match message {
                    Some(message) => {
                        let mut all = vec![message];
                        while let Ok(message) = self.mailbox.try_recv() { all.push(message); }
                        all.sort_by_key(|m| matches!(m, Message::Say { text, .. } if !text.contains('!')));
                        let mut dead = false;
                        for message in all {
                            if self.handle(message).await.is_err() { dead = true; break; }
                        }
                        if dead { break; }
                    }
                    None => break,
                },
            }
        }
        drop(self.archive);
        while let Some(number) = self.results.recv().await {
            let _ = self.saved.send(number);
        }
        self.mailbox.close();
        while self.mailbox.recv().await.is_some() {}
    }

    fn report(&mut self, number: u64) {
        self.unsaved -= 1;
        let _ = self.saved.send(number);
    }

    async fn handle(&mut self, message: Message) -> Result<(), Closed> {
        match message {
            Message::Say { text, reply } => {
                let number = self.last + 1;
                let job = Job { number, text };
                self.archive.send(job).await.map_err(|_| Closed)?;
                self.last = number;
                self.unsaved += 1;
                let _ = reply.send(number);
            }
            Message::Unsaved { reply } => {
                let _ = reply.send(self.unsaved);
            }
        }
        Ok(())
    }
}

struct Archive {
    mailbox: mpsc::Receiver<Job>,
    results: mpsc::UnboundedSender<u64>,
    store: Store,
}

impl Archive {
    async fn run(mut self) {
        while let Some(Job { number, text }) = self.mailbox.recv().await {
            self.store.save(number, &text).await;
            if self.results.send(number).is_err() {
                break;
            }
        }
    }
}

pub fn open(store: Store, saved: mpsc::UnboundedSender<u64>) -> RoomHandle {
    let (sender, mailbox) = mpsc::channel(8);
    let (archive, jobs) = mpsc::channel(8);
    let (done, results) = mpsc::unbounded_channel();
    let room = Room {
        mailbox,
        archive,
        results,
        saved,
        last: 0,
        unsaved: 0,
    };
    tokio::spawn(room.run());
    let archive = Archive {
        mailbox: jobs,
        results: done,
        store,
    };
    tokio::spawn(archive.run());
    RoomHandle { sender }
}

impl RoomHandle {
    pub async fn say(&self, text: String) -> Result<u64, Closed> {
        let (reply, answer) = oneshot::channel();
        let message = Message::Say { text, reply };
        self.sender.send(message).await.map_err(|_| Closed)?;
        answer.await.map_err(|_| Closed)
    }

    pub async fn unsaved(&self) -> Result<u64, Closed> {
        let (reply, answer) = oneshot::channel();
        let message = Message::Unsaved { reply };
        self.sender.send(message).await.map_err(|_| Closed)?;
        answer.await.map_err(|_| Closed)
    }
}
