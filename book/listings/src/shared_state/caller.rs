//! The game whose owner never waits: the caller asks the database, between a reservation and its confirmation.

use super::{Database, SEATS, owner::Ended};
use std::collections::HashMap;
use tokio::sync::{mpsc, oneshot};

// ANCHOR: messages
#[derive(Debug)]
enum Message {
    /// Takes a seat, if there is one.
    Reserve {
        reply: oneshot::Sender<Option<Seat>>,
    },
    /// The points are known: makes a player of the one who has the seat.
    Confirm {
        seat: Seat,
        points: u32,
        reply: oneshot::Sender<Player>,
    },
    Count {
        reply: oneshot::Sender<usize>,
    },
}
// ANCHOR_END: messages

// ANCHOR: seat
/// One of the seats is taken as long as this exists.
#[derive(Debug)]
struct Seat {
    number: u64,
    /// Unbounded: its `send` never waits. There are never more in it than seats.
    leave: mpsc::UnboundedSender<u64>,
}

impl Drop for Seat {
    fn drop(&mut self) {
        // The game may have ended.
        let _ = self.leave.send(self.number);
    }
}

/// Somebody who plays, until this is dropped.
#[derive(Debug)]
pub struct Player {
    pub points: u32,
    _seat: Seat,
}
// ANCHOR_END: seat

struct Game {
    mailbox: mpsc::Receiver<Message>,
    /// Whose seats have been dropped.
    left: mpsc::UnboundedReceiver<u64>,
    /// For the seats that it gives out.
    leave: mpsc::UnboundedSender<u64>,
    /// By their seats, how many points the players have. `None`: the database is being asked.
    taken: HashMap<u64, Option<u32>>,
    /// The number of the next seat that is given out.
    next: u64,
}

impl Game {
    // ANCHOR: run
    async fn run(mut self) {
        while let Some(message) = self.mailbox.recv().await {
            while let Ok(number) = self.left.try_recv() {
                self.taken.remove(&number);
            }
            match message {
                Message::Reserve { reply } => {
                    let _ = reply.send(self.reserve());
                }
                Message::Confirm {
                    seat,
                    points,
                    reply,
                } => {
                    self.taken.insert(seat.number, Some(points));
                    let _ = reply.send(Player {
                        points,
                        _seat: seat,
                    });
                }
                Message::Count { reply } => {
                    let _ = reply.send(self.taken.values().flatten().count());
                }
            }
        }
    }
    // ANCHOR_END: run

    fn reserve(&mut self) -> Option<Seat> {
        if self.taken.len() >= SEATS {
            return None;
        }
        self.next += 1;
        self.taken.insert(self.next, None);
        Some(Seat {
            number: self.next,
            leave: self.leave.clone(),
        })
    }
}

#[derive(Debug, Clone)]
pub struct GameHandle {
    game: mpsc::Sender<Message>,
    database: Database,
}

impl GameHandle {
    pub fn new(database: Database) -> Self {
        let (game, mailbox) = mpsc::channel(8);
        let (leave, left) = mpsc::unbounded_channel();
        let owner = Game {
            mailbox,
            left,
            leave,
            taken: HashMap::new(),
            next: 0,
        };
        tokio::spawn(owner.run());
        Self { game, database }
    }

    // ANCHOR: join
    /// `None`: there is no seat.
    pub async fn join(&self, name: &str) -> Result<Option<Player>, Ended> {
        let (reply, answer) = oneshot::channel();
        let _ = self.game.send(Message::Reserve { reply }).await;
        let Some(seat) = answer.await.map_err(|_| Ended)? else {
            return Ok(None);
        };
        // In the caller's own time.
        let points = self.database.points(name).await;
        let (reply, answer) = oneshot::channel();
        let confirm = Message::Confirm {
            seat,
            points,
            reply,
        };
        let _ = self.game.send(confirm).await;
        answer.await.map(Some).map_err(|_| Ended)
    }
    // ANCHOR_END: join

