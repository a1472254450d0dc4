//! rejected: the_mailbox_is_bounded in some schedules
//! says: without a bound
//! thinks: "Members should not wait for a busy room: a small task takes what is in the mailbox and puts it into a queue, which the actor reads."



use std::time::Duration;
use tokio::{
    sync::{mpsc, oneshot},
    time::Instant,
};

const MAILBOX: usize = 8;
const MINUTE: Duration = Duration::from_secs(60);

/// Why a post is not in the room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// Slow mode: this minute has as many posts as it may have.
    TooFast,
    /// The room has been closed, or its actor is gone.
    Closed,
}

/// How a room is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// Posts that were accepted since the room was opened.
    pub posts: u64,
    /// Posts that were refused as too fast since the room was opened.
    pub refused: u64,
    /// The text of the last post that was accepted.
    pub last: Option<String>,
    /// How many posts a minute may have; `None` as long as nobody has set a slow mode.
    pub per_minute: Option<u32>,
}

/// Private, so that nobody can send what no handle has a method for.
enum Message {
    Post {
        text: String,
        /// The caller holds the other end, or has dropped it because it no longer waits.
        reply: oneshot::Sender<Result<u64, Refused>>,
    },
    SlowMode(u32),
    Status {
        reply: oneshot::Sender<Status>,
    },
    Close {
        reply: oneshot::Sender<Status>,
    },
}

/// A limit, and how much of it this minute has used up.
struct SlowMode {
    per_minute: u32,
    /// When the moderator set it: minutes are counted from here.
    since: Instant,
    minute: u64,
    posts: u32,
}

impl SlowMode {
    fn new(per_minute: u32) -> Self {
        Self {
            per_minute,
            since: Instant::now(),
            minute: 0,
            posts: 0,
        }
    }

    /// Whether one more post is allowed now. No timer is needed: the clock is read when somebody posts.
    fn allows(&mut self) -> bool {
        let minute = self.since.elapsed().as_secs() / MINUTE.as_secs();
        if minute != self.minute {
            (self.minute, self.posts) = (minute, 0);
        }
        let allowed = self.posts < self.per_minute;
        self.posts += u32::from(allowed);
        allowed
    }
}

struct Room {
    /// The handles of both kinds hold the other end. When the last of them is dropped, `recv` gives None and the actor ends.
    mailbox: mpsc::UnboundedReceiver<Message>,
    posts: u64,
    refused: u64,
    last: Option<String>,
    slow_mode: Option<SlowMode>,
}

impl Room {
    async fn run(mut self) {
        while let Some(message) = self.mailbox.recv().await {
            match message {
                Message::Post { text, reply } => {
                    let _ = reply.send(self.post(text));
                }
                Message::SlowMode(per_minute) => self.slow_mode = Some(SlowMode::new(per_minute)),
                Message::Status { reply } => {
                    let _ = reply.send(self.status());
                }
                Message::Close { reply } => {
                    self.mailbox.close();
                    let _ = reply.send(self.status());
                    // What came behind it is taken out, and its reply dropped: its caller hears that the room is closed. To return here
                    // instead would leave a gap, in which a message can stay in the channel and its caller wait for ever.
                    while self.mailbox.recv().await.is_some() {}
                }
            }
        }
    }

    fn post(&mut self, text: String) -> Result<u64, Refused> {
        if self.slow_mode.as_mut().is_some_and(|slow| !slow.allows()) {
            self.refused += 1;
            return Err(Refused::TooFast);
        }
        self.posts += 1;
        self.last = Some(text);
        Ok(self.posts)
    }

    fn status(&self) -> Status {
        Status {
            posts: self.posts,
            refused: self.refused,
            last: self.last.clone(),
            per_minute: self.slow_mode.as_ref().map(|slow| slow.per_minute),
        }
    }
}

/// For everybody who posts. Every clone reaches the same room.
#[derive(Clone)]
pub struct MemberHandle {
    /// The same channel as the moderator's. Each Sender keeps the actor alive, until the room is closed.
    sender: mpsc::Sender<Message>,
}

/// For the one who looks after the room. There is no second one: it is not Clone.
pub struct ModeratorHandle {
    /// The same channel as the members', so what both send keeps its order.
    sender: mpsc::Sender<Message>,
}

/// Opens a room. All tasks of the room are started here.
///
/// To be called inside a Tokio runtime.
pub fn open() -> (MemberHandle, ModeratorHandle) {
    let (sender, mut front) = mpsc::channel(MAILBOX);
    let (queue, mailbox) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        loop {
            tokio::select! {
                message = front.recv() => match message {
                    Some(message) => {
                        let _ = queue.send(message);
                    }
                    None => break,
                },
                // The room is closed: whoever still has a message in the mailbox hears of it.
                () = queue.closed() => {
                    front.close();
                    while front.recv().await.is_some() {}
                    break;
                }
            }
        }
    });
    let room = Room {
        mailbox,
        posts: 0,
        refused: 0,
        last: None,
        slow_mode: None,
    };
    tokio::spawn(room.run());
    let moderator = ModeratorHandle { sender };
    (moderator.member(), moderator)
}

impl MemberHandle {
    /// Posts a text. Its number in the room.
    ///
    /// A call that is dropped after its message was sent has posted; one that still waits for a slot in the mailbox has not.
    ///
    /// # Errors
    /// Slow mode does not allow it now, or the room is closed. A post that is refused gets no number.
    pub async fn post(&self, text: String) -> Result<u64, Refused> {
        let (reply, answer) = oneshot::channel();
        let _ = self.sender.send(Message::Post { text, reply }).await;
        answer.await.unwrap_or(Err(Refused::Closed))
    }
}

impl ModeratorHandle {
    /// How the room is.
    ///
    /// # Panics
    /// When the actor is gone: it has panicked, or its runtime has ended.
    pub async fn status(&self) -> Status {
        let (reply, answer) = oneshot::channel();
        let _ = self.sender.send(Message::Status { reply }).await;
        answer.await.expect("the room's actor is gone")
    }

    /// One more member of this room.
    pub fn member(&self) -> MemberHandle {
        MemberHandle {
            sender: self.sender.clone(),
        }
    }

    /// From now on at most `per_minute` posts are accepted in a minute. 0: none. A new minute begins, and it has no posts yet.
    ///
    /// Posts that are sent after this has returned are held to it.
    ///
    /// # Panics
    /// When the actor is gone: it has panicked, or its runtime has ended.
    pub async fn slow_mode(&self, per_minute: u32) {
        let sent = self.sender.send(Message::SlowMode(per_minute)).await;
        sent.expect("the room's actor is gone");
    }

    /// Closes the room, and returns how it was in the end. What was sent before this is handled first; every post behind it is refused.
    ///
    /// A call that is dropped before its message was sent closes nothing, and the handle is gone all the same: the members then go on without
    /// a moderator.
    ///
    /// # Panics
    /// When the actor is gone: it has panicked, or its runtime has ended.
    pub async fn close(self) -> Status {
        let (reply, answer) = oneshot::channel();
        let _ = self.sender.send(Message::Close { reply }).await;
        answer.await.expect("the room's actor is gone")
    }
}
