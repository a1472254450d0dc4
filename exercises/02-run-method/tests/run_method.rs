//! What a door promises. Each test says what it wants and which slip it is there to catch.
//!
//! The tests run in virtual time, on a runtime of their own (see exercises/harness). When a test's body ends, all its
//! handles are dropped, and then every task has to end as well: `check` sees to that in each of these tests.

mod scenarios;

use harness::{
    Calls, alive_tasks, answered_at_once, check, expect_panics, on_a_runtime_that_ends, settle,
    start_and_drop, until_half_are_answered, wait_in_line,
};
use run_method::open;
use std::{
    future::poll_fn,
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    task::{Context, Poll, Wake, Waker},
    thread,
    time::Duration,
};
use tokio::{
    runtime::{Builder, Handle, Runtime},
    task::{JoinError, JoinSet, coop::unconstrained, spawn_blocking},
    time::sleep,
};

/// The actor answers while it runs: with how many are inside after this pass.
///
/// Page: "The actor's run takes self". The slips: the loop runs nowhere, or it holds a lock that `pass` needs.
#[test]
fn each_pass_is_answered_with_the_count() {
    check(|| async {
        let (door, _task) = open(10);
        // Whom it has to wait for: a thread may be quick enough to answer before anybody has waited.
        an_async_task_is_there();
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

/// Any sum is right that an `i64` can hold, and a group passes as a whole.
///
/// The slips: a count that stops at zero, or at some number; one of 32 bits; a `-people` or an `abs()`, which overflows for the least `i64`; a group that is let in one by one;
/// those who come in one moment, added up by themselves first.
#[test]
fn any_count_is_right() {
    check(|| async {
        let (door, _task) = open(i64::MAX);
        for (people, inside) in [
            (0, i64::MAX),
            (-i64::MAX, 0),
            (-1, -1),
            (i64::MAX, i64::MAX - 1),
            (1, i64::MAX),
            (-i64::MAX, 0),
            (-i64::MAX, -i64::MAX),
            (-1, i64::MIN),
            (i64::MAX, -1),
            (1, 0),
            (i64::MIN, i64::MIN),
        ] {
            assert_eq!(
                within("the answer to `pass`", door.pass(people)).await,
                inside,
                "the answer to pass({people}) is the sum of all that have passed: the door does not check whether there can be so many, or fewer than none"
            );
        }
        // All are in the mailbox before the actor gets to run, if there are so many slots.
        let (door, _task) = open(i64::MIN);
        let mut calls = Calls::new();
        for (caller, people) in [i64::MAX, i64::MAX, 1, i64::MIN].into_iter().enumerate() {
            let door = door.clone();
            let call = async move { door.pass(people).await };
            calls.start(caller, call).await;
        }
        let mut answers = [None; 4];
        let minute = Duration::from_secs(60);
        calls
            .rest(minute, |caller, inside| answers[caller] = Some(inside))
            .await;
        assert_eq!(
            answers,
            [-1, i64::MAX - 1, i64::MAX, -1].map(Some),
            "the least `i64` is the count, and in one moment these came: i64::MAX, once more i64::MAX, 1, i64::MIN. Each answer is the count after this pass, and no count is \
             beyond an `i64`. The sum of those who came may be: it is no count"
        );
    });
}

/// A caller may go away while it waits. The actor does not mind, as in chapter 1: a pass that is in the mailbox is counted.
///
/// Page: chapter 1, "The reply". The slips: `unwrap()` on sending the reply; a pass that is not counted when nobody waits for the answer.
#[test]
fn a_caller_that_gives_up_does_no_harm() {
    check(|| async {
        let (door, _task) = open(0);
        within("the answer to `pass(1)`", door.pass(1)).await;
        // Polled once, so that its message is in the mailbox; then dropped.
        start_and_drop(1, || door.pass(10)).await;
        settle().await;
        let inside = within("the answer to a caller that comes later", door.pass(100)).await;
        assert_ne!(
            inside, 11,
            "1 and 10 have come in, the caller of the ten gave up, and the next caller, with 100, was told its answer. Each call needs an answer of its own: a `oneshot`, made in `pass`"
        );
        assert_eq!(
            inside, 111,
            "1 and 10 and 100 have come in. The caller of the ten gave up after its first poll. The mailbox was empty, so its message should have been in it: they are counted all the same"
        );
    });
}

/// Passes are counted in the order in which they came. Callers that find the mailbox full wait in line: each sleeps until it is its turn.
///
/// Page: chapter 1, "The mailbox". The slips: a call that does something else before it sends; `try_send` again and again; a wake-up for
/// all that wait, so that the first to look takes the free slot; one that is lost with a caller that gives up, or
/// that goes to a task which has handed its call on; a slot that belongs to the call, not to its message; a look now and then, or a limit of
/// time, for the answer.
#[test]
fn callers_wait_in_line() {
    check(|| async {
        let (other, _task) = open(0);
        let slots = answered_at_once(2_000, || other.pass(1)).await;
        assert!(
            slots > 0,
            "2000 callers came, and none of them had its answer when the actor had run. Does `pass` await something else before it sends? (Until then nobody has come, and others \
             may come first.) Or does the actor wait for something before it answers?"
        );
        assert!(
            slots < 2_000,
            "2000 callers came at once, and nobody had to wait for a free slot: does the mailbox have a bound, and one below that?"
        );
        let (other, _task) = open(0);
        start_and_drop(2_000, || other.pass(1)).await;
        let counted = within("the answer to a caller that comes later", other.pass(0)).await;
        assert_eq!(
            counted, slots as i64,
            "2000 callers came at once, twice. The first time they stayed, and {slots} had an answer when the actor had run; the second time all gave up, and {counted} were counted. Both is how \
             many messages the mailbox takes. A message has its slot until the actor takes it, and is counted, whatever its caller does then; and an actor does not wait for a caller"
        );
        let (door, _task) = open(0);
        let line = wait_in_line(2 * slots + 1, Duration::ZERO, || door.pass(1)).await;
        assert!(
            !line.last_was_woken,
            "the mailbox is full, and a caller that waits for a free slot was woken when there was none for it yet: it tries again and again, and uses up time that the actor \
             needs. `send(…).await` sleeps until it is its turn"
        );
        for (expected, inside) in (1..).zip(line.answers) {
            assert_ne!(
                inside, None,
                "caller {expected} in the line has no answer, and nobody is at work: either it waits for a timer, or for something that never comes"
            );
            assert_eq!(
                inside,
                Some(expected),
                "people came in one by one, more than the mailbox has slots, and this one was number {expected} of them: passes are counted in the order in which they came, and \
                 nobody who comes later goes before those who wait"
            );
        }
        // All slots get free, and those who wait give up before they look. All but the last one, who sleeps until somebody wakes it.
        let (door, _task) = open(0);
        let mut impatient = Calls::new();
        for caller in 0..4 * slots {
            let door = door.clone();
            impatient
                .start(caller, async move { door.pass(1).await })
                .await;
        }
        let mut last = Sleeper::starts(door.pass(0)).await;
        assert_eq!(
            last.answer, None,
            "the mailbox is full, others wait for a free slot, and the one that came last had its answer at once: passes are counted in the order in which they came"
        );
        settle().await;
        drop(impatient);
        settle().await;
        assert!(
            last.was_woken() || !last.other_was_woken(),
            "a caller that waited for a free slot was polled by one task, and then by another one, as happens to a future that is handed on. Its turn came, and the first task \
             was woken: who polled last is to be woken"
        );
        assert!(
            last.was_woken(),
            "a caller waited for a free slot, and those before it in the line gave up when it was their turn. All slots are free, and it sleeps on: whoever was woken and \
             gives up has to wake the next one. `send(…).await` sees to that, also when it is dropped"
        );
        while last.was_woken() && last.answer.is_none() {
            last.looks().await;
            settle().await;
        }
        assert_eq!(
            last.answer,
            Some(slots as i64),
            "{slots} people were in the mailbox; those who gave up while they waited for a free slot are not counted, and the last one comes alone, with pass(0)"
        );
        // The mailbox is empty, and who waits now waits for the answer: for three hours, as the actor gets no turn.
        let (runtime, door) = elsewhere(|| {
            let runtime = Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime can be started: the test runs on one");
            let (door, _) = runtime.block_on(async { open(0) });
            (runtime, door)
        });
        let mut waits = Sleeper::starts(door.pass(1)).await;
        sleep(Duration::from_secs(3 * 3600 + 777)).await;
        assert!(
            waits.answer.is_none() && !waits.was_woken() && !waits.other_was_woken(),
            "a caller waited for its answer. For three hours of virtual time the actor had no turn, so there was none, and the caller was woken all the same: it looks again and \
             again, or has a timer. `answer.await` sleeps until the answer is there, however long that takes"
        );
        let runtime = has_a_turn(runtime);
        assert!(
            waits.was_woken() || !waits.other_was_woken(),
            "a caller that waited for its answer was polled by one task, and then by another one, as happens to a future that is handed on. The answer came, and the first task \
             was woken: who polled last is to be woken"
        );
        waits.looks().await;
        assert_eq!(
            waits.answer,
            Some(1),
            "a caller came in and waited for its answer; after three hours of virtual time the actor had a turn"
        );
        elsewhere(move || drop(runtime));
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
        let counts = answers.await;
        let missing = (1..=20).find(|count| !counts.contains(count));
        assert_eq!(
            missing, None,
            "20 people came in, one after the other, so each of 1 to 20 is told once. This one was not, and another one twice or out of range"
        );
        assert_eq!(
            within("the answer at the first handle", door.pass(0)).await,
            20,
            "this handle has a count of its own: the count must be in one place, with the task"
        );
    });
}

/// Another door has another count.
///
/// The slip: a `static`, which all doors of the program share: the count, or what bounds the mailbox.
#[test]
fn two_doors_count_independently() {
    check(|| async {
        let (first, _task) = open(10);
        let (second, _task) = open(200);
        for (door, inside) in [(&first, 11), (&second, 201), (&first, 12)] {
            assert_eq!(
                within("the answer to `pass(1)`", door.pass(1)).await,
                inside,
                "10 were inside behind one door, and 200 behind another one; people came in through both, one by one. Each door counts its own: is there a `static`?"
            );
        }
        // The first one's mailbox is full, and the second one's is empty.
        start_and_drop(5_000, || first.pass(0)).await;
        start_and_drop(1, || second.pass(1)).await;
        settle().await;
        assert_eq!(
            within("the answer to `pass(0)`", second.pass(0)).await,
            202,
            "callers filled the mailbox of one door, and in the same moment 1 came in at another one and gave up. The mailbox there was empty, so it is counted. Each door has \
             a mailbox of its own: is there a `static` that all doors share?"
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

/// What is in the mailbox when the last handle is dropped is counted before the task ends.
///
/// Page: chapter 1, "How it ends". The slips: a signal that ends the loop at once; a handle that aborts the task; a
/// last message, for which a full mailbox has no slot.
#[test]
fn the_last_count_has_all_that_was_sent() {
    check(|| async {
        // How many messages the mailbox takes at once: asked at another door.
        let (other, _task) = open(0);
        let slots = answered_at_once(2_000, || other.pass(1)).await;
        drop(other);
        for elsewhere in [false, true] {
            let (door, task) = open(100);
            // The mailbox is full, the callers give up, and the last handle goes, all before the actor gets to run.
            start_and_drop(slots, || door.pass(5)).await;
            let dropped = if elsewhere {
                let thread = thread::spawn(move || drop(door));
                assert!(
                    thread.join().is_ok(),
                    "dropping a handle outside of a runtime panics: a thread may hold the last one"
                );
                "dropped on a thread of its own, outside of the runtime"
            } else {
                drop(door);
                "dropped"
            };
            assert_eq!(
                alive_tasks().await,
                0,
                "the mailbox was full when the last handle was {dropped}, and the task is still there. Who tells it to end? A message may find no free slot, and a task \
                 can be started in a runtime only. The last Sender's end is what `recv` notices, wherever it is dropped"
            );
            match within("the task's result", task).await {
                Ok(last) => assert_eq!(
                    last,
                    100 + 5 * slots as i64,
                    "a pass of 5 was in each of the mailbox's {slots} slots when the last handle was {dropped}: the task has to handle all of them before it ends"
                ),
                Err(error) => panic!(
                    "the last handle was {dropped}, and the task came to no result: {error}. It ends by itself, when `recv` gives None"
                ),
            }
        }
    });
}

/// The door stays open as long as somebody holds a handle.
///
/// Page: "What the task returns". The slips: a task that ends after the first pass, after some time or after so many passes; one that looks
/// or ticks though nobody passes; a timer that is longer than any test.
#[test]
fn the_task_lives_as_long_as_any_handle() {
    check(|| async {
        let (door, task) = open(0);
        let clone = door.clone();
        within("the answer to `pass(1)`", door.pass(1)).await;
        drop(door);
        let metrics = Handle::current().metrics();
        let before = metrics.worker_park_count(0);
        sleep(Duration::from_secs(22 * 3600 + 777)).await;
        // The clock goes on in steps, which wake the runtime, too: a dozen times or so.
        let wake_ups = metrics.worker_park_count(0) - before;
        assert!(
            wake_ups < 24,
            "nobody passed for 22 hours of virtual time, and the runtime woke up {wake_ups} times: something works although nobody asks. An actor waits for the next \
             message with `recv().await`, and needs no timer"
        );
        assert!(
            !task.is_finished(),
            "one handle of two is left, but the task has ended. (Nobody has passed for 22 hours of virtual time.)"
        );
        assert_eq!(
            within("the answer at the handle that is left", clone.pass(1)).await,
            2,
            "this handle leads to another door"
        );
        for _ in 0..12 {
            let passing: JoinSet<_> = (0..1_000)
                .map(|_| {
                    let clone = clone.clone();
                    async move { clone.pass(1).await }
                })
                .collect();
            within("the answers to 1,000 people", passing.join_all()).await;
        }
        assert_eq!(
            within("the answer after 12,000 people", clone.pass(0)).await,
            12_002,
            "2 and 12,000 have come in"
        );
        let without_timers = spawn_blocking(|| {
            let runtime = Builder::new_current_thread()
                .build()
                .expect("a runtime can be started: the test runs on one");
            runtime.block_on(async {
                let (door, task) = open(0);
                let inside = door.pass(1).await;
                drop(door);
                (inside, task.await.expect("nobody has aborted it"))
            })
        });
        let Ok(counts) = without_timers.await else {
            panic!(
                "on a runtime that has no timers a pass or the task panics. Does it start a timer, however long? An actor waits for the next message with `recv().await`, and a \
                 caller for its answer, as long as it takes"
            );
        };
        assert_eq!(
            counts,
            (1, 1),
            "on a runtime that has no timers one came in at an empty room: the answer, and the task's result"
        );
    });
}

/// When people come faster than the actor counts them, callers wait; the mailbox does not grow without end, and no tasks pile up instead.
///
/// Page: chapter 1, "The mailbox". The slips: an unbounded channel; a task for each pass.
#[test]
fn the_mailbox_is_bounded() {
    check(|| async {
        let (door, _task) = open(0);
        let tasks = alive_tasks().await;
        let mut calls = Calls::new();
        for caller in 0..40 {
            let door = door.clone();
            calls.start(caller, async move { door.pass(1).await }).await;
        }
        let mut most = 0;
        // Those that had to wait get a slot, one after the other.
        for _ in 0..40 {
            most = most.max(most_alive().await);
            calls.look().await;
        }
        assert!(
            most <= tasks,
            "while 40 passes were counted, up to {most} tasks were alive, and {tasks} after `open`: a pass starts no task, and the actor counts one after the other"
        );
        let accepted = answered_at_once(5_000, || {
            let clone = door.clone();
            async move { clone.pass(1).await }
        })
        .await;
        assert!(
            accepted <= 1_000,
            "{accepted} of 5000 passes, each through a clone of its own, went in while nobody read them: the mailbox has no bound, or one beyond a thousand, \
             or there is one for each clone. The first version's `mpsc::channel(8)` was right"
        );
        // The slip: an actor that takes in whatever comes, and keeps it in a queue of its own.
        let (door, _task) = open(0);
        let passing = until_half_are_answered(5_000, || {
            let clone = door.clone();
            async move { clone.pass(1).await }
        });
        let answered = within("the answers to half of 5000 callers", passing).await;
        let inside = within("the answer to a caller that comes later", door.pass(0)).await;
        let taken_in = inside - answered as i64;
        assert!(
            taken_in <= 2_000,
            "5000 people passed while the actor worked. When {answered} of them had their answers and the others gave up, {taken_in} more had been taken in: the mailbox has \
             a bound, and behind it passes wait without one. An actor takes the next message when it is done with the last one"
        );
    });
}

/// The JoinHandle is that of the actor's own task: aborting it stops the actor, and nobody counts any more.
///
/// Page: "Where the spawn goes". The slips: the JoinHandle of a task around the actor's own task; a count that the handle reaches
/// without the task; a mailbox that is closed by something that the task makes in its first turn.
#[test]
fn aborting_the_task_stops_the_actor() {
    check(|| async {
        expect_panics(""); // `pass` has no other way to say that nobody is at the door
        let (door, task) = open(0);
        within("the answer to `pass(1)`", door.pass(1)).await;
        let mut waits = Box::pin({
            let door = door.clone();
            async move { door.pass(0).await }
        });
        // Polled once, while no task can run.
        assert!(
            once(waits.as_mut()).await.is_pending(),
            "`pass` had its answer before any task could run: the handle knows the count itself, and nobody is at the door"
        );
        // The mailbox is full, and one more waits for a free slot.
        start_and_drop(5_000, || door.pass(0)).await;
        let mut for_a_slot = Box::pin({
            let door = door.clone();
            async move { door.pass(0).await }
        });
        let _ = once(for_a_slot.as_mut()).await;
        task.abort();
        settle().await;
        let _ = ends(
            "that waited for a free slot when the task was aborted",
            for_a_slot,
        )
        .await;
        // It may have had its answer in the last moment, and may not wait any more.
        let _ = ends("that waited when the task was aborted", waits).await;
        let late = async move { door.pass(1).await };
        panics("that came after the task was aborted", late).await;
        // The task's turn has not come yet: nothing that it would do by itself has been done.
        let (door, task) = open(0);
        let mut waits = Box::pin({
            let door = door.clone();
            async move { door.pass(0).await }
        });
        let _ = once(waits.as_mut()).await;
        task.abort();
        settle().await;
        let which =
            "whose message was in the mailbox when the task was aborted, before its first turn,";
        let _ = ends(which, waits).await;
        let late = async move { door.pass(1).await };
        panics(
            "that came after the task was aborted, before its first turn,",
            late,
        )
        .await;
        assert_eq!(
            alive_tasks().await,
            0,
            "the task was aborted, but another one lives on: aborting a task does not stop those that it has spawned"
        );
    });
}

/// A count beyond an `i64` is the callers' fault. The task panics, as a plain `+=` does in a debug build, and then it is gone: its result is an
/// `Err`, and nobody waits for an answer that never comes.
///
/// Page: "What the task returns". The slips: `wrapping_add` and the like; a task around the actor's own that makes up a result, or that
/// keeps the mailbox.
#[test]
fn a_count_beyond_an_i64_ends_the_task() {
    check(|| async {
        let (door, task) = open(i64::MAX);
        if !cfg!(debug_assertions) {
            assert_eq!(
                within("the answer to `pass(1)`", door.pass(1)).await,
                i64::MIN,
                "as many were inside as an `i64` can count, and one more came in: in a release build the count wraps, and `+=` does that by itself"
            );
            return;
        }
        expect_panics(""); // that is what the test is about
        let [mut too_many, mut behind] = [1, 0].map(|people| {
            let door = door.clone();
            Box::pin(async move { door.pass(people).await })
        });
        let _ = once(too_many.as_mut()).await;
        let _ = once(behind.as_mut()).await;
        if let Ok(inside) = ends(
            "after which more are inside than an `i64` can count",
            too_many,
        )
        .await
        {
            panic!(
                "as many were inside as an `i64` can count, and one more came in. In a debug build the task panics then, and this caller was told that {inside} are inside. \
                 `+=` panics by itself"
            );
        }
        // One that has its answer from a dying actor does not wait any more.
        let _ = ends("that came after the one at which the task panicked", behind).await;
        let late = async move { door.pass(0).await };
        panics("that came when the task had panicked", late).await;
        if let Ok(last) = within("the task's result", task).await {
            panic!(
                "the task panicked, since the count went beyond an `i64`, and its JoinHandle gives {last}: the count is lost, and the result has to be an `Err`. Is there a task \
                 around the actor's own that makes up a count?"
            );
        }
    });
}

/// The runtime may end before the handles do: when `main` returns, or a test. Then nobody can count any more, and `pass` panics, as
/// `# Panics` in src/lib.rs has it.
///
/// Page: chapter 1, "The reply". The slips: an answer that is made up; a call that tries again for ever.
#[test]
fn without_its_runtime_a_call_panics() {
    check(|| async {
        expect_panics(""); // that is what the test is about
        let (door, task) = on_a_runtime_that_ends(|| async {
            let (door, task) = open(0);
            within("the answer to `pass(1)`", door.pass(1)).await;
            (door, task)
        });
        let clone = door.clone();
        let late = async move { clone.pass(1).await };
        panics("that came after its runtime had ended", late).await;
        assert!(
            within("the task's result", task).await.is_err(),
            "the task's runtime ended before the task did, and there is a result: who counted to the end?"
        );
        let Ok(clones) = thread::spawn(move || [door.clone(), door]).join() else {
            panic!(
                "cloning a handle outside of a runtime panics: a thread may hand on a clone of its own"
            );
        };
        assert!(
            thread::spawn(move || drop(clones)).join().is_ok(),
            "dropping a handle outside of a runtime panics: that is where the last one goes when `main` returns"
        );
    });
}

/// Whatever callers do, in any order, the promises hold: 300 short stories that nobody wrote down, made by a machine (tests/scenarios/mod.rs).
/// One that fails is shortened and told.
#[test]
fn your_promises_hold_whatever_callers_do() {
    harness::scenarios::<scenarios::Door>(300);
}

/// `pass` has no other way to say that nobody is at the door.
async fn panics(which: &str, call: impl Future<Output = i64> + Send + 'static) {
    if let Ok(inside) = ends(which, call).await {
        panic!(
            "a `pass` {which} still says that {inside} are inside. Who counts now? Does the actor run in another task, and this JoinHandle belongs to one \
             around it? Or does the call make up an answer?"
        );
    }
}

async fn ends(
    which: &str,
    call: impl Future<Output = i64> + Send + 'static,
) -> Result<i64, JoinError> {
    let call = tokio::spawn(call);
    settle().await;
    let done = call.is_finished();
    call.abort();
    assert!(
        done,
        "a `pass` {which} waits on and on, and nobody is at the door any more. Does somebody else still hold the mailbox (a handle, another task, a thread)? Or does the \
         call itself hold the Sender of its reply, or wait for a lock that another call holds, or for a thread (`spawn_blocking`)?"
    );
    call.await
}

fn an_async_task_is_there() {
    assert!(
        Handle::current().metrics().num_alive_tasks() > 0,
        "no async task is running: was `run` spawned, and has it ended already? The count belongs to a task that `tokio::spawn` starts. \
         (A thread, or a closure given to `spawn_blocking`, is no async task: it takes up a whole thread as long as the door is there.)"
    );
}

/// As the harness's: waits for `call`, which is done at some time. And if it has to wait, somebody must be there for whom it waits.
#[track_caller]
fn within<F: Future>(what: &str, call: F) -> impl Future<Output = F::Output> {
    let waits = harness::within(what, call);
    async move {
        let mut waits = pin!(waits);
        if let Poll::Ready(output) = once(waits.as_mut()).await {
            return output;
        }
        an_async_task_is_there();
        waits.await
    }
}

async fn once<F: Future>(mut call: Pin<&mut F>) -> Poll<F::Output> {
    poll_fn(|cx| Poll::Ready(call.as_mut().poll(cx))).await
}

/// A call that is polled only when it is told to, and knows whether somebody has woken it meanwhile. At the start another task polls it, too,
/// and hands it on.
struct Sleeper<F: Future> {
    call: Pin<Box<F>>,
    woken: Arc<Woken>,
    other: Arc<Woken>,
    answer: Option<F::Output>,
}

#[derive(Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Relaxed);
    }
}

impl<F: Future> Sleeper<F> {
    async fn starts(call: F) -> Self {
        let mut sleeper = Self {
            call: Box::pin(call),
            woken: Arc::default(),
            other: Arc::default(),
            answer: None,
        };
        sleeper.looks().await;
        std::mem::swap(&mut sleeper.woken, &mut sleeper.other);
        sleeper.looks().await;
        sleeper
    }

    async fn looks(&mut self) {
        if self.answer.is_some() {
            return;
        }
        self.woken.0.store(false, Relaxed);
        let waker = Waker::from(self.woken.clone());
        let mut cx = Context::from_waker(&waker);
        // Tokio makes a task yield after 128 operations in one poll: a look would be in vain.
        let look = unconstrained(async { self.call.as_mut().poll(&mut cx) });
        if let Poll::Ready(output) = look.await {
            self.answer = Some(output);
        }
    }

    fn was_woken(&self) -> bool {
        self.woken.0.load(Relaxed)
    }

    fn other_was_woken(&self) -> bool {
        self.other.0.load(Relaxed)
    }
}

/// Runs `body` on a thread of its own, outside of all runtimes.
fn elsewhere<T: Send + 'static>(body: impl FnOnce() -> T + Send + 'static) -> T {
    let thread = thread::spawn(body).join();
    thread.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// Lets the tasks of this runtime run until all of them wait.
fn has_a_turn(runtime: Runtime) -> Runtime {
    elsewhere(|| {
        runtime.block_on(settle());
        runtime
    })
}

/// The most tasks that are alive while the others run.
async fn most_alive() -> usize {
    let metrics = Handle::current().metrics();
    let (mut most, mut turns) = (0, 0);
    // A task like the others, which has its turn between theirs.
    let spy = tokio::spawn(poll_fn(move |cx| {
        most = most.max(metrics.num_alive_tasks());
        turns += 1;
        if turns == 30 {
            return Poll::Ready(most);
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }));
    let with_the_spy = spy.await.expect("it cannot panic");
    with_the_spy - 1
}
