//! What a sequencer promises. Each test says what it wants and which slip it is there to catch.
//!
//! The tests run in virtual time, on a runtime of their own (see exercises/harness). When a test's body ends, all its
//! handles are dropped, and then every task has to end as well: `check` sees to that in each of these tests.

mod scenarios;

use harness::{
    Calls, alive_tasks, answered_at_once, at_time, check, expect_panics, on_a_runtime_that_ends,
    one_schedule, settle, start_and_drop, until_half_are_answered, wait_in_line,
};
use recipe::SequencerHandle;
use std::{
    future::poll_fn,
    pin::{Pin, pin},
    task::Poll,
    thread,
    time::Duration,
};
use tokio::{
    runtime::Handle,
    task::JoinSet,
    time::{Instant, sleep},
};

/// Numbers come one by one, from 1.
///
/// Page: "The actor". The slips: a loop that handles one message and is done (`if let` for `while let`); one that looks now and then.
#[test]
fn numbers_start_at_one_and_go_on() {
    check(|| async {
        let room = SequencerHandle::new();
        let begin = Instant::now();
        for expected in 1..=3 {
            let number = within("the answer to `next_number`", room.next_number()).await;
            assert_eq!(number, expected, "a room's numbers are 1, then 2, then 3");
        }
        assert_eq!(
            begin.elapsed(),
            Duration::ZERO,
            "three answers took time: does the actor sleep, and look now and then? It waits for the next message with `recv().await`, and is there at once"
        );
    });
}

/// A clone is one more way to the same actor, not one more actor.
///
/// Page: "The handle". The slips: a `Clone` written by hand that starts a new task; handles that are counted in a small type.
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
        an_async_task_is_there();
        drop(vec![clone.clone(); 70_000]);
        assert!(
            alive_tasks().await > 0,
            "70000 more clones came and went, and the actor ended with one of them: it lives on as long as any handle does"
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
        an_async_task_is_there();
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

/// There is no last number.
///
/// Page: "The actor". The slips: a count in a small type; a loop that handles so many messages and no more.
#[test]
fn numbers_go_on_without_an_end() {
    one_schedule("this is about how many, not about when");
    check(|| async {
        let room = SequencerHandle::new();
        let numbers = async {
            for expected in 1..=300 {
                let number = room.next_number().await;
                assert_eq!(number, expected, "a room's numbers go on without an end");
            }
        };
        within("300 numbers, one after another,", numbers).await;
        // Many at a time, which is faster.
        for before in (300..70_000).step_by(50) {
            let callers: JoinSet<_> = (0..50)
                .map(|_| {
                    let room = room.clone();
                    async move { room.next_number().await }
                })
                .collect();
            let what = format!("the numbers of 50 callers that ask after {before} others");
            let numbers = within(&what, callers.join_all()).await;
            if let Some(missing) =
                (before + 1..=before + 50).find(|number| !numbers.contains(number))
            {
                panic!(
                    "50 more callers asked after {before}, and nobody got {missing}; the highest number was {}. A room's numbers go on without an end, and each is given out once",
                    numbers.iter().max().unwrap_or(&0)
                );
            }
        }
    });
}

/// The caller that asks first gets the smaller number, no matter who looks at an answer first.
///
/// Page: "One message at a time". The slips: the actor only gives leave, and the caller counts; a lock in the handle, from the question
/// to the answer; messages that are not handled in their order.
#[test]
fn numbers_follow_the_order_of_the_questions() {
    check(|| async {
        let room = SequencerHandle::new();
        assert_eq!(
            within("the first number", room.next_number()).await,
            1,
            "numbers start at 1"
        );
        an_async_task_is_there();
        let mut first = Calls::new();
        let call = room.clone();
        // Polled once: its message is in the mailbox, and its caller does something else for a while.
        let early = first.start(1, async move { call.next_number().await });
        assert_eq!(
            early.await,
            None,
            "the number was there before any task could run: the handle knows it without asking the actor"
        );
        let second = within(
            "the answer to the second caller, while the first one does not look at its own,",
            room.next_number(),
        )
        .await;
        let first = first.look().await.first().map_or(0, |(_, number)| *number);
        assert_eq!(
            (first, second),
            (2, 3),
            "who asked first gets the smaller number: the actor gives the numbers out, one message after the other, and callers do nothing but wait"
        );
    });
}

/// Callers that find the mailbox full wait in line: each sleeps until it is its turn, and a later one gets a larger number.
///
/// Page: "The mailbox". The slips: a call that does something else before it sends; `try_send` again and again; a wake-up for all that
/// wait, so that the one who happens to look first takes the slot.
#[test]
fn callers_wait_in_line() {
    check(|| async {
        let other = SequencerHandle::new();
        assert_eq!(
            within("the first number", other.next_number()).await,
            1,
            "numbers start at 1"
        );
        let slots = answered_at_once(2_000, || other.next_number()).await;
        assert!(
            slots > 0,
            "2000 callers asked, and none of them had its answer when the actor had run. Does `next_number` await something else before it sends? (Until then nobody has asked, \
             and others may come first.) Or does the actor wait for something before it answers?"
        );
        assert!(
            slots < 2_000,
            "2000 callers came at once, and nobody had to wait for a free slot: does the mailbox have a bound?"
        );
        let room = SequencerHandle::new();
        let line = wait_in_line(2 * slots + 1, Duration::ZERO, || room.next_number()).await;
        assert!(
            !line.last_was_woken,
            "the mailbox is full, and a caller that waits for a free slot was woken when there was none for it yet: it tries again and again, and uses up time that the actor \
             needs. `send(…).await` sleeps until it is its turn"
        );
        for (expected, number) in (1..).zip(line.answers) {
            assert_ne!(
                number, None,
                "caller {expected} in the line has no number, and nobody is at work: either it waits for a timer, or for something that never comes"
            );
            assert_eq!(
                number,
                Some(expected),
                "callers stood in line, more than the mailbox has slots, and this one was number {expected} of them: whoever asks first gets the smaller number, and \
                 nobody who comes later goes before those who wait"
            );
        }
    });
}

/// Each room has a count of its own.
///
/// Page: "The handle". The slip: a `static` count.
#[test]
fn two_rooms_count_independently() {
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
                "this is about callers that give up, but the two numbers before that are not 1 and 2 yet"
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
        // One that panics, with its handle in its hand.
        expect_panics(OF_A_CALLER);
        let clone = room.clone();
        let caller = tokio::spawn(async move {
            clone.next_number().await;
            panic!("{OF_A_CALLER}");
        });
        assert!(
            caller.await.is_err_and(|error| error.is_panic()),
            "it panics"
        );
        assert!(
            alive_tasks().await >= before,
            "a caller panicked after its answer, and your actor died with it: that is no business of the actor"
        );
    });
}

