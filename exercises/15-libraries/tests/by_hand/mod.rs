//! The room by the recipe: chapter 5's, behind this exercise's traits. All tests of step 1 to 3 run with it, too: what they ask for is
//! what a hand-written actor does.

use libraries::{Member, Moderator, Refused, Room, Rooms, Screen, Status};
use tokio::sync::{mpsc, oneshot};

const MAILBOX: usize = 8;

/// Rooms by hand.
pub struct ByHand;

enum Message {
    Post {
        text: String,
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

struct Actor {
    /// The handles of both kinds hold the other end.
    mailbox: mpsc::Receiver<Message>,
    room: Room,
}

impl Actor {
    async fn run(mut self) {
        while let Some(message) = self.mailbox.recv().await {
            match message {
                Message::Post { text, reply } => {
                    let _ = reply.send(self.room.post(text));
                }
                Message::SlowMode(per_minute) => self.room.slow_mode(per_minute),
                Message::Status { reply } => {
                    let _ = reply.send(self.room.status());
                }
                Message::Close { reply } => {
                    self.mailbox.close();
                    let _ = reply.send(self.room.status());
                    // What came behind it is taken out, and its reply dropped: its caller hears of it.
                    while self.mailbox.recv().await.is_some() {}
                }
            }
        }
    }
}

/// For everybody who posts.
#[derive(Clone)]
pub struct MemberHandle {
    sender: mpsc::Sender<Message>,
}

/// For the one who looks after the room.
pub struct ModeratorHandle {
    /// The same channel as the members', so what both send keeps its order.
    sender: mpsc::Sender<Message>,
}

impl Rooms for ByHand {
    type Member = MemberHandle;
    type Moderator = ModeratorHandle;

    async fn open(screen: Screen) -> (MemberHandle, ModeratorHandle) {
        let (sender, mailbox) = mpsc::channel(MAILBOX);
        let room = Room::new(screen);
        tokio::spawn(Actor { mailbox, room }.run());
        let moderator = ModeratorHandle { sender };
        (moderator.member(), moderator)
    }
}

impl Member for MemberHandle {
    async fn post(&self, text: String) -> Result<u64, Refused> {
        let (reply, answer) = oneshot::channel();
        let sent = self.sender.send(Message::Post { text, reply }).await;
        sent.map_err(|_| Refused::Closed)?;
        answer.await.unwrap_or(Err(Refused::Lost))
    }
}

impl Moderator for ModeratorHandle {
    type Member = MemberHandle;

    fn member(&self) -> MemberHandle {
        let sender = self.sender.clone();
        MemberHandle { sender }
    }

    async fn status(&self) -> Status {
        let (reply, answer) = oneshot::channel();
        let _ = self.sender.send(Message::Status { reply }).await;
        answer.await.expect("the room's actor is gone")
    }

    async fn slow_mode(&self, per_minute: u32) {
        let sent = self.sender.send(Message::SlowMode(per_minute)).await;
        sent.expect("the room's actor is gone");
    }

    async fn close(self) -> Status {
        let (reply, answer) = oneshot::channel();
        let _ = self.sender.send(Message::Close { reply }).await;
        answer.await.expect("the room's actor is gone")
    }
}
