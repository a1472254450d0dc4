//! What becomes of a panic in a task, and how to hear of it. A panic hook is one for the whole process, and the harness has another one: so
//! these tests have a process of their own.

use listings::testing::{
    QUIET,
    unseen::{UnseenHost, open},
};
use std::{cell::Cell, panic, sync::Once, time::Duration};
use tokio::{runtime::Builder, sync::mpsc, task::JoinSet, time::sleep};

/// Page: "The trouble first": this test is green, and its host has panicked.
// ANCHOR: green
#[tokio::test(start_paused = true)]
async fn a_host_asks_when_it_is_quiet() {
    let (asks, asked) = mpsc::channel(8);
    let room = open(QUIET, asks);
    sleep(2 * QUIET).await;
    drop((room, asked));
}
// ANCHOR_END: green

#[test]
fn the_green_test_has_a_host_that_panics() {
    assert_eq!(heard_panics(a_host_asks_when_it_is_quiet), 1);
}

/// Page: "The trouble first": on many threads the panic is silent, too.
#[test]
fn a_panic_of_a_task_fails_no_test_on_many_threads_either() {
    let runtime = Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (asks, asked) = mpsc::channel::<String>(8);
        let room = open(Duration::from_millis(1), asks);
        room.closed().await;
        drop(asked);
    });
}

/// Page: "Hear the panics": who awaits the JoinHandle hears of it.
// ANCHOR: joined
#[tokio::test(start_paused = true)]
#[should_panic(expected = "attempt to divide by zero")]
async fn a_panic_comes_out_of_the_join_handle() {
    let (asks, _asked) = mpsc::channel(8);
    let (host, _room) = UnseenHost::new(QUIET, asks);
    let host = tokio::spawn(host.run());
    if let Err(error) = host.await {
        panic::resume_unwind(error.into_panic());
    }
}
// ANCHOR_END: joined

// ANCHOR: hook
thread_local! {
    static HEARD: Cell<usize> = const { Cell::new(0) };
}

/// How many panics there have been on this thread so far, those of spawned tasks
/// included.
fn panics() -> usize {
    static LISTEN: Once = Once::new();
    LISTEN.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            HEARD.set(HEARD.get() + 1);
            before(info);
        }));
    });
    HEARD.get()
}
// ANCHOR_END: hook

/// Page: "Hear the panics": a closure in `spawn_blocking` panics on a thread of its own, also where the runtime has one.
#[test]
fn the_count_of_this_thread_leaves_out_spawn_blocking() {
    let count = heard_panics(|| {
        let runtime = Builder::new_current_thread().build().unwrap();
        let closure = async { tokio::task::spawn_blocking(|| panic!("elsewhere")).await };
        assert!(runtime.block_on(closure).unwrap_err().is_panic());
    });
    assert_eq!(count, 0);
}

/// Page: "Hear the panics": `join_all` passes the panics of a JoinSet's tasks on.
#[tokio::test]
#[should_panic(expected = "in a caller")]
async fn join_all_passes_panics_on() {
    let mut callers = JoinSet::new();
    callers.spawn(async { panic!("in a caller") });
    callers.join_all().await;
}

/// Page: "Hear the panics": a `resume_unwind` calls no hook.
#[test]
fn the_hook_hears_panics_of_tasks_and_no_resume_unwind() {
    let run = |body: fn()| {
        heard_panics(|| {
            let runtime = Builder::new_current_thread().build().unwrap();
            let task = async move { tokio::spawn(async move { body() }).await };
            assert!(runtime.block_on(task).unwrap_err().is_panic());
        })
    };
    assert_eq!(run(|| panic!("aloud")), 1);
    assert_eq!(run(|| panic::resume_unwind(Box::new("silently"))), 0);
}

fn heard_panics(during: impl FnOnce()) -> usize {
    let before = panics();
    during();
    panics() - before
}