/// Once a question is in the mailbox, dropping the call takes nothing back: it is handled anyway, and uses up a number.
///
/// Page: "The reply". The slips: an actor that skips those who no longer wait, or takes their number back; a caller that counts by itself
/// when the answer comes; a slot in the mailbox that is lost with its caller, or given back too early.
#[test]
fn a_question_counts_though_its_caller_gives_up() {
    check(|| async {
        let room = SequencerHandle::new();
        // Polled once, so that its message is in the mailbox; then dropped.
        start_and_drop(1, || room.next_number()).await;
        settle().await;
        let number = within(
            "the number of a caller that comes later",
            room.next_number(),
        )
        .await;
        assert_eq!(
            number, 2,
            "a caller asked, and gave up after its first poll. The mailbox was empty, so its question should have been in it: it has number 1, and the next one is 2"
        );
        // The slip: a call that sends before anybody awaits it. A future that nobody awaits sends nothing.
        drop(room.next_number());
        let number = within(
            "the number of a caller that comes later",
            room.next_number(),
        )
        .await;
        assert_eq!(
            number, 3,
            "a call was made and never awaited: it should have asked nothing"
        );
        // The slip: an actor that does without them, or ends, when too many in a row have gone.
        an_async_task_is_there();
        let many = 200;
        for caller in 1..=many {
            start_and_drop(1, || room.next_number()).await;
            assert!(
                alive_tasks().await > 0,
                "{caller} callers in a row gave up, and your actor ended: a reply that nobody waits for is no error of the actor, however many there are"
            );
        }
        let number = within(
            "the number of a caller that comes after 200 others which gave up",
            room.next_number(),
        )
        .await;
        let last = 3 + many + 1;
        assert_eq!(
            number, last,
            "{many} callers asked after number 3, one after the other, and each gave up after its first poll. Its question should have been in the mailbox, \
             which was empty, and each of them uses up a number"
        );
        // The slips: some of those that were in the mailbox do not count, or some of those that still waited for a slot do.
        let other = SequencerHandle::new();
        let slots = answered_at_once(2_000, || other.next_number()).await;
        if slots == 2_000 {
            return; // No bound: that is what `the_mailbox_is_bounded` is about.
        }
        start_and_drop(slots + 100, || room.next_number()).await;
        settle().await;
        let number = within(
            "the number of a caller that comes after those that gave up with a full mailbox",
            room.next_number(),
        )
        .await;
        let used_up = number.saturating_sub(last + 1);
        assert_eq!(
            used_up, slots as u64,
            "callers asked and gave up, more than the mailbox has slots, and {used_up} numbers are used up. In the mailbox there were {slots} questions, which count; \
             a caller that still waits for a free slot when it gives up uses up no number"
        );
    });
}

