//! rejected: a_caller_that_gives_up_does_no_harm
//! says: a turn that nobody takes goes to the next caller
//! thinks: "A line is a queue of oneshots: whoever gets a slot back sends the first of them its turn, and passes over those that have gone."

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{
    sync::{mpsc, oneshot},
    time::sleep,
};

/// How many messages may wait to be saved.
const SLOTS: usize = 16;

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
    sender: mpsc::UnboundedSender<Message>,
    slots: Arc<Slots>,
}

enum Message {
    Say {
        text: String,
        permit: Slot,
        reply: oneshot::Sender<u64>,
    },
    Unsaved {
        reply: oneshot::Sender<u64>,
    },
}

struct Job {
    number: u64,
    text: String,
    permit: Slot,
}

struct Room {
    mailbox: mpsc::UnboundedReceiver<Message>,
    archive: mpsc::UnboundedSender<Job>,
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
                        if self.handle(message).is_err() {
                            break;
                        }
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

    fn handle(&mut self, message: Message) -> Result<(), Closed> {
        match message {
            Message::Say {
                text,
                permit,
                reply,
            } => {
                let number = self.last + 1;
                self.archive
                    .send(Job {
                        number,
                        text,
                        permit,
                    })
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
}

struct Archive {
    mailbox: mpsc::UnboundedReceiver<Job>,
    results: mpsc::UnboundedSender<u64>,
    store: Store,
}

impl Archive {
    async fn run(mut self) {
        while let Some(Job {
            number,
            text,
            permit,
        }) = self.mailbox.recv().await
        {
            self.store.save(number, &text).await;
            drop(permit);
            if self.results.send(number).is_err() {
                break;
            }
        }
    }
}

pub fn open(store: Store, saved: mpsc::UnboundedSender<u64>) -> RoomHandle {
    let (sender, mailbox) = mpsc::unbounded_channel();
    let (archive, jobs) = mpsc::unbounded_channel();
    let (done, results) = mpsc::unbounded_channel();
    let slots = Arc::new(Slots(Mutex::new((SLOTS, VecDeque::new()))));
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
    RoomHandle { sender, slots }
}

impl RoomHandle {
    pub async fn say(&self, text: String) -> Result<u64, Closed> {
        let permit = Slots::acquire(&self.slots).await?;
        let (reply, answer) = oneshot::channel();
        let message = Message::Say {
            text,
            permit,
            reply,
        };
        self.sender.send(message).map_err(|_| Closed)?;
        answer.await.map_err(|_| Closed)
    }

    pub async fn unsaved(&self) -> Result<u64, Closed> {
        let (reply, answer) = oneshot::channel();
        let message = Message::Unsaved { reply };
        self.sender.send(message).map_err(|_| Closed)?;
        answer.await.map_err(|_| Closed)
    }
}
struct Slots(Mutex<(usize, VecDeque<oneshot::Sender<()>>)>);
struct Slot(Arc<Slots>);
impl Slots {
    async fn acquire(this: &Arc<Self>) -> Result<Slot, Closed> {
        let ticket = {
            let mut line = this.0.lock().unwrap();
            if line.0 > 0 {
                line.0 -= 1;
                return Ok(Slot(this.clone()));
            }
            let (turn, ticket) = oneshot::channel();
            line.1.push_back(turn);
            ticket
        };
        ticket.await.map_err(|_| Closed)?;
        Ok(Slot(this.clone()))
    }
}
impl Drop for Slot {
    fn drop(&mut self) {
        let mut line = self.0.0.lock().unwrap();
        while let Some(turn) = line.1.pop_front() {
            if turn.send(()).is_ok() {
                return;
            }
        }
        line.0 += 1;
    }
}
