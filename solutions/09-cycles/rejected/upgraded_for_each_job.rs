//! rejected: a_dropped_call_is_handled_like_any_other
//! says: A mailbox that is closed may still hold messages
//! thinks: "A WeakSender for the way back, upgraded into each job: the room lives as long as handles or jobs do. When it cannot be upgraded, the last handle has gone, and nobody is left to say anything."

use std::{sync::Arc, time::Duration};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot},
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
        permit: OwnedSemaphorePermit,
        reply: oneshot::Sender<u64>,
    },
    Unsaved {
        reply: oneshot::Sender<u64>,
    },
    Saved {
        number: u64,
    },
}

struct Job {
    number: u64,
    text: String,
    /// One of the permits that bound the jobs. A dead archive drops its jobs, and gives them back as well.
    _permit: OwnedSemaphorePermit,
    /// Keeps the room alive until this job is done.
    room: mpsc::Sender<Message>,
}

async fn room(
    mut mailbox: mpsc::Receiver<Message>,
    own: mpsc::WeakSender<Message>,
    // Unbounded: the archive waits for a slot in the room's mailbox, so the room must not wait for one in the archive's. Permits
    // bound it.
    archive: mpsc::UnboundedSender<Job>,
    saved: mpsc::UnboundedSender<u64>,
) {
    let (mut last, mut unsaved) = (0, 0);
    while let Some(message) = mailbox.recv().await {
        match message {
            Message::Say {
                text,
                permit,
                reply,
            } => {
                // None when the last handle is gone: then the caller is gone too.
                let Some(room) = own.upgrade() else { continue };
                if archive
                    .send(Job {
                        number: last + 1,
                        text,
                        _permit: permit,
                        room,
                    })
                    .is_err()
                {
                    break;
                }
                last += 1;
                unsaved += 1;
                let _ = reply.send(last);
            }
            Message::Unsaved { reply } => {
                let _ = reply.send(unsaved);
            }
            Message::Saved { number } => {
                unsaved -= 1;
                let _ = saved.send(number);
            }
        }
    }
    // Nobody who asks in this very moment waits for ever.
    mailbox.close();
    while mailbox.recv().await.is_some() {}
}

async fn archive(mut jobs: mpsc::UnboundedReceiver<Job>, mut store: Store) {
    while let Some(Job {
        number,
        text,
        _permit,
        room,
    }) = jobs.recv().await
    {
        store.save(number, &text).await;
        let _ = room.send(Message::Saved { number }).await;
    }
}

pub fn open(store: Store, saved: mpsc::UnboundedSender<u64>) -> RoomHandle {
    let (sender, mailbox) = mpsc::channel(8);
    let (to_archive, jobs) = mpsc::unbounded_channel();
    tokio::spawn(archive(jobs, store));
    tokio::spawn(room(mailbox, sender.downgrade(), to_archive, saved));
    RoomHandle {
        mailbox: sender,
        permits: Arc::new(Semaphore::new(16)),
    }
}

#[derive(Clone)]
pub struct RoomHandle {
    mailbox: mpsc::Sender<Message>,
    permits: Arc<Semaphore>,
}

impl RoomHandle {
    pub async fn say(&self, text: String) -> Result<u64, Closed> {
        let permit = self.permits.clone().acquire_owned().await;
        let permit = permit.map_err(|_| Closed)?;
        let (reply, answer) = oneshot::channel();
        let message = Message::Say {
            text,
            permit,
            reply,
        };
        let _ = self.mailbox.send(message).await;
        answer.await.map_err(|_| Closed)
    }

    pub async fn unsaved(&self) -> Result<u64, Closed> {
        let (reply, answer) = oneshot::channel();
        let _ = self.mailbox.send(Message::Unsaved { reply }).await;
        answer.await.map_err(|_| Closed)
    }
}
