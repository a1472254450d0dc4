//! rejected: the_room_knows_what_is_not_saved_yet
//! says: the room has to know the answer by itself
//! thinks: "The archive knows best what it has saved, so the room passes the question on."

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

enum Job {
    Save {
        number: u64,
        text: String,
    },
    /// Of so many that were accepted, how many are not saved?
    Unsaved {
        accepted: u64,
        reply: oneshot::Sender<u64>,
    },
}

async fn room(mut mailbox: mpsc::Receiver<Message>, archive: mpsc::Sender<Job>) {
    let mut last = 0;
    while let Some(message) = mailbox.recv().await {
        match message {
            Message::Say { text, reply } => {
                if archive
                    .send(Job::Save {
                        number: last + 1,
                        text,
                    })
                    .await
                    .is_err()
                {
                    return;
                }
                last += 1;
                let _ = reply.send(last);
            }
            Message::Unsaved { reply } => {
                let accepted = last;
                let _ = archive.send(Job::Unsaved { accepted, reply }).await;
            }
        }
    }
}

async fn archive(
    mut jobs: mpsc::Receiver<Job>,
    results: mpsc::UnboundedSender<u64>,
    mut store: Store,
) {
    let mut done = 0;
    while let Some(job) = jobs.recv().await {
        match job {
            Job::Save { number, text } => {
                store.save(number, &text).await;
                done = number;
                let _ = results.send(number);
            }
            Job::Unsaved { accepted, reply } => {
                let _ = reply.send(accepted - done);
            }
        }
    }
}

pub fn open(store: Store, saved: mpsc::UnboundedSender<u64>) -> RoomHandle {
    let (sender, mailbox) = mpsc::channel(8);
    let (to_archive, jobs) = mpsc::channel(8);
    tokio::spawn(archive(jobs, saved, store));
    tokio::spawn(room(mailbox, to_archive));
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
