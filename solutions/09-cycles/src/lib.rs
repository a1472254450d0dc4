//! A solution of exercise 09: a room and its archive know each other, and still come to an end.

use std::time::Duration;
use tokio::{
    sync::{mpsc, oneshot},
    time::sleep,
};

/// How much may wait for the room, and how much for the archive.
const MAILBOX: usize = 8;

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

/// The callers hold the other ends of the replies. Dropped without an answer, a reply says that the room is closed.
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
    /// The handles hold the other end. When the last of them is dropped, nobody can say anything any more.
    mailbox: mpsc::Receiver<Message>,
    /// Keeps the archive alive: dropping it lets the archive finish its work and end.
    archive: mpsc::Sender<Job>,
    /// The way back, a channel of its own: the archive's Sender keeps this one open, and not the room's mailbox.
    results: mpsc::UnboundedReceiver<u64>,
    /// The one who opened the room holds the other end, or has dropped it because nobody wants to know.
    saved: mpsc::UnboundedSender<u64>,
    last: u64,
    /// Up when the archive has taken a message, down when it says that the message is saved.
    unsaved: u64,
}

impl Room {
    async fn run(mut self) {
        loop {
            tokio::select! {
                // Results first: so no more than a few of them ever wait, however many callers there are.
                biased;
                Some(number) = self.results.recv() => self.report(number),
                message = self.mailbox.recv() => match message {
                    Some(message) => {
                        if self.handle(message).await.is_err() {
                            break;
                        }
                    }
                    None => break,
                },
            }
        }
        // The archive ends when it has done what it has. Until then it brings results, and they are part of what `say` promised.
        drop(self.archive);
        while let Some(number) = self.results.recv().await {
            let _ = self.saved.send(number);
        }
        // When the archive has died, there are handles still: a message that comes in this very moment must be received, or its
        // caller would wait for ever. (Dropping a mailbox alone does not see to that.)
        self.mailbox.close();
        while self.mailbox.recv().await.is_some() {}
    }

    async fn handle(&mut self, message: Message) -> Result<(), Closed> {
        match message {
            Message::Say { text, reply } => {
                let number = self.last + 1;
                // An error says that the archive is gone: then `reply` is dropped, and the caller learns of it.
                self.archive
                    .send(Job { number, text })
                    .await
                    .map_err(|_| Closed)?;
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

    fn report(&mut self, number: u64) {
        self.unsaved -= 1;
        let _ = self.saved.send(number);
    }
}

struct Archive {
    /// The room holds the other end.
    jobs: mpsc::Receiver<Job>,
    /// The room holds the other end. Unbounded, so that the archive never waits for the room while the room waits for it; it
    /// holds the numbers that the room has not come to yet.
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

/// Reaches the room. Room and archive live as long as any clone of it does.
#[derive(Clone)]
pub struct RoomHandle {
    /// The room holds the other end, until it ends.
    mailbox: mpsc::Sender<Message>,
}

/// Opens a room whose archive saves to `store`, and reports on `saved` the number of each message as soon as it is saved.
///
/// When the last handle is dropped, what was accepted is saved and reported; then room and archive end. To be called inside a
/// Tokio runtime.
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
    /// Says something in the room, and returns the number of the message: 1, 2, 3 … It is saved later. As long as only a few wait to
    /// be saved (four, say), this takes no time. When there are many (two thousand, say), it waits, however long that takes. The
    /// caller that has waited longest has the next turn.
    ///
    /// # Errors
    /// The room or its archive has ended, or the runtime that they ran on. The message is not saved.
    ///
    /// # Cancel safety
    /// A call that is dropped takes nothing back: when the room has its message, the message is saved like every other one. When the
    /// call still waits for its turn, nothing is left of it, and no number is used up.
    pub async fn say(&self, text: String) -> Result<u64, Closed> {
        let (reply, answer) = oneshot::channel();
        let _ = self.mailbox.send(Message::Say { text, reply }).await;
        answer.await.map_err(|_| Closed)
    }

    /// How many messages are accepted and not saved yet.
    ///
    /// The answer comes at once, also while the archive saves. (It comes later only when the room itself has to wait for a
    /// slot in the archive's mailbox, as that of [`say`](Self::say) does.)
    ///
    /// # Errors
    /// The room has ended, or the runtime that it ran on; or a `say` has found that the archive has ended.
    ///
    /// # Cancel safety
    /// Dropping it does no harm.
    pub async fn unsaved(&self) -> Result<u64, Closed> {
        let (reply, answer) = oneshot::channel();
        let _ = self.mailbox.send(Message::Unsaved { reply }).await;
        answer.await.map_err(|_| Closed)
    }
}
