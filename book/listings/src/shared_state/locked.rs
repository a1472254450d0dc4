//! The game as it is usually begun: maps behind locks, cloned into each connection's task, and passed down from function to function.

use super::{Database, SEATS};
use std::{collections::HashMap, sync::Arc};
use tokio::{
    sync::{Mutex, mpsc},
    time::Instant,
};

pub type Shared<T> = Arc<Mutex<T>>;

/// By their names, how many points each player has.
pub type Players = HashMap<String, u32>;

#[derive(Debug)]
pub enum Packet {
    Join,
    Leave,
    Says(String),
}

// ANCHOR: packet
/// What each connection's task does with what its player sends.
#[allow(clippy::too_many_arguments)] // one more for each thing that some handler needs
pub async fn handle_packet(
    packet: Packet,
    name: &str,
    players: &Shared<Players>,
    muted: &Shared<Vec<String>>,
    welcome: &Shared<String>,
    said: &Shared<u64>,
    database: &Database,
    to_player: &mpsc::UnboundedSender<String>,
    to_others: &Shared<HashMap<String, mpsc::UnboundedSender<String>>>,
    began: Instant,
) {
    match packet {
        Packet::Join => {
            if join(players, database, name).await {
                let text = format!("{}, after {:?}", welcome.lock().await, began.elapsed());
                let _ = to_player.send(text);
            }
        }
        Packet::Leave => drop(players.lock().await.remove(name)),
        Packet::Says(text) => says(name, &text, muted, said, to_others).await,
    }
}
// ANCHOR_END: packet

// ANCHOR: join
pub async fn join(players: &Shared<Players>, database: &Database, name: &str) -> bool {
    if players.lock().await.len() >= SEATS {
        return false;
    }
    let points = database.points(name).await;
    players.lock().await.insert(name.to_owned(), points);
    true
}
// ANCHOR_END: join

// ANCHOR: held
pub async fn join_under_one_lock(
    players: &Shared<Players>,
    database: &Database,
    name: &str,
) -> bool {
    let mut players = players.lock().await;
    let is_seat = players.len() < SEATS;
    if is_seat {
        // Everybody else waits here, too.
        let points = database.points(name).await;
        players.insert(name.to_owned(), points);
    }
    is_seat
}
// ANCHOR_END: held

async fn says(
    name: &str,
    text: &str,
    muted: &Shared<Vec<String>>,
    said: &Shared<u64>,
    to_others: &Shared<HashMap<String, mpsc::UnboundedSender<String>>>,
) {
    if muted.lock().await.iter().any(|other| other == name) {
        return;
    }
    *said.lock().await += 1;
    for to in to_others.lock().await.values() {
        let _ = to.send(format!("{name}: {text}"));
    }
}

/// Nine players are in the game, and two come.
pub async fn two_for_the_last_seat() -> usize {
    let nine = (1..SEATS).map(|number| (format!("player {number}"), 0));
    let players = Arc::new(Mutex::new(nine.collect()));
    let (ann, bob) = (
        tokio::spawn(ann(players.clone())),
        tokio::spawn(bob(players.clone())),
    );
    let _ = ann.await;
    let _ = bob.await;
    players.lock().await.len()
}

async fn ann(players: Shared<Players>) {
    join(&players, &Database::default(), "ann").await;
}

async fn bob(players: Shared<Players>) {
    join(&players, &Database::default(), "bob").await;
}

#[cfg(test)]
mod tests {
    use super::*;
    use harness::{check, settle};
    use tokio::{
        runtime::Builder,
        sync::Barrier,
        task::{JoinSet, coop::consume_budget},
    };

    /// Page: "The trouble first": two look while there is one seat, and both take it.
    #[test]
    fn eleven_players_on_ten_seats() {
        check(|| async {
            assert_eq!(two_for_the_last_seat().await, 11);
        });
    }

