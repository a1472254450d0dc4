//! What a sequencer promises. Each test says what it wants and which slip it is there to catch.
//!
//! The tests run in virtual time, on a runtime of their own (see exercises/harness). When a test's body ends, all its
//! handles are dropped, and then every task has to end as well: `check` sees to that in each of these tests.

use harness::{alive_tasks, answered_at_once, check, start_and_drop, wake_ups, within};
use recipe::SequencerHandle;
use std::{future::poll_fn, pin::pin, task::Poll};
use tokio::task::JoinSet;

/// Numbers come one by one, from 1.
///
/// Page: "The actor". The slip: a loop that handles one message and is done (`if let` for `while let`).
#[test]
fn numbers_start_at_one_and_go_on() {
    check(|| async {
        let room = SequencerHandle::new();
        for expected in 1..=3 {
            let number = within("the answer to `next_number`", room.next_number()).await;
            assert_eq!(number, expected, "a room's numbers are 1, then 2, then 3");
        }
    });
}

/// A clone is one more way to the same actor, not one more actor.
///
/// Page: "The handle". The slip: a `Clone` written by hand that starts a new task.
#[test]
fn clones_count_together() {
    check(|| async {
        let room = SequencerHandle::new();
        let clone = room.clone();
        assert_eq!(
            within("the first number", room.next_number()).await,
            1,
            "numbers start at 1"
        );
        assert_eq!(
            within("the second number, through a clone", clone.next_number()).await,
            2,
            "the clone did not reach the same actor: a clone of a handle shares the mailbox"
        );
        drop(room);
        assert_eq!(
            within(
                "the third number, after the first handle is gone",
                clone.next_number()
            )
            .await,
            3,
            "the actor lives on as long as any handle does"
        );
    });
}

/// However many ask at the same time, nobody gets a number twice and no number is left out.
///
/// Page: "One message at a time". The slip: a count that is read in one place and written in another.
#[test]
fn a_hundred_at_once_get_1_to_100() {
    check(|| async {
        let room = SequencerHandle::new();
        let mut callers = JoinSet::new();
        for _ in 0..100 {
            let room = room.clone();
            callers.spawn(async move { room.next_number().await });
        }
        let answers = within("the answers to 100 callers", callers.join_all());
        let numbers = answers.await;
        let missing = (1..=100).find(|number| !numbers.contains(number));
        assert_eq!(
            missing, None,
            "100 callers at once should get each of 1 to 100 once, but nobody got this number, and another one came twice or was out of range"
        );
    });
}

/// Who asked first has the smaller number, whoever looks at the answer first.
///
/// Page: "One message at a time". The slips: the actor only gives leave, and the caller counts; a lock in the handle, from the question
/// to the answer; messages that are not handled in their order.
#[test]
fn numbers_follow_the_order_of_the_questions() {
    check(|| async {
        let room = SequencerHandle::new();
        let mut first = pin!(room.next_number());
        // Polled once: its message is in the mailbox, and its caller does something else for a while.
        poll_fn(|cx| Poll::Ready(first.as_mut().poll(cx).is_ready())).await;
        let second = within(
            "the answer to the second caller, while the first one does not look at its own,",
            room.next_number(),
        )
        .await;
        let first = within("the answer to the first caller", first).await;
        assert_eq!(
            (first, second),
            (1, 2),
            "who asked first gets 1: the actor gives the numbers out, one message after the other, and callers do nothing but wait"
        );
    });
}

/// Each room has a count of its own.
///
/// Page: "The handle". The slip: a `static` count.
#[test]
fn two_rooms_count_apart() {
    check(|| async {
        let (kitchen, garden) = (SequencerHandle::new(), SequencerHandle::new());
        assert_eq!(
            within("a number in the kitchen", kitchen.next_number()).await,
            1,
            "numbers start at 1"
        );
        assert_eq!(
            within("a number in the kitchen", kitchen.next_number()).await,
            2,
            "the second number is 2"
        );
        assert_eq!(
            within("a number in the garden", garden.next_number()).await,
            1,
            "two rooms share their numbers: the count has to belong to one actor"
        );
    });
}

