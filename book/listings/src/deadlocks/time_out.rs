//! Chapter 10: the players and their world once more, with a time-out around the question.

use std::time::Duration;
use tokio::{
    sync::{mpsc, oneshot},
    time::timeout,
};

#[derive(Debug)]
enum ToPlayer {
    Walk {
        to: u32,
        reply: oneshot::Sender<bool>,
    },
    Place {
        reply: oneshot::Sender<u32>,
    },
}

struct Player {
    mailbox: mpsc::UnboundedReceiver<ToPlayer>,
    world: WorldHandle,
    place: u32,
}

impl Player {
    async fn run(mut self) {
        while let Some(message) = self.mailbox.recv().await {
            match message {
                ToPlayer::Walk { to, reply } => {
                    let free = self.world.is_free(to).await;
                    if free {
                        self.place = to;
                    }
                    let _ = reply.send(free);
                }
                ToPlayer::Place { reply } => {
                    let _ = reply.send(self.place);
                }
            }
        }
    }
}

#[derive(Debug)]
struct IsFree {
    place: u32,
    reply: oneshot::Sender<bool>,
}

struct World {
    mailbox: mpsc::UnboundedReceiver<IsFree>,
    /// Weak, so that the world does not keep the players alive (chapter 9).
    players: Vec<mpsc::WeakUnboundedSender<ToPlayer>>,
}

impl World {
    async fn run(mut self) {
        while let Some(IsFree { place, reply }) = self.mailbox.recv().await {
            let mut free = true;
            for player in &self.players {
                if let Some(sender) = player.upgrade() {
                    free &= PlayerHandle { sender }.place().await != place;
                }
            }
            let _ = reply.send(free);
        }
    }
}

#[derive(Clone)]
struct WorldHandle {
    sender: mpsc::UnboundedSender<IsFree>,
}

// ANCHOR: is_free
impl WorldHandle {
    async fn is_free(&self, place: u32) -> bool {
        let (reply, answer) = oneshot::channel();
        let _ = self.sender.send(IsFree { place, reply });
        // No answer in time, or no world: then it is not free.
        let patience = Duration::from_secs(1);
        matches!(timeout(patience, answer).await, Ok(Ok(true)))
    }
}
// ANCHOR_END: is_free

#[derive(Clone)]
pub struct PlayerHandle {
    sender: mpsc::UnboundedSender<ToPlayer>,
}

/// Opens a world with a player at each of these places.
pub fn open(places: &[u32]) -> Vec<PlayerHandle> {
    let (sender, questions) = mpsc::unbounded_channel();
    let world = WorldHandle { sender };
    let mut handles = Vec::new();
    for &place in places {
        let (sender, mailbox) = mpsc::unbounded_channel();
        let player = Player {
            mailbox,
            world: world.clone(),
            place,
        };
        tokio::spawn(player.run());
        handles.push(PlayerHandle { sender });
    }
    let world = World {
        mailbox: questions,
        players: handles.iter().map(|h| h.sender.downgrade()).collect(),
    };
    tokio::spawn(world.run());
    handles
}

impl PlayerHandle {
    /// Walks to a place if that is free, and says whether it was.
    pub async fn walk(&self, to: u32) -> bool {
        let (reply, answer) = oneshot::channel();
        let _ = self.sender.send(ToPlayer::Walk { to, reply });
        answer.await.expect("the player has ended")
    }

    pub async fn place(&self) -> u32 {
        let (reply, answer) = oneshot::channel();
        let _ = self.sender.send(ToPlayer::Place { reply });
        answer.await.expect("the player has ended")
    }
}
