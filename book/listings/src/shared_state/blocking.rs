//! What the page says of code that blocks a thread. None of it goes by the time: gates say who has got how far.

use harness::check;
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
        mpsc,
    },
    thread,
    time::Duration,
};
use tokio::{
    runtime::{Builder, Handle, Runtime},
    task,
    time::sleep,
};

/// Long enough for anything that is going to happen on another thread.
const PATIENCE: Duration = Duration::from_secs(20);
/// Short, since it is waited for in vain.
const IN_VAIN: Duration = Duration::from_millis(50);

fn workers(count: usize) -> Runtime {
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(count).enable_time().build().unwrap()
}

/// A task blocks its thread until another task has run, or until its patience ends. Whether the other one got to run.
async fn blocks(patience: Duration) -> bool {
    let (runs, has_run) = mpsc::channel();
    let other = tokio::spawn(async move {
        let _ = runs.send(());
    });
    let got_to_run = has_run.recv_timeout(patience).is_ok();
    other.await.unwrap();
    got_to_run
}

/// Page: "What blocks a thread": on one thread nobody else runs, and that is the same when there are many threads and all are blocked.
#[test]
fn a_blocked_thread_runs_nobody() {
    let one = Builder::new_current_thread().build().unwrap();
    let blocked = one.block_on(async { tokio::spawn(blocks(IN_VAIN)).await.unwrap() });
    assert!(!blocked);
    let blocked = workers(1).block_on(async { tokio::spawn(blocks(IN_VAIN)).await.unwrap() });
    assert!(!blocked);
}

/// Page: "What blocks a thread": on many threads the others go on with what came from elsewhere.
#[test]
fn other_threads_go_on() {
    workers(2).block_on(async {
        let (runs, has_run) = mpsc::channel();
        let blocks = tokio::spawn(async move { has_run.recv_timeout(PATIENCE).is_ok() });
        tokio::spawn(async move {
            let _ = runs.send(());
        });
        assert!(blocks.await.unwrap());
    });
}

/// Page: "What blocks a thread": one of the threads looks after the timers, for all. When it runs a task, and that blocks, nobody's timer goes
/// off, however many threads have nothing to do. (Which thread it is, is chance; so it is tried until it happens.)
#[test]
fn a_blocked_thread_can_hold_up_everybodys_timers() {
    let holds_up = || {
        workers(4).block_on(async {
            let (fires, has_fired) = mpsc::channel();
            let blocks = tokio::spawn(async move {
                sleep(Duration::from_millis(1)).await;
                has_fired.recv_timeout(4 * IN_VAIN).is_err()
            });
            tokio::spawn(async move {
                sleep(IN_VAIN / 2).await;
                let _ = fires.send(());
            });
            blocks.await.unwrap()
        })
    };
    assert!((0..100).any(|_| holds_up()));
}

/// Page: "What blocks a thread": the task that the blocked one has spawned last is not taken by any of the other threads, which have nothing to do.
#[test]
fn what_a_blocked_task_has_spawned_waits_with_it() {
    let got_to_run = workers(4).block_on(async { tokio::spawn(blocks(IN_VAIN)).await.unwrap() });
    assert!(!got_to_run);
}

/// Page: "What blocks a thread": of two, the first is taken by another thread.
#[test]
fn what_it_has_spawned_before_the_last_is_taken() {
    let got_to_run = workers(4).block_on(async {
        tokio::spawn(async {
            let (runs, has_run) = mpsc::channel();
            tokio::spawn(async move {
                let _ = runs.send(());
            });
            tokio::spawn(async {});
            has_run.recv_timeout(PATIENCE).is_ok()
        })
        .await
        .unwrap()
    });
    assert!(got_to_run);
}