/// A caller may go away while it waits: its task was stopped, or it had a time-out. The actor does not mind.
///
/// Page: "The reply". The slip: `unwrap()` on sending the reply.
#[test]
fn a_caller_that_gives_up_does_no_harm() {
    check(|| async {
        let room = SequencerHandle::new();
        for expected in 1..=2 {
            let number = within("the answer to `next_number`", room.next_number()).await;
            assert_eq!(
                number, expected,
                "this is about callers that give up, but it does not count yet"
            );
        }
        let before = alive_tasks().await;
        // Polled once, so that its message is in the mailbox; then dropped, so that nobody waits for the answer.
        start_and_drop(1, || room.next_number()).await;
        assert!(
            alive_tasks().await >= before,
            "a caller gave up, and your actor died with it: a reply that nobody waits for is no error of the actor"
        );
        let number = within(
            "the number of a caller that comes later",
            room.next_number(),
        )
        .await;
        assert!(
            number > 2,
            "the numbers go on after 2, but this was {number}"
        );
    });
}

/// The count lives in a task: that is what makes it an actor.
///
/// Page: "The idea". The slips: an atomic or a mutex inside the handle; a task for every call.
#[test]
fn one_task_owns_the_count() {
    check(|| async {
        let room = SequencerHandle::new();
        within("the first number", room.next_number()).await;
        let tasks = alive_tasks().await;
        assert!(
            tasks > 0,
            "no task is running: this counts, but it is not an actor. (Or its task has ended after the first number.) The count belongs to a task, \
             and a handle only sends to it"
        );
        assert_eq!(
            tasks, 1,
            "one room is one async task, but {tasks} are running"
        );

        // Clones and further questions start nothing new.
        let clones = vec![room.clone(); 10];
        for clone in &clones {
            within("the next number", clone.next_number()).await;
        }
        assert_eq!(
            alive_tasks().await,
            1,
            "a clone of a handle, or a question, has started one more task"
        );
    });
}

/// With the last handle gone nobody can ask any more: the actor ends, and without a panic.
///
/// Page: "How it ends". The slips: the actor holds a Sender to itself; `recv().await.unwrap()`.
#[test]
fn the_task_ends_with_the_last_handle() {
    check(|| async {
        let room = SequencerHandle::new();
        let clone = room.clone();
        within("the first number", room.next_number()).await;
        let wake_ups = wake_ups().await;
        assert!(
            wake_ups < 30,
            "in one quiet minute the runtime woke up {wake_ups} times: your loop looks for messages instead of waiting for them with `recv().await`"
        );
        drop(room);
        assert!(
            alive_tasks().await > 0,
            "one of two handles was dropped: the actor should still be there"
        );
        drop(clone);
        let left = alive_tasks().await;
        assert_eq!(
            left, 0,
            "the last handle is gone, the task still lives: it waits for messages that nobody can send. Who still holds a Sender?"
        );
    });
}

/// When messages come faster than they are handled, callers wait; the mailbox does not grow without end.
///
/// Page: "The mailbox". The slips: `mpsc::unbounded_channel`; a task for each `send`.
#[test]
fn the_mailbox_is_bounded() {
    check(|| async {
        let room = SequencerHandle::new();
        // 5,000 callers ask before the actor can run. Those whose message went in at once are answered in the first go.
        let accepted = answered_at_once(5_000, || room.next_number()).await;
        assert!(
            accepted <= 2_000,
            "{accepted} messages went in while nobody read them: the mailbox has no bound, or one that is too large to matter. \
             With `mpsc::channel(8)`, and a handle that awaits its own `send`, callers wait instead"
        );
    });
}
