//! Chapter 10: the players and their world once more. The world knows the places itself, and asks nobody.

use tokio::sync::{mpsc, oneshot};

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
    mailbox: mpsc::Receiver<ToPlayer>,
    world: WorldHandle,
    number: usize,
}

impl Player {
    // ANCHOR: player
    async fn run(mut self) {
        while let Some(message) = self.mailbox.recv().await {
            match message {
                ToPlayer::Walk { to, reply } => {
                    let _ = reply.send(self.world.walk(self.number, to).await);
                }
                ToPlayer::Place { reply } => {
                    let _ = reply.send(self.world.place(self.number).await);
                }
            }
        }
    }
    // ANCHOR_END: player
}

#[derive(Debug)]
enum ToWorld {
    Walk {
        player: usize,
        to: u32,
        reply: oneshot::Sender<bool>,
    },
    Place {
        player: usize,
        reply: oneshot::Sender<u32>,
    },
}

// ANCHOR: world
struct World {
    mailbox: mpsc::Receiver<ToWorld>,
    /// Where each player is. This is the only place where that is known.
    places: Vec<u32>,
}

impl World {
    async fn run(mut self) {
        while let Some(message) = self.mailbox.recv().await {
            match message {
                ToWorld::Walk { player, to, reply } => {
                    let free = !self.places.contains(&to);
                    if free {
                        self.places[player] = to;
                    }
                    let _ = reply.send(free);
                }
                ToWorld::Place { player, reply } => {
                    let _ = reply.send(self.places[player]);
                }
            }
        }
    }
}
// ANCHOR_END: world

#[derive(Clone)]
struct WorldHandle {
    sender: mpsc::Sender<ToWorld>,
}

impl WorldHandle {
    async fn walk(&self, player: usize, to: u32) -> bool {
        let (reply, answer) = oneshot::channel();
        let _ = self.sender.send(ToWorld::Walk { player, to, reply }).await;
        answer.await.expect("the world has ended")
    }

    async fn place(&self, player: usize) -> u32 {
        let (reply, answer) = oneshot::channel();
        let _ = self.sender.send(ToWorld::Place { player, reply }).await;
        answer.await.expect("the world has ended")
    }
}

#[derive(Clone)]
pub struct PlayerHandle {
    sender: mpsc::Sender<ToPlayer>,
}

/// Opens a world with a player at each of these places. One message may wait for each actor.
pub fn open(places: &[u32]) -> Vec<PlayerHandle> {
    let (sender, mailbox) = mpsc::channel(1);
    let world = World {
        mailbox,
        places: places.to_vec(),
    };
    tokio::spawn(world.run());
    let world = WorldHandle { sender };
    let open_player = |number| {
        let (sender, mailbox) = mpsc::channel(1);
        let player = Player {
            mailbox,
            world: world.clone(),
            number,
        };
        tokio::spawn(player.run());
        PlayerHandle { sender }
    };
    (0..places.len()).map(open_player).collect()
}

impl PlayerHandle {
    /// Walks to a place if that is free, and says whether it was.
    pub async fn walk(&self, to: u32) -> bool {
        let (reply, answer) = oneshot::channel();
        let _ = self.sender.send(ToPlayer::Walk { to, reply }).await;
        answer.await.expect("the player has ended")
    }

    pub async fn place(&self) -> u32 {
        let (reply, answer) = oneshot::channel();
        let _ = self.sender.send(ToPlayer::Place { reply }).await;
        answer.await.expect("the player has ended")
    }
}