/// Page: "What blocks a thread": in `spawn_blocking` nobody else has to wait.
#[test]
fn spawn_blocking_leaves_the_workers_alone() {
    let one = Builder::new_current_thread().build().unwrap();
    let free = one.block_on(async {
        let (runs, has_run) = mpsc::channel();
        let blocking = task::spawn_blocking(move || has_run.recv_timeout(PATIENCE).is_ok());
        tokio::spawn(async move {
            let _ = runs.send(());
        });
        blocking.await.unwrap()
    });
    assert!(free);
}

/// Page: "What blocks a thread": `block_on` inside of a task panics, on one thread and on many.
#[test]
fn a_nested_block_on_panics() {
    for runtime in [Builder::new_current_thread().build().unwrap(), workers(2)] {
        let said = runtime.block_on(async {
            let nested = tokio::spawn(async {
                let nested = catch_unwind(|| Handle::current().block_on(async {}));
                let said = nested.unwrap_err();
                said.downcast_ref::<&str>().map(|said| said.to_string())
            });
            nested.await.unwrap()
        });
        assert!(
            said.unwrap()
                .starts_with("Cannot start a runtime from within a runtime")
        );
    }
}

/// Page: "What blocks a thread": `block_in_place` is for runtimes with many threads; on one thread it panics.
#[test]
fn block_in_place_needs_many_threads() {
    let one = Builder::new_current_thread().build().unwrap();
    one.block_on(async {
        assert!(catch_unwind(AssertUnwindSafe(|| task::block_in_place(|| ()))).is_err());
    });
    workers(1).block_on(async {
        tokio::spawn(async { task::block_in_place(|| ()) })
            .await
            .unwrap();
    });
}

/// Page: "What blocks a thread": an abort does not reach a closure that has begun, and the runtime waits for it when it is dropped.
#[test]
fn a_blocking_closure_outlives_its_abort_and_holds_up_the_end() {
    for runtime in [Builder::new_current_thread().build().unwrap(), workers(2)] {
        let (begun, has_begun) = mpsc::channel();
        let (open, gate) = mpsc::channel::<()>();
        let closure = runtime.spawn_blocking(move || {
            begun.send(()).unwrap();
            let _ = gate.recv();
        });
        has_begun.recv_timeout(PATIENCE).unwrap();
        closure.abort();
        let ended = Arc::new(AtomicBool::new(false));
        let ends = thread::spawn({
            let ended = ended.clone();
            move || {
                drop(runtime);
                ended.store(true, SeqCst);
            }
        });
        for _ in 0..1_000 {
            thread::yield_now();
        }
        assert!(!ended.load(SeqCst));
        drop(open);
        ends.join().unwrap();
    }
}

/// Page: "What blocks a thread": `shutdown_timeout` and `shutdown_background` do not wait; the closure goes on, for nobody.
#[test]
fn a_runtime_can_leave_its_closures_behind() {
    let runtime = workers(1);
    let (begun, has_begun) = mpsc::channel();
    let (open, gate) = mpsc::channel::<()>();
    let (done, is_done) = mpsc::channel();
    runtime.spawn_blocking(move || {
        begun.send(()).unwrap();
        let _ = gate.recv();
        let _ = done.send(());
    });
    has_begun.recv_timeout(PATIENCE).unwrap();
    runtime.shutdown_background();
    assert!(is_done.try_recv().is_err());
    drop(open);
    is_done.recv_timeout(PATIENCE).unwrap();
}

/// Page: "What blocks a thread": an actor on a thread of its own, which ends with its mailbox.
#[test]
fn a_closure_ends_by_itself_when_its_channel_closes() {
    check(|| async {
        let (jobs, mut mailbox) = tokio::sync::mpsc::channel::<u32>(4);
        let worker = task::spawn_blocking(move || {
            let mut sum = 0;
            while let Some(job) = mailbox.blocking_recv() {
                sum += job;
            }
            sum
        });
        for job in 1..=3 {
            jobs.send(job).await.unwrap();
        }
        drop(jobs);
        assert_eq!(worker.await.unwrap(), 6);
    });
}