/// The count lives in a task: that is what makes it an actor. (Other tasks may stand in front of it. What counts is that there are no more
/// of them for more clones and questions.)
///
/// Page: "The idea". The slips: an atomic or a mutex inside the handle; a task for every call, or for every message.
#[test]
fn one_task_owns_the_count() {
    check(|| async {
        let room = SequencerHandle::new();
        let tasks = alive_tasks().await;
        an_async_task_is_there();

        let clones = vec![room.clone(); 10];
        for clone in &clones {
            within("the next number", clone.next_number()).await;
        }
        assert_eq!(
            alive_tasks().await,
            tasks,
            "the number of tasks changed with 10 clones and 10 questions: neither a clone nor a question starts a task"
        );

        let mut calls = Calls::new();
        for caller in 0..40 {
            let room = room.clone();
            calls
                .start(caller, async move { room.next_number().await })
                .await;
        }
        let mut most = 0;
        // Those that had to wait for a free slot in the mailbox get one after the other.
        for _ in 0..40 {
            most = most.max(most_alive().await);
            calls.look().await;
        }
        assert!(
            most <= tasks,
            "while 40 questions were handled, up to {most} tasks were alive, and {tasks} after `new`: a question starts no task, and the actor handles one \
             after the other"
        );
    });
}

/// With the last handle gone nobody can ask any more: the actor ends, and without a panic.
///
/// Page: "How it ends". The slips: the actor holds a Sender to itself; `recv().await.unwrap()`; a time-out for the next message.
#[test]
fn the_task_ends_with_the_last_handle() {
    check(|| async {
        let room = SequencerHandle::new();
        let clone = room.clone();
        within("the first number", room.next_number()).await;
        an_async_task_is_there();
        // An actor that looks every few milliseconds is noticed in a minute; a timer that ticks now and then needs a night. (The clock goes on in
        // steps, which wake the runtime, too: a dozen times or so.)
        for silence in [60, 22 * 3600 + 777] {
            let metrics = Handle::current().metrics();
            let before = metrics.worker_park_count(0);
            sleep(Duration::from_secs(silence)).await;
            let wake_ups = metrics.worker_park_count(0) - before;
            assert!(
                wake_ups < 24,
                "in {} of silence the runtime woke up {wake_ups} times: something works although nobody asks. An actor waits for the next message with \
                 `recv().await`, and needs no timer",
                at_time(Duration::from_secs(silence))
            );
            assert!(
                alive_tasks().await > 0,
                "nobody asked anything for {}, and the actor has ended, though there are handles: it waits for the next message however long that takes",
                at_time(Duration::from_secs(silence))
            );
        }
        drop(room);
        assert!(
            alive_tasks().await > 0,
            "one of two handles was dropped: the actor should still be there"
        );
        drop(clone);
        let left = alive_tasks().await;
        assert_eq!(
            left, 0,
            "the last handle is gone, and the actor is still there: it waits for messages that nobody can send. Who still holds a Sender?"
        );
    });
}

