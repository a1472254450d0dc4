//! The same, without a JoinSet: each query is a task, which sends its result into the game's own mailbox.

use super::{Database, owner::Ended};
use std::collections::HashMap;
use tokio::sync::{mpsc, oneshot};

type Reply = oneshot::Sender<Option<u32>>;

#[derive(Debug)]
enum Message {
    Reward {
        name: String,
        reply: Reply,
    },
    /// From the game to itself.
    Rewarded {
        name: String,
        points: u32,
        reply: Reply,
    },
    Leave {
        name: String,
    },
    Count {
        reply: oneshot::Sender<usize>,
    },
}

// ANCHOR: game
struct Game {
    mailbox: mpsc::Receiver<Message>,
    players: HashMap<String, u32>,
    database: Database,
    /// The way back into its own mailbox. It does not keep the game running.
    game: mpsc::WeakSender<Message>,
}
// ANCHOR_END: game

impl Game {
    async fn run(mut self) {
        while let Some(message) = self.mailbox.recv().await {
            self.handle(message);
        }
    }

    fn handle(&mut self, message: Message) {
        match message {
            Message::Reward { name, reply } => {
                tokio::spawn(query(self.database.clone(), self.game.clone(), name, reply));
            }
            Message::Rewarded {
                name,
                points,
                reply,
            } => self.rewarded(&name, points, reply),
            Message::Leave { name } => drop(self.players.remove(&name)),
            Message::Count { reply } => {
                let _ = reply.send(self.players.len());
            }
        }
    }

    fn rewarded(&mut self, name: &str, points: u32, reply: Reply) {
        // A second has passed: is the player still there?
        let player = self.players.get_mut(name);
        let _ = reply.send(player.map(|all| {
            *all += points;
            *all
        }));
    }
}

// ANCHOR: query
async fn query(database: Database, game: mpsc::WeakSender<Message>, name: String, reply: Reply) {
    let points = database.points(&name).await;
    // A caller that waits for the reply has a handle. If nobody has one, nobody needs to know.
    if let Some(game) = game.upgrade() {
        let rewarded = Message::Rewarded {
            name,
            points,
            reply,
        };
        let _ = game.send(rewarded).await;
    }
}
// ANCHOR_END: query

#[derive(Debug, Clone)]
pub struct GameHandle {
    game: mpsc::Sender<Message>,
}

impl GameHandle {
    /// Two are playing.
    pub fn new(database: Database) -> Self {
        let (game, mailbox) = mpsc::channel(8);
        let owner = Game {
            mailbox,
            players: ["ann", "bob"].map(|name| (name.to_owned(), 100)).into(),
            database,
            game: game.downgrade(),
        };
        tokio::spawn(owner.run());
        Self { game }
    }

    /// How many points the player has now; `None` when there is no such player, any more.
    pub async fn reward(&self, name: &str) -> Result<Option<u32>, Ended> {
        let (reply, answer) = oneshot::channel();
        let name = name.to_owned();
        let _ = self.game.send(Message::Reward { name, reply }).await;
        answer.await.map_err(|_| Ended)
    }

    pub async fn leave(&self, name: &str) -> Result<(), Ended> {
        let name = name.to_owned();
        let sent = self.game.send(Message::Leave { name }).await;
        sent.map_err(|_| Ended)
    }

    pub async fn count(&self) -> Result<usize, Ended> {
        let (reply, answer) = oneshot::channel();
        let _ = self.game.send(Message::Count { reply }).await;
        answer.await.map_err(|_| Ended)
    }
}

/// Two are rewarded, and somebody asks how many there are.
pub async fn two_rewards_and_one_asks() {
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
    let _ = game.reward("ann").await;
}

async fn bob(game: GameHandle) {
    let _ = game.reward("bob").await;
}

#[cfg(test)]
mod tests {
    use super::*;
    use harness::{check, settle};
    use tokio::{join, time::Instant};

    /// Page: "A message to itself": two queries take a second, and who asks is answered at once.
    #[test]
    fn queries_go_on_side_by_side() {
        check(|| async {
            let game = GameHandle::new(Database::default());
            let start = Instant::now();
            let (ann, bob, count) = join!(game.reward("ann"), game.reward("bob"), async {
                settle().await;
                let count = game.count().await;
                assert_eq!(start.elapsed().as_secs(), 0);
                count
            });
            assert_eq!((ann, bob, count), (Ok(Some(103)), Ok(Some(103)), Ok(2)));
            assert_eq!(start.elapsed().as_secs(), 1);
        });
    }

    /// Page: "A message to itself": the state may be another one when the result comes.
    #[test]
    fn a_player_who_left_meanwhile_is_not_rewarded() {
        check(|| async {
            let game = GameHandle::new(Database::default());
            let (reward, left) = join!(game.reward("ann"), async {
                settle().await;
                game.leave("ann").await
            });
            assert_eq!((reward, left), (Ok(None), Ok(())));
        });
    }
}
