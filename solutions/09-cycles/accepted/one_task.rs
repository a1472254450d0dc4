//! accepted: one task does both: it holds the save that is under way and its mailbox in one `select!`, so there is nobody to tell and no circle. What waits is a bounded queue of its own.

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
    Say(String, oneshot::Sender<u64>),
    Unsaved(oneshot::Sender<u64>),
}
#[derive(Clone)]
pub struct RoomHandle {
    sender: mpsc::Sender<Message>,
}
async fn run(
    mut store: Store,
    saved: mpsc::UnboundedSender<u64>,
    mut mailbox: mpsc::Receiver<Message>,
) {
    let (mut last, mut done) = (0u64, 0u64);
    let mut queue: std::collections::VecDeque<(u64, String)> = Default::default();
    let mut open = true;
    while open || !queue.is_empty() {
        let job = queue.pop_front();
        let number = job.as_ref().map(|j| j.0);
        let saving = async {
            match &job {
                Some((n, t)) => store.save(*n, t).await,
                None => std::future::pending().await,
            }
        };
        tokio::pin!(saving);
        loop {
            tokio::select! {
                biased;
                () = &mut saving => { done = number.unwrap_or(done); let _ = saved.send(done); break }
                m = mailbox.recv(), if open && queue.len() < 6 => match m {
                    None => { open = false; if number.is_none() { break } }
                    Some(Message::Say(text, reply)) => { last += 1; queue.push_back((last, text)); let _ = reply.send(last); if number.is_none() { break } }
                    Some(Message::Unsaved(reply)) => { let _ = reply.send(last - done); }
                }
            }
        }
    }
}
pub fn open(store: Store, saved: mpsc::UnboundedSender<u64>) -> RoomHandle {
    let (sender, mailbox) = mpsc::channel(5);
    tokio::spawn(run(store, saved, mailbox));
    RoomHandle { sender }
}
impl RoomHandle {
    pub async fn say(&self, text: String) -> Result<u64, Closed> {
        let (reply, answer) = oneshot::channel();
        self.sender
            .send(Message::Say(text, reply))
            .await
            .map_err(|_| Closed)?;
        answer.await.map_err(|_| Closed)
    }
    pub async fn unsaved(&self) -> Result<u64, Closed> {
        let (reply, answer) = oneshot::channel();
        self.sender
            .send(Message::Unsaved(reply))
            .await
            .map_err(|_| Closed)?;
        answer.await.map_err(|_| Closed)
    }
}
