//! The game as an actor, which asks the database by itself: nobody gets a seat that is not there, and everybody waits.

use super::{Database, SEATS};
use std::collections::HashMap;
use tokio::sync::{mpsc, oneshot};

// ANCHOR: owner
#[derive(Debug)]
enum Message {
    Join {
        name: String,
        reply: oneshot::Sender<bool>,
    },
    Count {
        reply: oneshot::Sender<usize>,
    },
}

struct Game {
    mailbox: mpsc::Receiver<Message>,
    /// By their names, how many points each player has. Nobody else can reach it.
    players: HashMap<String, u32>,
    database: Database,
}
// ANCHOR_END: owner

impl Game {
    // ANCHOR: run
    async fn run(mut self) {
        while let Some(message) = self.mailbox.recv().await {
            match message {
                Message::Join { name, reply } => {
                    let _ = reply.send(self.join(name).await);
                }
                Message::Count { reply } => {
                    let _ = reply.send(self.players.len());
                }
            }
        }
    }

    async fn join(&mut self, name: String) -> bool {
        if self.players.len() >= SEATS {
            return false;
        }
        let points = self.database.points(&name).await;
        self.players.insert(name, points);
        true
    }
    // ANCHOR_END: run
}

// ANCHOR: handle
#[derive(Debug, Clone)]
pub struct GameHandle {
    game: mpsc::Sender<Message>,
}

/// The game has ended: its runtime has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ended;

impl GameHandle {
    pub fn new(database: Database) -> Self {
        let (game, mailbox) = mpsc::channel(8);
        let owner = Game {
            mailbox,
            players: HashMap::new(),
            database,
        };
        tokio::spawn(owner.run());
        Self { game }
    }

    pub async fn count(&self) -> Result<usize, Ended> {
        let (reply, answer) = oneshot::channel();
        // If nobody takes the message, it is dropped, with the reply in it: the answer's error is enough.
        let _ = self.game.send(Message::Count { reply }).await;
        answer.await.map_err(|_| Ended)
    }
    // ANCHOR_END: handle

    pub async fn join(&self, name: &str) -> Result<bool, Ended> {
        let (reply, answer) = oneshot::channel();
        let name = name.to_owned();
        let _ = self.game.send(Message::Join { name, reply }).await;
        answer.await.map_err(|_| Ended)
    }
}

/// Two players come, and somebody asks how many there are.
pub async fn two_join_and_one_asks() {
    let game = GameHandle::new(Database::default());
    let (ann, bob) = (
        tokio::spawn(ann(game.clone())),
        tokio::spawn(bob(game.clone())),
    );
    tokio::task::yield_now().await;
    let _ = game.count().await;
    drop(game);
    let _ = ann.await;
    let _ = bob.await;
}

async fn ann(game: GameHandle) {
    let _ = game.join("ann").await;
}

async fn bob(game: GameHandle) {
    let _ = game.join("bob").await;
}

#[cfg(test)]
mod tests {
    use super::*;
    use harness::{check, on_a_runtime_that_ends};
    use tokio::{runtime::Builder, task::JoinSet, time::Instant};

    async fn a_hundred(game: &GameHandle) -> usize {
        let mut joining = JoinSet::new();
        for number in 0..100 {
            let game = game.clone();
            joining.spawn(async move { game.join(&number.to_string()).await });
        }
        let joined = joining.join_all().await;
        joined.iter().filter(|joined| **joined == Ok(true)).count()
    }

    /// Page: "An owner": it is one message, so nobody comes in between.
    #[test]
    fn ten_of_a_hundred_get_a_seat() {
        check(|| async {
            let game = GameHandle::new(Database::default());
            assert_eq!(a_hundred(&game).await, SEATS);
            assert_eq!(game.count().await, Ok(SEATS));
        });
    }

    /// The same on many threads: what owns the state is alone with it, however many there are.
    #[test]
    fn ten_of_a_hundred_get_a_seat_on_many_threads() {
        let runtime = Builder::new_multi_thread()
            .worker_threads(4)
            .enable_time()
            .build()
            .unwrap();
        runtime.block_on(async {
            let game = GameHandle::new(Database::without_delay());
            assert_eq!(a_hundred(&game).await, SEATS);
        });
    }

    /// Page: "An owner that waits": whoever asks anything waits for the database, once for each who came before.
    #[test]
    fn everybody_waits_for_the_database() {
        check(|| async {
            let game = GameHandle::new(Database::default());
            let start = Instant::now();
            let mut joining = JoinSet::new();
            for number in 0..3 {
                let game = game.clone();
                joining.spawn(async move { game.join(&number.to_string()).await });
            }
            tokio::task::yield_now().await;
            assert_eq!(game.count().await, Ok(3));
            assert_eq!(start.elapsed().as_secs(), 3);
            joining.join_all().await;
        });
    }

    /// Page: "A reply of its own": the game's runtime has ended, and the handle says so.
    #[test]
    fn an_ended_game_is_an_error() {
        check(|| async {
            let game = on_a_runtime_that_ends(|| async { GameHandle::new(Database::default()) });
            assert_eq!(game.count().await, Err(Ended));
            assert_eq!(game.join("ann").await, Err(Ended));
        });
    }
}