    /// Page: "The trouble first": between two locks somebody else comes, on many threads also when nothing is awaited between them that takes
    /// time. (The barrier stands for the moment in which both have looked.)
    #[test]
    fn on_many_threads_two_locks_are_enough() {
        let runtime = Builder::new_multi_thread()
            .worker_threads(2)
            .build()
            .unwrap();
        runtime.block_on(async {
            let players: Shared<Players> =
                Arc::new(Mutex::new((1..SEATS).map(|n| (n.to_string(), 0)).collect()));
            let both_have_looked = Arc::new(Barrier::new(2));
            let mut joining = JoinSet::new();
            for name in ["ann", "bob"] {
                let (players, both) = (players.clone(), both_have_looked.clone());
                joining.spawn(async move {
                    let is_seat = players.lock().await.len() < SEATS;
                    both.wait().await;
                    if is_seat {
                        players.lock().await.insert(name.to_owned(), 0);
                    }
                });
            }
            joining.join_all().await;
            assert_eq!(players.lock().await.len(), 11);
        });
    }

    /// Page: "The trouble first": on one thread, and without anything that waits between the locks, the fault never shows.
    #[test]
    fn one_thread_hides_it() {
        check(|| async {
            let players: Shared<Players> = Arc::default();
            let mut joining = JoinSet::new();
            for number in 0..100 {
                let players = players.clone();
                joining.spawn(async move {
                    if players.lock().await.len() < SEATS {
                        players.lock().await.insert(number.to_string(), 0);
                    }
                });
            }
            joining.join_all().await;
            assert_eq!(players.lock().await.len(), SEATS);
        });
    }

    /// Page: "The trouble first": what it hides comes out there, too: a task that has taken 128 steps without a wait has to give way, and that
    /// may be between the two locks.
    #[test]
    fn a_task_that_has_to_give_way_shows_it_on_one_thread() {
        async fn joins(players: Shared<usize>, steps_before: usize) {
            for _ in 0..steps_before {
                consume_budget().await;
            }
            if *players.lock().await < SEATS {
                *players.lock().await += 1;
            }
        }
        check(|| async {
            let mut counts = Vec::new();
            for steps_before in 0..=128 {
                let players = Arc::new(Mutex::new(SEATS - 1));
                let two = (0..2).map(|_| joins(players.clone(), steps_before));
                two.collect::<JoinSet<_>>().join_all().await;
                counts.push(*players.lock().await);
            }
            assert_eq!(counts[0], 10);
            assert!(counts.contains(&11));
        });
    }

    /// Page: "The trouble first": one lock around all of it is right, and makes everybody wait, those too who only look.
    #[test]
    fn one_lock_around_it_makes_all_wait() {
        check(|| async {
            let players: Shared<Players> = Arc::default();
            let start = Instant::now();
            let mut joining = JoinSet::new();
            for number in 0..100 {
                let players = players.clone();
                joining.spawn(async move {
                    join_under_one_lock(&players, &Database::default(), &number.to_string()).await
                });
            }
            settle().await;
            assert!(players.try_lock().is_err());
            let joined = joining.join_all().await;
            assert_eq!(joined.iter().filter(|joined| **joined).count(), SEATS);
            assert_eq!(start.elapsed().as_secs(), SEATS as u64);
        });
    }

    /// Page: "The trouble first": what is cloned is a pointer; the map is the same one.
    #[test]
    fn a_clone_of_an_arc_is_the_same_map() {
        let players: Shared<Players> = Arc::default();
        let clone = players.clone();
        players.try_lock().unwrap().insert("ann".to_owned(), 1);
        assert!(Arc::ptr_eq(&players, &clone));
        assert_eq!(clone.try_lock().unwrap().len(), 1);
    }

    /// Page: "The trouble first": `handle_packet` does what it says.
    #[test]
    fn packets_are_handled() {
        check(|| async {
            let (to_player, mut heard) = mpsc::unbounded_channel();
            let players: Shared<Players> = Arc::default();
            let welcome = Arc::new(Mutex::new("hello".to_owned()));
            let to_others = Arc::new(Mutex::new(HashMap::from([(
                "ann".to_owned(),
                to_player.clone(),
            )])));
            let said: Shared<u64> = Arc::default();
            for packet in [Packet::Join, Packet::Says("hi".to_owned()), Packet::Leave] {
                handle_packet(
                    packet,
                    "ann",
                    &players,
                    &Arc::default(),
                    &welcome,
                    &said,
                    &Database::default(),
                    &to_player,
                    &to_others,
                    Instant::now(),
                )
                .await;
            }
            assert_eq!(heard.recv().await.unwrap(), "hello, after 1s");
            assert_eq!(heard.recv().await.unwrap(), "ann: hi");
            assert_eq!((players.lock().await.len(), *said.lock().await), (0, 1));
        });
    }
}
