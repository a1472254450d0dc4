//! What the page says of locks, replies and pools, each claim by itself.

use super::{
    Database,
    owner::{Ended, GameHandle},
};
use harness::{check, expect_panics, settle, start_and_drop};
use std::{
    sync::{Arc, Mutex as StdMutex},
    thread,
};
use tokio::{
    runtime::{Builder, Runtime},
    sync::{Mutex, Notify, RwLock, Semaphore, mpsc, oneshot},
    task::JoinSet,
    time::{Instant, sleep},
};

fn on_many_threads() -> Runtime {
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(4).enable_time().build().unwrap()
}

/// Page: "A reply of its own": `expect` on the answer is a panic of the one who asks.
#[test]
fn expect_on_an_answer_ends_the_asker() {
    check(|| async {
        expect_panics("the player has been killed");
        let (player, mailbox) = mpsc::channel::<oneshot::Sender<u32>>(8);
        drop(mailbox);
        let asker = tokio::spawn(async move {
            let (reply, answer) = oneshot::channel();
            let _ = player.send(reply).await;
            answer.await.expect("the player has been killed")
        });
        assert!(asker.await.unwrap_err().is_panic());
    });
}

/// Page: "A reply of its own": `let _ =` drops the message that comes back, and the reply in it. A name keeps it, and the answer never comes.
#[test]
fn a_name_for_the_error_keeps_the_reply() {
    check(|| async {
        let (player, mailbox) = mpsc::channel::<oneshot::Sender<u32>>(8);
        drop(mailbox);
        let (reply, answer) = oneshot::channel();
        let _ = player.send(reply).await;
        assert!(answer.await.is_err());

        let (reply, mut answer) = oneshot::channel();
        let _sent = player.send(reply).await;
        settle().await;
        // It is not closed, so awaiting it waits.
        assert_eq!(answer.try_recv(), Err(oneshot::error::TryRecvError::Empty));
    });
}

/// Page: "A reply of its own": the answer is awaited in the middle of a handler, as any other call.
#[test]
fn an_answer_is_awaited_in_the_middle_of_a_handler() {
    async fn greeting(game: &GameHandle, name: &str) -> Result<String, Ended> {
        let others = game.count().await?;
        Ok(format!("{name}, {others} are playing"))
    }
    check(|| async {
        let game = GameHandle::new(Database::default());
        let greeting = greeting(&game, "ann").await;
        assert_eq!(greeting, Ok("ann, 0 are playing".to_owned()));
    });
}

/// Page: "A reply of its own": in a slot that all callers share, one finds what was meant for another, and one finds nothing.
#[test]
fn a_shared_slot_mixes_the_answers_up() {
    #[derive(Default)]
    struct Slot {
        result: StdMutex<Option<&'static str>>,
        ready: Notify,
    }
    check(|| async {
        let (game, mut mailbox) = mpsc::channel(8);
        let slot = Arc::<Slot>::default();
        let owner = slot.clone();
        tokio::spawn(async move {
            while let Some(name) = mailbox.recv().await {
                *owner.result.lock().unwrap() = Some(name);
                owner.ready.notify_one();
            }
        });
        let asking = ["ann", "bob"].map(|name| {
            let (game, slot) = (game.clone(), slot.clone());
            tokio::spawn(async move {
                game.send(name).await.unwrap();
                slot.ready.notified().await;
                slot.result.lock().unwrap().take()
            })
        });
        let [ann, bob] = asking;
        assert_eq!(ann.await.unwrap(), Some("bob"));
        assert_eq!(bob.await.unwrap(), None);
    });
}

/// Page: "A reply of its own": an unbounded channel takes whatever comes, read or not.
#[test]
fn an_unbounded_channel_to_a_player_takes_everything() {
    let (player, mailbox) = mpsc::unbounded_channel();
    for number in 0..10_000 {
        player.send(number).unwrap();
    }
    assert_eq!(mailbox.len(), 10_000);
}

/// Page: "When a lock is right": the guard of a std Mutex is not `Send`, that of Tokio's is.
#[test]
fn only_tokios_guard_may_go_to_another_thread() {
    fn is_send<T: Send>(_: T) {}
    check(|| async {
        let state = Mutex::new(0);
        is_send(state.lock().await);
    });
    // The other one: `broken/locks_across_await.rs`.
}

/// Page: "When a lock is right": a panic poisons a std Mutex, and not Tokio's.
#[test]
fn only_a_std_mutex_is_poisoned() {
    let state = Arc::new(StdMutex::new(0));
    let tokios = Arc::new(Mutex::new(0));
    let both = (state.clone(), tokios.clone());
    let panicked = thread::Builder::new().spawn(move || {
        let _guards = (both.0.lock().unwrap(), both.1.try_lock().unwrap());
        std::panic::resume_unwind(Box::new("in the middle"));
    });
    assert!(panicked.unwrap().join().is_err());
    assert!(state.lock().is_err());
    assert!(tokios.try_lock().is_ok());
}