/// When messages come faster than they are handled, callers wait; the mailbox does not grow without end. All clones share it.
///
/// Page: "The mailbox". The slips: `mpsc::unbounded_channel`; a task for each `send`; a mailbox for each clone.
#[test]
fn the_mailbox_is_bounded() {
    check(|| async {
        let room = SequencerHandle::new();
        // 5,000 callers ask before the actor can run. Those whose message went in at once are answered in the first go.
        let accepted = answered_at_once(5_000, || {
            let clone = room.clone();
            async move { clone.next_number().await }
        })
        .await;
        assert!(
            accepted <= 2_000,
            "{accepted} of 5000 questions, each through a clone of its own, went in while nobody read them: the mailbox has no bound, or one that is too large to matter, \
             or there is one for each clone. With `mpsc::channel(8)`, and a handle that awaits its own `send`, callers wait instead"
        );
        // The slip: an actor that takes in whatever comes, and keeps it in a queue of its own.
        let room = SequencerHandle::new();
        let asking = until_half_are_answered(5_000, || {
            let clone = room.clone();
            async move { clone.next_number().await }
        });
        let answered = within("the answers to half of 5000 callers", asking).await;
        let next = within(
            "the number of a caller that comes later",
            room.next_number(),
        )
        .await;
        let taken_in = next - 1 - answered as u64;
        assert!(
            taken_in <= 2_000,
            "5000 callers asked while the actor worked. When {answered} of them had their answers and the others gave up, {taken_in} more questions had been taken in: the \
             mailbox has a bound, and behind it messages wait without one. An actor takes the next message when it is done with the last one"
        );
    });
}

/// The runtime may end before the handles do: when `main` returns, or a test. Then nobody can answer any more, and a call says so: it
/// panics, as `# Panics` in src/lib.rs has it.
///
/// Page: "The reply". The slips: an answer that is made up (`unwrap_or(0)`); a call that tries again for ever, or starts another actor;
/// slots that nobody gives back any more.
#[test]
fn without_its_runtime_a_call_panics() {
    check(|| async {
        expect_panics(""); // that is what the test is about
        let (room, waits, in_line) = on_a_runtime_that_ends(|| async {
            let room = SequencerHandle::new();
            within("the first number", room.next_number()).await;
            // One waits for its answer when the runtime ends, the other one for a free slot: between them came more than the mailbox holds.
            let call = |room: SequencerHandle| Box::pin(async move { room.next_number().await });
            let (mut waits, mut in_line) = (call(room.clone()), call(room.clone()));
            let _ = once(waits.as_mut()).await;
            start_and_drop(2_000, || room.next_number()).await;
            let _ = once(in_line.as_mut()).await;
            (room, waits, in_line)
        });
        panics("a call that waited when its runtime ended", waits).await;
        panics(
            "a call that found the mailbox full when its runtime ended",
            in_line,
        )
        .await;
        let clone = room.clone();
        let late = async move { clone.next_number().await };
        panics("a call after its runtime had ended", late).await;
        assert!(
            thread::spawn(move || drop(room)).join().is_ok(),
            "dropping a handle outside of a runtime panics: that is where the last one goes when `main` returns"
        );
    });
}

/// Whatever callers do, in any order, the promises hold: 300 short stories that nobody wrote down, made by a machine (tests/scenarios/mod.rs).
/// One that fails is shortened and told.
#[test]
fn your_promises_hold_whatever_callers_do() {
    harness::scenarios::<scenarios::Numbers>(300);
}

const OF_A_CALLER: &str = "a caller panics: its own affair";

fn an_async_task_is_there() {
    assert!(
        Handle::current().metrics().num_alive_tasks() > 0,
        "no async task is running: this is not an actor, or its task has ended. The count belongs to a task that `tokio::spawn` starts, and a handle only sends to it. \
         (A thread, or a closure given to `spawn_blocking`, is no async task: it takes up a whole thread as long as the room is there.)"
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

async fn panics(what: &str, call: impl Future<Output = u64> + Send + 'static) {
    let call = tokio::spawn(call);
    settle().await;
    assert!(
        call.is_finished(),
        "{what} waits on and on, and no actor is left that could answer. The send has failed, or the answer cannot come: what is the call waiting for? \
         (An answer fails as soon as the Sender of the reply is dropped, and not while the call itself still holds it.)"
    );
    if let Ok(number) = call.await {
        panic!("{what} returned {number}: no actor is left that could have given this number out");
    }
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
