//! accepted: the archive answers each job by a oneshot, and the room keeps the other ends in a queue. No way back at all, so no circle; the room waits for the first of the queue.

use std::{collections::VecDeque, future, time::Duration};
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
    done: oneshot::Sender<u64>,
}

async fn room(
    mut mailbox: mpsc::Receiver<Message>,
    archive: mpsc::Sender<Job>,
    saved: mpsc::UnboundedSender<u64>,
) {
    let mut last = 0;
    let mut waiting = VecDeque::new();
    loop {
        tokio::select! {
            message = mailbox.recv() => match message {
                Some(Message::Say { text, reply }) => {
                    let (done, is_done) = oneshot::channel();
                    if archive.send(Job { number: last + 1, text, done }).await.is_err() {
                        break;
                    }
                    last += 1;
                    waiting.push_back(is_done);
                    let _ = reply.send(last);
                }
                Some(Message::Unsaved { reply }) => {
                    let _ = reply.send(waiting.len() as u64);
                }
                None => break,
            },
            done = first(&mut waiting) => {
                waiting.pop_front();
                if let Ok(number) = done {
                    let _ = saved.send(number);
                }
            }
        }
    }
    for done in waiting {
        if let Ok(number) = done.await {
            let _ = saved.send(number);
        }
    }
    // Nobody who asks in this very moment waits for ever.
    mailbox.close();
    while mailbox.recv().await.is_some() {}
}

/// Waits for the first of them; for ever when there is none.
async fn first(
    waiting: &mut VecDeque<oneshot::Receiver<u64>>,
) -> Result<u64, oneshot::error::RecvError> {
    match waiting.front_mut() {
        Some(done) => done.await,
        None => future::pending().await,
    }
}

async fn archive(mut jobs: mpsc::Receiver<Job>, mut store: Store) {
    while let Some(Job { number, text, done }) = jobs.recv().await {
        store.save(number, &text).await;
        let _ = done.send(number);
    }
}

pub fn open(store: Store, saved: mpsc::UnboundedSender<u64>) -> RoomHandle {
    let (sender, mailbox) = mpsc::channel(8);
    let (to_archive, jobs) = mpsc::channel(8);
    tokio::spawn(archive(jobs, store));
    tokio::spawn(room(mailbox, to_archive, saved));
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