/// Page: "When a lock is right": Tokio's Mutex goes by the order of the callers; who gives up loses the turn and nothing else.
#[test]
fn tokios_mutex_goes_in_turn() {
    check(|| async {
        let order = Arc::new(Mutex::new(Vec::new()));
        let held = order.lock().await;
        let mut waiting = JoinSet::new();
        for number in 1..=3 {
            let order = order.clone();
            waiting.spawn(async move { order.lock().await.push(number) });
            settle().await;
        }
        start_and_drop(1, || order.lock()).await;
        drop(held);
        waiting.join_all().await;
        assert_eq!(*order.lock().await, [1, 2, 3]);
    });
}

/// Page: "When a lock is right": one who reads, and reads once more while somebody waits to write, waits for ever.
#[test]
fn a_second_read_waits_behind_a_writer() {
    check(|| async {
        let state = Arc::new(RwLock::new(0));
        let first = state.read().await;
        let writer = tokio::spawn({
            let state = state.clone();
            async move { *state.write().await += 1 }
        });
        settle().await;
        assert_eq!(start_and_drop(1, || state.read()).await, 0);
        drop(first);
        writer.await.unwrap();
        assert_eq!(*state.read().await, 1);
    });
}

/// Page: "When a lock is right": with a std Mutex that is held for a moment, a hundred tasks on four threads lose nothing.
#[test]
fn a_short_lock_counts_right_on_many_threads() {
    on_many_threads().block_on(async {
        let count = Arc::new(StdMutex::new(0));
        let mut adding = JoinSet::new();
        for _ in 0..100 {
            let count = count.clone();
            adding.spawn(async move {
                for _ in 0..100 {
                    *count.lock().unwrap() += 1;
                    tokio::task::yield_now().await;
                }
            });
        }
        adding.join_all().await;
        assert_eq!(*count.lock().unwrap(), 10_000);
    });
}

/// Page: "A JoinSet in the loop": a pattern that wants an `Ok` switches its branch off for this turn when a task has panicked.
#[test]
fn a_pattern_with_ok_goes_deaf_at_a_panic() {
    check(|| async {
        expect_panics("no such player");
        let (_mailbox, mut messages) = mpsc::channel::<()>(1);
        let mut queries = JoinSet::new();
        queries.spawn(async { panic!("no such player") });
        queries.spawn(async {
            sleep(super::QUERY).await;
            1
        });
        let deaf = tokio::time::timeout(10 * super::QUERY, async {
            tokio::select! {
                Some(Ok(points)) = queries.join_next() => points,
                Some(()) = messages.recv() => 0,
            }
        });
        assert!(deaf.await.is_err());
        // The other one has been ready for nine seconds.
        assert_eq!(queries.try_join_next().unwrap().unwrap(), 1);
    });
}

/// Page: "What a caller leaves behind": what a `Drop` cannot do: send into a full mailbox, block in a runtime, and spawn outside of one.
#[test]
fn a_drop_can_neither_wait_nor_block_nor_spawn() {
    check(|| async {
        let (game, mut mailbox) = mpsc::channel(1);
        game.try_send(1).unwrap();
        assert!(game.try_send(2).is_err());
        assert_eq!(mailbox.recv().await, Some(1));
        expect_panics("Cannot block the current thread");
        let panicked = tokio::spawn(async move { game.blocking_send(2).is_ok() });
        assert!(panicked.await.unwrap_err().is_panic());
        let outside = thread::spawn(|| drop(tokio::spawn(async {})));
        assert!(outside.join().is_err());
        let (leave, mut left) = mpsc::unbounded_channel();
        thread::spawn(move || leave.send(1).unwrap())
            .join()
            .unwrap();
        assert_eq!(left.try_recv(), Ok(1));
    });
}

/// A pool of ten connections.
#[derive(Clone)]
struct Pool {
    connections: Arc<Semaphore>,
}

impl Pool {
    fn new() -> Self {
        let connections = Arc::new(Semaphore::new(10));
        Self { connections }
    }

    async fn query(&self) {
        let _connection = self.connections.acquire().await;
        sleep(super::QUERY).await;
    }
}

/// Page: "A pool is a handle": ten at a time by its clones; an actor that awaits each query in front of it makes it one at a time.
#[test]
fn an_actor_in_front_of_a_pool_makes_it_a_single_file() {
    async fn ten<F>(query: impl Fn() -> F) -> u64
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let start = Instant::now();
        let querying: JoinSet<()> = (0..10).map(|_| query()).collect();
        querying.join_all().await;
        start.elapsed().as_secs()
    }
    check(|| async {
        let pool = Pool::new();
        let by_clones = ten(|| {
            let pool = pool.clone();
            async move { pool.query().await }
        });
        assert_eq!(by_clones.await, 1);

        let (actor, mut mailbox) = mpsc::channel::<oneshot::Sender<()>>(8);
        tokio::spawn(async move {
            while let Some(reply) = mailbox.recv().await {
                pool.query().await;
                let _ = reply.send(());
            }
        });
        let by_actor = ten(|| {
            let actor = actor.clone();
            async move {
                let (reply, answer) = oneshot::channel();
                let _ = actor.send(reply).await;
                let _ = answer.await;
            }
        });
        assert_eq!(by_actor.await, 10);
    });
}
