//! What a door promises. Each test says what it wants and which slip it is there to catch.
//!
//! The tests run in virtual time, on a runtime of their own (see exercises/harness). When a test's body ends, all its
//! handles are dropped, and then every task has to end as well: `check` sees to that in each of these tests.

use harness::{alive_tasks, check, expect_panics, settle, start_and_drop, within};
use run_method::open;
use std::time::Duration;
use tokio::{task::JoinSet, time::sleep};

/// The actor answers while it runs: with how many are inside after this pass.
///
/// Page: "The actor's run takes self". The slips: the loop runs nowhere, or it holds a lock that `pass` needs.
#[test]
fn each_pass_is_answered_with_the_count() {
    check(|| async {
        let (door, _task) = open(10);
        assert_eq!(
            within("the answer to `pass(2)`", door.pass(2)).await,
            12,
            "10 were inside, and 2 came in"
        );
        assert_eq!(
            within("the answer to `pass(-3)`", door.pass(-3)).await,
            9,
            "12 were inside, and 3 went out"
        );
        assert_eq!(
            within("the answer to `pass(-9)`", door.pass(-9)).await,
            0,
            "9 were inside, and all went out"
        );
        assert_eq!(
            within("the answer to `pass(4)` at an empty room", door.pass(4)).await,
            4,
            "nobody was inside, and 4 came in"
        );
    });
}

/// A caller may go away while it waits. The actor does not mind, as in chapter 1.
///
/// Page: chapter 1, "The reply". The slip: `unwrap()` on sending the reply.
#[test]
fn a_caller_that_gives_up_does_no_harm() {
    check(|| async {
        let (door, _task) = open(0);
        within("the answer to `pass(1)`", door.pass(1)).await;
        start_and_drop(1, || door.pass(1)).await;
        settle().await;
        let inside = within("the answer to a caller that comes later", door.pass(1)).await;
        assert!(
            (2..=3).contains(&inside),
            "two or three have come in, but {inside} should be inside"
        );
    });
}

/// Clones of a handle lead to the same door.
///
/// Page: "Two faults in one struct". The slip: a clone of the handle that takes the count along.
#[test]
fn clones_count_at_the_same_door() {
    check(|| async {
        let (door, _task) = open(0);
        let clones = vec![door.clone(); 20];
        let mut passing = JoinSet::new();
        for clone in clones {
            passing.spawn(async move { clone.pass(1).await });
        }
        let answers = within("the answers to 20 people at 20 handles", passing.join_all());
        let mut counts = answers.await;
        counts.sort_unstable();
        assert!(
            counts.iter().copied().eq(1..=20),
            "20 people should be counted 1 to 20, but were (sorted): {counts:?}"
        );
        assert_eq!(
            within("the answer at the first handle", door.pass(0)).await,
            20,
            "this handle has a count of its own: the count must be in one place, with the task"
        );
    });
}

/// The task that `open` returns gives back the count at the end.
///
/// Page: "What the task returns". The slip: a copy of the count goes into the task, and the other copy comes out.
#[test]
fn the_task_returns_the_last_count() {
    check(|| async {
        let (door, task) = open(3);
        within("the answer to `pass(4)`", door.pass(4)).await;
        within("the answer to `pass(-2)`", door.clone().pass(-2)).await;
        drop(door);
        assert_eq!(
            alive_tasks().await,
            0,
            "all handles are gone, and the task is still there. Does it hold a Sender itself: what went into it with the mailbox? Or does it look for mail now and then, instead of waiting for it?"
        );
        let last = within("the task's result", task).await;
        assert_eq!(
            last.expect(
                "the task has no result: the JoinError says whether it panicked or was aborted"
            ),
            5,
            "the task has to return the count that it kept: 3 + 4 - 2"
        );
    });
}

/// The door stays open as long as somebody holds a handle.
///
/// Page: "What the task returns". The slips: a task that ends after the first pass, or after some time.
#[test]
fn the_task_lives_as_long_as_any_handle() {
    check(|| async {
        let (door, task) = open(0);
        let clone = door.clone();
        within("the answer to `pass(1)`", door.pass(1)).await;
        drop(door);
        sleep(Duration::from_secs(3600)).await;
        assert!(
            !task.is_finished(),
            "one handle of two is left, but the task has ended. (Nobody has passed since then, for an hour of virtual time.)"
        );
        assert_eq!(
            within("the answer at the handle that is left", clone.pass(1)).await,
            2,
            "this handle leads to another door"
        );
    });
}

/// The handle of the task is the handle of *that* task: whoever aborts it stops the actor, and nobody counts any more.
///
/// Page: "Where the spawn goes". The slips: the JoinHandle of a task around the actor's own task; a count that the handle reaches
/// without the task.
#[test]
fn aborting_the_task_stops_the_actor() {
    check(|| async {
        expect_panics(""); // `pass` has no other way to say that nobody is at the door
        let (door, task) = open(0);
        within("the answer to `pass(1)`", door.pass(1)).await;
        // Polled once, while no task can run.
        let answered = start_and_drop(1, || door.pass(0)).await;
        assert_eq!(
            answered, 0,
            "`pass` had its answer before any task could run: the handle knows the count itself, and nobody is at the door"
        );
        task.abort();
        let late = tokio::spawn(async move { door.pass(1).await });
        settle().await;
        late.abort();
        match late.await {
            Ok(inside) => panic!(
                "the task was aborted, and `pass` still says that {inside} are inside. Does the actor run in another task, and this \
                 JoinHandle belongs to one around it?"
            ),
            Err(error) => assert!(
                error.is_panic(),
                "the task was aborted, and `pass` waits on and on: somebody else still holds the mailbox. Does the actor run in another task, or on a thread?"
            ),
        }
        assert_eq!(
            alive_tasks().await,
            0,
            "the task was aborted, but another one lives on: aborting a task does not stop those that it has spawned"
        );
    });
}