    pub async fn count(&self) -> Result<usize, Ended> {
        let (reply, answer) = oneshot::channel();
        let _ = self.game.send(Message::Count { reply }).await;
        answer.await.map_err(|_| Ended)
    }
}

/// The same callers as in [`super::owner::two_join_and_one_asks`].
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
    use harness::{check, settle, start_and_drop};
    use std::{future::poll_fn, task::Poll};
    use tokio::{
        runtime::Builder,
        select,
        task::JoinSet,
        time::{Instant, sleep},
    };

    async fn a_hundred(game: &GameHandle) -> Vec<Player> {
        let mut joining = JoinSet::new();
        for number in 0..100 {
            let game = game.clone();
            joining.spawn(async move { game.join(&number.to_string()).await });
        }
        let joined = joining.join_all().await.into_iter();
        joined.filter_map(|joined| joined.ok().flatten()).collect()
    }

    /// Page: "Reserve, work, confirm": ten get a seat, in a second, and who asks is answered at once.
    #[test]
    fn ten_of_a_hundred_in_one_second() {
        check(|| async {
            let game = GameHandle::new(Database::default());
            let start = Instant::now();
            let joining = tokio::spawn({
                let game = game.clone();
                async move { a_hundred(&game).await }
            });
            settle().await;
            assert_eq!(game.count().await, Ok(0));
            assert_eq!(start.elapsed().as_secs(), 0);
            let players = joining.await.unwrap();
            assert_eq!((players.len(), start.elapsed().as_secs()), (SEATS, 1));
            assert_eq!(game.count().await, Ok(SEATS));
        });
    }

    /// The same on many threads.
    #[test]
    fn ten_of_a_hundred_on_many_threads() {
        let runtime = Builder::new_multi_thread()
            .worker_threads(4)
            .enable_time()
            .build()
            .unwrap();
        runtime.block_on(async {
            let game = GameHandle::new(Database::without_delay());
            for _ in 0..50 {
                let players = a_hundred(&game).await;
                assert_eq!(players.len(), SEATS);
                assert_eq!(game.count().await, Ok(SEATS));
                drop(players);
                // What left before this message was sent is seen before it is handled, on any number of threads.
                assert_eq!(game.count().await, Ok(0));
            }
        });
    }

    /// Page: "What a caller leaves behind": nothing, before its turn, at the database, and after it.
    #[test]
    fn a_caller_that_gives_up_leaves_no_seat_behind() {
        check(|| async {
            let game = GameHandle::new(Database::default());
            start_and_drop(100, || game.join("ann")).await;
            for polls in 1..6 {
                let mut call = Box::pin(game.join("ann"));
                for _ in 0..polls {
                    let polled = poll_fn(|cx| Poll::Ready(call.as_mut().poll(cx))).await;
                    sleep(super::super::QUERY).await;
                    if polled.is_ready() {
                        break;
                    }
                }
                drop(call);
                settle().await;
                assert_eq!(game.count().await, Ok(0), "after {polls} polls");
            }
            assert_eq!(a_hundred(&game).await.len(), SEATS);
        });
    }

    /// Page: "What a caller leaves behind": a branch that comes first is polled first, and no more. Here somebody leaves, and somebody joins, between
    /// the polls of the two branches, as other threads can.
    #[test]
    fn biased_is_not_in_one_moment() {
        check(|| async {
            let (leave, mut left) = mpsc::unbounded_channel();
            let (join, mut mailbox) = mpsc::unbounded_channel();
            let first = select! {
                biased;
                Some(()) = left.recv() => "somebody left",
                () = poll_fn(|_| {
                    leave.send(()).unwrap();
                    join.send(()).unwrap();
                    Poll::Pending
                }) => unreachable!(),
                Some(()) = mailbox.recv() => "somebody joined",
            };
            assert_eq!(first, "somebody joined");
            // What was sent before is there: so look once more.
            assert!(left.try_recv().is_ok());
        });
    }
}
