//! What one member's screen promises. Each test says what it wants and which slip it is there to catch.
//!
//! The tests run in virtual time (see exercises/harness). When a test's body ends, all its handles are dropped, and then every task has
//! to end as well: `check` sees to that in each of these tests.

mod scenarios;

use harness::{
    Calls, accepted_sends, alive_tasks, check, count_polls, expect_panics, in_no_time,
    on_a_runtime_that_ends, settle, start_and_drop, wake_ups_so_far, within,
};
use no_reply::{Closed, Lost, MemberHandle, Screen, open};
use std::{
    future::poll_fn,
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
    thread,
    time::Duration,
};
use tokio::{sync::Semaphore, task::JoinSet, time::sleep};

const SECOND: Duration = Duration::from_secs(1);

/// Step 1. What is told is shown, line by line, in the order in which it was told.
///
/// Page: "A tell". The slips: a loop that shows one line and is done; a task for each line.
#[test]
fn lines_are_shown_in_their_order() {
    check(|| async {
        let (screen, seen) = screen(SECOND);
        let member = open(screen, 8);
        let clone = member.clone();
        for number in 0..3 {
            tell(&member, &format!("line {}", 2 * number + 1)).await;
            tell(&clone, &format!("line {}", 2 * number + 2)).await;
        }
        sleep(6 * SECOND + SECOND / 2).await;
        assert_eq!(
            seen.shown(),
            (1..=6).map(|n| format!("line {n}")).collect::<Vec<_>>(),
            "six lines were told, through two handles in turn, and each takes a second: these have been shown 6.5 seconds later"
        );
        assert_eq!(
            seen.most_at_a_time(),
            1,
            "a screen shows one line at a time: the next one begins when the last one is shown"
        );
    });
}

/// Step 1. `tell` hands over a line. It does not wait until the line is shown.
///
/// Page: "What Ok says". The slip: a oneshot in the message, and an `.await` for it.
#[test]
fn a_tell_returns_before_its_line_is_shown() {
    check(|| async {
        let (screen, seen) = screen(SECOND);
        let member = open(screen, 8);
        for number in 1..=3 {
            let told = in_no_time(
                "the end of a `tell` (8 lines may wait)",
                member.tell(format!("line {number}")),
            );
            assert_eq!(told.await, Ok(()), "the member is there");
        }
        assert_eq!(
            seen.shown().len(),
            0,
            "no time has passed, and a line takes a second"
        );
    });
}

/// Step 1. `capacity` lines may wait while one is shown; then a caller waits, and no line gets lost.
///
/// Page: "A tell". The slips: no bound; another bound than the one that was asked for; a queue behind the mailbox; a task for each
/// line that carries it; a `tell` that refuses where it should wait.
#[test]
fn as_many_lines_wait_as_may_wait() {
    check(|| async {
        for capacity in [1, 3, 1000] {
            let (screen, seen) = screen(SECOND);
            let member = open(screen, capacity);
            tell(&member, "the line that is being shown").await;
            settle().await;
            let accepted = accepted_sends(3 * capacity, || member.tell("a line".to_owned())).await;
            settle().await;
            let more = accepted_sends(3 * capacity, || member.tell("a line".to_owned())).await;
            let (Some(accepted), Some(more)) = (accepted, more) else {
                panic!(
                    "the capacity is {capacity}, and {} lines went in while one was shown, without any waiting: what bounds the lines that wait?",
                    3 * capacity
                );
            };
            assert_eq!(
                accepted + more,
                capacity,
                "with a capacity of {capacity}, so many lines were accepted while one was shown"
            );
            let waits = member.clone();
            let waits = tokio::spawn(async move { waits.tell("the last line".to_owned()).await });
            settle().await;
            assert!(
                !waits.is_finished(),
                "the capacity is {capacity}, and so many lines wait: `tell` has to wait for a slot; it returned"
            );
            let slot = within("a slot for the line that waits", waits).await;
            assert_eq!(
                slot.expect("the call does not panic"),
                Ok(()),
                "there was a slot after a second"
            );
            settle().await;
            let more = accepted_sends(3 * capacity, || member.tell("a line".to_owned())).await;
            assert_eq!(
                more,
                Some(0),
                "when a line is shown, the next one leaves its slot, and the line that waited has taken that: with a capacity of {capacity}, so many more were accepted. How many lines does your member take at a time?"
            );
            drop(member);
            sleep(SECOND * (capacity as u32 + 3)).await;
            assert_eq!(
                seen.shown().len(),
                capacity + 2,
                "all handles were dropped, and so many lines were shown in the end: lines that were accepted before the last handle is dropped are shown. (Page: \"What Ok says\")"
            );
        }
    });
}

/// Step 1. Every allowed capacity is just a number: slots that nobody uses need no memory.
///
/// Page: "A tell". The slip: a queue of one's own, made with room for all lines; a hidden bound.
#[test]
fn the_largest_capacity_needs_no_memory() {
    check(|| async {
        let (screen, seen) = screen(SECOND);
        let opened = tokio::spawn(async { open(screen, Semaphore::MAX_PERMITS) }).await;
        let member = opened.expect("`Semaphore::MAX_PERMITS` is allowed: so many lines may wait");
        assert_eq!(
            accepted_sends(10_000, || member.tell("a line".to_owned())).await,
            None,
            "`Semaphore::MAX_PERMITS` lines may wait, and `tell` had to wait for a slot after so many. (Page: \"A tell\")"
        );
        drop(member);
        sleep(SECOND * 10_001).await;
        assert_eq!(
            seen.shown().len(),
            10_000,
            "so many of 10,000 lines were shown"
        );
    });
}

/// Step 1. Callers that wait for a slot stand in line. One that gives up leaves the line, and its line is never shown.
///
/// Page: "A tell". The slips: a task that goes on in the caller's stead; a sleep and another try; a time-out after which the caller joins the line anew; a slot that
/// is taken and never given back.
#[test]
fn tellers_wait_in_line() {
    check(|| async {
        let (screen, seen) = screen(SECOND);
        let member = open(screen, 1);
        tell(&member, "1").await;
        settle().await;
        tell(&member, "2").await;
        let mut waiting = Calls::new();
        for number in 3..=6 {
            let member = member.clone();
            let call = async move { member.tell(number.to_string()).await };
            assert_eq!(
                waiting.start(number, call).await,
                None,
                "one line may wait, and one does: `tell` has to wait"
            );
        }
        waiting.give_up_oldest(); // 3, in its line
        sleep(SECOND + SECOND / 2).await;
        waiting.give_up_oldest(); // 4, which has got the slot and did not look
        waiting
            .rest(20 * SECOND, |number, told| {
                assert_eq!(
                    told,
                    Ok(()),
                    "line {number} waited for a slot, and the member is there"
                );
            })
            .await;
        assert_eq!(
            waiting.waiting().len(),
            0,
            "callers still wait, and the mailbox is empty: who has taken the slots?"
        );
        assert_eq!(
            seen.shown(),
            ["1", "2", "5", "6"],
            "the tellers of 3 and 4 gave up while they waited. The others wait in line"
        );

        // The same for hours, with callers that come at odd times.
        let (screen, _) = self::screen(Duration::from_millis(9_871_300));
        let member = open(screen, 1);
        full(&member, 1).await;
        let mut order = Vec::new();
        for number in 2..=5 {
            let member = member.clone();
            let call = async move { member.tell(number.to_string()).await };
            let told = waiting.start(number, call).await;
            assert_eq!(told, None, "one line may wait, and one does");
            waiting
                .rest(Duration::from_millis(1_013_373), |number, _| {
                    order.push(number);
                })
                .await;
        }
        drop(member);
        waiting
            .rest(SECOND * 17 * 3600, |number, _| order.push(number))
            .await;
        assert_eq!(
            order,
            [2, 3, 4, 5],
            "four callers came one after the other, waited for hours, and were accepted in this order: the caller that has waited longest gets the next slot. Does each keep its turn while it waits? (Page: \"When the mailbox is full\")"
        );
    });
}

/// Step 1. Every line comes as it is, also the ten thousandth, the empty one and the long one.
///
/// Page: "A tell". The slips: a loop that ends by itself; lines that are taken for equal; a queue that drops the oldest.
#[test]
fn no_line_is_lost_or_changed() {
    check(|| async {
        let (screen, seen) = screen(Duration::ZERO);
        let member = open(screen, 3);
        let lines: Vec<_> = (0..10_000)
            .map(|number| match number % 1000 {
                0 => String::new(),
                1 | 2 => "the same again".to_owned(),
                3 => "  a line\nthat is two 🦀 ".repeat(2_000),
                _ => number.to_string(),
            })
            .collect();
        let told = async {
            for line in &lines {
                member.tell(line.clone()).await?;
            }
            Ok(())
        };
        let told = within("the end of 10,000 tells", told).await;
        assert_eq!(told, Ok::<(), Closed>(()), "the member is there");
        settle().await;
        let shown = seen.shown();
        let wrong = lines
            .iter()
            .zip(&shown)
            .position(|(told, shown)| told != shown);
        assert_eq!(
            (shown.len(), wrong),
            (lines.len(), None),
            "10,000 lines were told: so many were shown, and this is the first that differs"
        );
    });
}

/// Step 1. A screen can be lost. Then the member ends, and every teller hears it: nobody else says it.
///
/// Page: "The trouble first" and "A tell". The slips: `let _ =` in front of the send; an actor that goes on with a screen that is lost; a
/// panic in the caller.
#[test]
fn a_teller_hears_that_the_screen_is_lost() {
    check(|| async {
        let (screen, seen) = screen_that(SECOND, |line| match line {
            "the last line" => Err(Lost),
            _ => Ok(()),
        });
        let member = open(screen, 2);
        for line in ["a line", "the last line", "nobody sees it"] {
            tell(&member, line).await;
            settle().await;
        }
        let waits = member.clone();
        let waits = tokio::spawn(async move {
            let first = waits.tell("waits for a slot".to_owned()).await;
            (first, waits.tell("waits for another one".to_owned()).await)
        });
        sleep(SECOND * 5).await;
        assert_eq!(
            seen.shown(),
            ["a line"],
            "the screen was lost at the second line: what follows cannot be shown"
        );
        assert_eq!(
            seen.begun(),
            2,
            "the screen was lost at its second line, and so many lines have begun: a lost screen is not tried again. (Page: \"The trouble first\")"
        );
        assert!(
            waits.is_finished(),
            "the screen is lost, and `tell` still waits for a slot. Who holds the Receiver?"
        );
        let (first, second) = waits
            .await
            .expect("`tell` panicked: the end of a member is no reason to");
        assert_eq!(
            first,
            Ok(()),
            "this call waited for a slot, and got one a second before the screen was lost"
        );
        assert_eq!(
            second,
            Err(Closed),
            "this call waited for a slot when the screen was lost. Its line will never be shown, and nothing but `tell` can say so"
        );
        for handle in [&member, &member.clone()] {
            let told = in_no_time("an answer", handle.tell("too late".to_owned())).await;
            assert_eq!(
                told,
                Err(Closed),
                "the screen is lost, so the line will never be shown, and nothing but `tell` can say so"
            );
        }
        the_end(&seen, "the screen was lost").await;
    });
}

/// Step 1. A screen that panics ends its member as well, and its tellers hear of it.
///
/// Page: "A tell". The slip: a panic that is caught, or comes to a task of its own, and an actor that goes on.
#[test]
fn a_screen_that_panics_ends_the_member() {
    check(|| async {
        expect_panics("this screen panics");
        let (screen, seen) = screen_that(SECOND, |_| panic!("this screen panics"));
        let member = open(screen, 1);
        tell(&member, "a line").await;
        settle().await;
        tell(&member, "another line").await;
        let waits = in_no_time_after(SECOND, member.tell("waits".to_owned()));
        assert_eq!(
            waits.await,
            Err(Closed),
            "the screen panicked while this call waited for a slot"
        );
        assert_eq!(
            within("an answer", member.tell("late".to_owned())).await,
            Err(Closed),
            "the screen has panicked, and so nothing will be shown any more"
        );
        the_end(&seen, "the screen panicked").await;
    });
}

/// Step 1. When the last handle is dropped, nobody can tell any more; what was accepted before is shown first, and then the member ends.
///
/// Page: "What Ok says". The slips: a `Drop` that aborts; a loop that leaves as soon as the channel is closed; a Sender in the actor; a
/// clone without a Sender.
#[test]
fn accepted_lines_are_shown_before_the_end() {
    check(|| async {
        for idle in [false, true] {
            let (screen, seen) = screen(SECOND);
            let member = open(screen, 3);
            let clone = member.clone();
            for number in 0..3 {
                tell(&member, &number.to_string()).await;
            }
            drop(member);
            assert!(
                alive_tasks().await > 0,
                "one of two handles was dropped: the member should be there"
            );
            let mut expected = vec!["0", "1", "2"];
            if idle {
                sleep(4 * SECOND).await;
                assert_eq!(
                    within("the end of a `tell`", clone.tell("3".to_owned())).await,
                    Ok(()),
                    "the first handle was dropped, and all lines were shown after that. A clone is left, and it keeps the member as the first handle did"
                );
                expected.push("3");
            }
            drop(clone);
            sleep(4 * SECOND).await;
            assert_eq!(
                seen.shown(),
                expected,
                "all these lines were accepted before the last handle was dropped. (Page: \"What Ok says\")"
            );
            the_end(
                &seen,
                "the last handle was dropped, and all lines are shown",
            )
            .await;
        }
    });
}

/// Step 1. A member with nothing to show waits: it starts no tasks, and looks for nothing.
///
/// Page: "A tell". The slips: a task for each line; a loop of `try_recv` and `sleep`; a timer that ticks; a member that ends after hours of silence.
#[test]
fn a_quiet_member_costs_nothing() {
    check(|| async {
        let (screen, seen) = screen(SECOND);
        let member = open(screen, 2);
        let tasks = alive_tasks().await;
        assert!(
            tasks > 0,
            "no task is running: who shows the lines, while the tellers do something else?"
        );
        // One that looks every few milliseconds is noticed in a minute; a timer that ticks now and then needs a night.
        for silence in [60, 10 * 3600 + 777] {
            let before = wake_ups_so_far();
            sleep(Duration::from_secs(silence)).await;
            let wake_ups = wake_ups_so_far() - before;
            assert!(
                wake_ups < 24,
                "in {silence} seconds of silence the runtime woke up {wake_ups} times: something works although nobody tells anything. An actor waits for the next message with `recv().await`"
            );
        }
        for number in 0..40 {
            start_and_drop(1, || member.tell(number.to_string())).await;
            let now = alive_tasks().await;
            assert!(
                now <= tasks + 2,
                "{now} tasks are alive, and {tasks} were at the start: neither a line nor a call needs a task of its own"
            );
        }
        tell(&member, "the last line").await;
        sleep(60 * SECOND).await;
        assert_eq!(
            seen.shown().last().map(String::as_str),
            Some("the last line"),
            "after a night of silence the member should still be there"
        );
    });
}

/// Step 1. The runtime may end before the handles do. Then each call says so.
///
/// Page: "What Ok says". The slips: a wait for a slot that never comes; `Ok` for a line that nobody will show; `tokio::spawn` in a call.
#[test]
fn without_its_runtime_a_member_is_closed() {
    check(|| async {
        let (member, waits) = on_a_runtime_that_ends(|| async {
            let (screen, _) = screen(SECOND);
            let member = open(screen, 1);
            tell(&member, "1").await;
            settle().await;
            tell(&member, "2").await;
            let call = member.clone();
            let mut waits = Box::pin(async move { call.tell("3".to_owned()).await });
            let pending = poll_fn(|cx| Poll::Ready(waits.as_mut().poll(cx).is_pending()));
            assert!(pending.await, "one line may wait, and one does");
            (member, waits)
        });
        assert_eq!(
            within("an answer", waits).await,
            Err(Closed),
            "this call waited for a slot when the member's runtime ended"
        );
        let told = within("an answer", member.tell("late".to_owned())).await;
        assert_eq!(told, Err(Closed), "the member's runtime has ended");
        assert!(
            thread::spawn(move || drop(member)).join().is_ok(),
            "dropping a handle outside of a runtime panics: that is where the last one goes when `main` returns"
        );
    });
}

/// Step 2. While there is a slot, `tell_or_end` does what `tell` does, and does not wait.
///
/// Page: "When the mailbox is full". The slips: a second channel, and with it another order and another bound; an end though there was a slot.
#[test]
fn tell_or_end_tells_while_there_is_a_slot() {
    check(|| async {
        for capacity in [1, 3, 1000] {
            let (screen, seen) = screen(SECOND);
            let member = open(screen, capacity);
            let mut expected = Vec::new();
            for number in 0..capacity {
                let line = number.to_string();
                expected.push(line.clone());
                if number % 3 == 1 {
                    tell(&member, &line).await;
                } else {
                    assert_eq!(
                        member.tell_or_end(line),
                        Ok(()),
                        "the capacity is {capacity}, and lines that wait: {number}. There is a slot"
                    );
                }
            }
            settle().await;
            expected.push("more".to_owned());
            assert_eq!(
                member.clone().tell_or_end("more".to_owned()),
                Ok(()),
                "the capacity is {capacity}. One of so many is being shown by now, so there is a slot"
            );
            drop(member);
            sleep(SECOND * (capacity as u32 + 2)).await;
            assert_eq!(
                seen.shown(),
                expected,
                "lines are shown in the order in which they were accepted, whichever call brought them"
            );
        }
    });
}

/// Step 2. With no slot left, `tell_or_end` ends the member, now: the screen is dropped in the middle of its line.
///
/// Page: "End it". The slips: a line that is dropped without a word; a message that says stop, behind all that waits; a flag that is looked
/// at between two lines; a closed mailbox whose lines are still shown; a signal that a member hears only while it waits.
#[test]
fn a_full_mailbox_ends_the_member() {
    check(|| async {
        for capacity in [1, 3] {
            let (screen, seen) = screen(60 * SECOND);
            let member = open(screen, capacity);
            full(&member, capacity).await;
            sleep(SECOND).await;
            assert_eq!(
                member.tell_or_end("one too many".to_owned()),
                Err(Closed),
                "with a capacity of {capacity}, so many lines wait. The line will not be shown, and its teller has to know"
            );
            the_end(&seen, "`tell_or_end` found no slot").await;
            sleep(600 * SECOND).await;
            assert_eq!(
                seen.shown().len(),
                0,
                "the member was ended in the middle of its first line: nothing is shown any more"
            );
        }
        // The same before the member has run for the first time.
        let (screen, seen) = screen(SECOND);
        let member = open(screen, 2);
        for number in 0..2 {
            assert_eq!(
                member.tell_or_end(number.to_string()),
                Ok(()),
                "two lines may wait, and lines that wait: {number}"
            );
        }
        assert_eq!(
            member.tell_or_end("one too many".to_owned()),
            Err(Closed),
            "two lines may wait, and two do: the member has not run yet, and has taken none of them"
        );
        settle().await;
        assert!(
            seen.is_dropped(),
            "`tell_or_end` ended the member before it had run for the first time, and the member goes on: is the order to end kept until the member looks for it? (Page: \"End it\")"
        );
        assert_eq!(
            seen.begun(),
            0,
            "`tell_or_end` ended the member before it had run for the first time, and so many lines began after that. (Page: \"End it\")"
        );
        the_end(&seen, "`tell_or_end` found no slot").await;
    });
}

/// Step 2. The end holds for everybody: callers that wait, later calls, and clones.
///
/// Page: "End it". The slips: a switch that each clone has for itself; callers that wait for ever; a new member in the place of the old one.
#[test]
fn all_tellers_hear_of_the_end() {
    check(|| async {
        let (screen, seen) = screen(60 * SECOND);
        let member = open(screen, 2);
        let clone = member.clone();
        full(&member, 2).await;
        let mut waiting = JoinSet::new();
        for handle in [member.clone(), clone.clone(), clone.clone()] {
            waiting.spawn(async move { handle.tell("waits".to_owned()).await });
        }
        settle().await;
        assert_eq!(
            clone.tell_or_end("one too many".to_owned()),
            Err(Closed),
            "two lines may wait, two do, and three callers wait for a slot"
        );
        settle().await;
        while let Some(told) = waiting.try_join_next() {
            assert_eq!(
                told.expect("`tell` does not panic"),
                Err(Closed),
                "this call waited for a slot when the member was ended: its line will never be shown"
            );
        }
        assert_eq!(
            waiting.len(),
            0,
            "so many calls still wait for a slot of a member that has ended"
        );
        for handle in [&member, &clone, &clone.clone()] {
            let told = in_no_time("an answer", handle.tell("late".to_owned())).await;
            assert_eq!(
                told,
                Err(Closed),
                "the member has been ended: `tell` says so"
            );
            assert_eq!(
                handle.tell_or_end("late".to_owned()),
                Err(Closed),
                "the member has been ended: `tell_or_end` says so"
            );
        }
        the_end(&seen, "`tell_or_end` found no slot").await;
    });
}

/// Step 2. `tell_or_end` is a plain function, and works where no runtime is: on a thread of its own, and after the member's runtime has ended.
///
/// Page: "End it". The slip: a `tokio::spawn` in the call, which panics there.
#[test]
fn tell_or_end_needs_no_runtime() {
    check(|| async {
        let (display, seen) = screen(60 * SECOND);
        let member = open(display, 1);
        full(&member, 1).await;
        let told = thread::spawn(move || member.tell_or_end("one too many".to_owned()));
        assert_eq!(
            told.join()
                .expect("`tell_or_end` panicked on a thread that knows no runtime"),
            Err(Closed),
            "one line may wait, and one does"
        );
        the_end(&seen, "`tell_or_end` found no slot").await;

        let member = on_a_runtime_that_ends(|| async {
            let (display, _) = screen(SECOND);
            let member = open(display, 1);
            full(&member, 1).await;
            member
        });
        assert_eq!(
            member.tell_or_end("late".to_owned()),
            Err(Closed),
            "the member's runtime has ended"
        );
    });
}

/// Step 2. A slot that becomes free belongs to the caller that waits longest. A call that does not wait cannot have it.
///
/// Page: "When the mailbox is full". The slip: a queue of one's own, in which a call that tries comes before those that wait.
#[test]
fn tell_or_end_overtakes_nobody() {
    check(|| async {
        let (screen, seen) = screen(SECOND);
        let member = open(screen, 1);
        full(&member, 1).await;
        let mut waiting = Calls::new();
        let call = member.clone();
        let told = waiting.start(1, async move { call.tell("waits".to_owned()).await });
        assert_eq!(told.await, None, "one line may wait, and one does");
        // Line 1 is being shown by now, and the caller that waits has not looked yet.
        sleep(SECOND + SECOND / 2).await;
        assert_eq!(
            member.tell_or_end("overtakes".to_owned()),
            Err(Closed),
            "one slot has become free, and a caller waits for it: there is none for a call that does not wait"
        );
        the_end(&seen, "`tell_or_end` found no slot").await;
    });
}

/// Step 2. After the end no line begins, not even if the last one was just done. 64 times, since what is random may go well.
///
/// Page: "End it". The slip: a `select!` that takes the end of a line and the order to end by chance.
#[test]
fn no_line_begins_after_the_end() {
    check(|| async {
        for _ in 0..64 {
            let (screen, seen) = screen(SECOND);
            let member = open(screen, 2);
            full(&member, 2).await;
            // To the instant at which line 0 ends.
            sleep(SECOND).await;
            let mut told = Ok(());
            while told.is_ok() {
                told = member.tell_or_end("one too many".to_owned());
            }
            let begun = seen.begun();
            the_end(&seen, "`tell_or_end` found no slot").await;
            assert_eq!(
                seen.begun(),
                begun,
                "a line began after `tell_or_end` had ended the member: two things happened in one instant, the end of a line and the end of the member, and the wrong one went first"
            );
        }
    });
}

/// Step 3. `gone` waits for the end of the member, for all who wait, and returns at once when it has been.
///
/// Page: "Hear of the end". The slips: an end that needs what `gone` holds; a `Notify` or a oneshot that tells only one, or only those that wait; a `gone` that returns too early; a mailbox that is
/// dropped before the screen.
#[test]
fn gone_ends_when_the_member_has() {
    check(|| async {
        for (why, lost) in [("it was ended", false), ("the screen was lost", true)] {
            let (screen, seen) = screen_that(SECOND, move |_| match lost {
                true => Err(Lost),
                false => Ok(()),
            });
            let member = open(screen, 1);
            seen.state().asks_at_its_end = Some(member.clone());
            let mut waiting = JoinSet::new();
            for _ in 0..3 {
                let (member, seen) = (member.clone(), seen.clone());
                waiting.spawn(async move {
                    member.gone().await;
                    seen.is_dropped()
                });
            }
            // A caller that gives up.
            start_and_drop(1, || member.gone()).await;
            sleep(3600 * SECOND).await;
            full(&member, 1).await;
            assert!(
                waiting.try_join_next().is_none(),
                "`gone` returned, and the member is there: it shows a line"
            );
            if lost {
                sleep(SECOND).await;
            } else {
                let told = member.tell_or_end("one too many".to_owned());
                assert_eq!(told, Err(Closed), "one line may wait, and one does");
                settle().await;
                assert!(
                    seen.is_dropped(),
                    "`tell_or_end` found no slot while callers waited in `gone`, and the member goes on: does the end need something that `gone` holds? (Page: \"End it\")"
                );
            }
            for _ in 0..3 {
                let dropped = in_no_time("the end of `gone`", waiting.join_next()).await;
                assert_eq!(
                    dropped.map(|dropped| dropped.expect("`gone` does not panic")),
                    Some(true),
                    "`gone` returned because {why}: by then the screen is dropped"
                );
            }
            // On another thread, somebody who waits could go on in the middle of this.
            assert!(
                !seen.state().was_gone_first,
                "`gone` returned because {why}, and the screen was still there: it was only about to be dropped. In which order does your member drop what it has?"
            );
            in_no_time("the end of a `gone` that comes late", member.gone()).await;
            in_no_time("the end of `gone` on a clone", member.clone().gone()).await;
        }
    });
}

/// Step 3. `gone` hears of a panic and of the runtime's end, too.
///
/// Page: "Hear of the end". The slip: an actor that says goodbye in its last line, which is not reached.
#[test]
fn gone_hears_of_every_end() {
    check(|| async {
        expect_panics("this screen panics");
        let (panics, _) = screen_that(SECOND, |_| panic!("this screen panics"));
        let member = open(panics, 1);
        tell(&member, "a line").await;
        within("the end of `gone` after a panic", member.gone()).await;
        within("the end of a late `gone`", member.gone()).await;

        let member = on_a_runtime_that_ends(|| async {
            let (screen, _) = screen(SECOND);
            open(screen, 1)
        });
        within(
            "the end of `gone` after the end of the runtime",
            member.gone(),
        )
        .await;
    });
}

/// Step 3. Waiting for the end costs nothing, and a caller that waits keeps the member alive, as any handle does.
///
/// Page: "Hear of the end". The slip: a loop that looks and sleeps.
#[test]
fn gone_waits_and_does_not_look() {
    check(|| async {
        let (screen, seen) = screen(SECOND);
        let member = open(screen, 1);
        let waits = member.clone();
        let waits = tokio::spawn(async move { count_polls(waits.gone()).await });
        let tellers = member.clone();
        drop(member);
        let before = wake_ups_so_far();
        sleep(60 * SECOND).await;
        let wake_ups = wake_ups_so_far() - before;
        assert!(
            wake_ups < 24,
            "in a minute in which nothing happened, while a caller waited in `gone`, the runtime woke up {wake_ups} times. Wait for the end, and do not look for it"
        );
        full(&tellers, 1).await;
        drop(tellers);
        sleep(20 * SECOND).await;
        assert_eq!(
            seen.shown().len(),
            2,
            "a caller waits in `gone` and has a handle, so the member is there and shows its lines"
        );
        assert!(
            !waits.is_finished(),
            "a caller waits in `gone` and has a handle: the member has not ended, and `gone` has returned"
        );
        waits.abort();
        let _ = waits.await;
        the_end(
            &seen,
            "the caller that waited in `gone` gave up, and its handle was the last one",
        )
        .await;
    });
}

/// Whatever callers do, in any order, the promises hold: 200 short stories that nobody wrote down, made by a machine (tests/scenarios/mod.rs).
/// One that fails is shortened and told.
#[test]
fn your_promises_hold_whatever_callers_do() {
    harness::scenarios::<scenarios::Member>(200);
}

async fn tell(member: &MemberHandle, line: &str) {
    let told = within("the end of a `tell`", member.tell(line.to_owned())).await;
    assert_eq!(
        told,
        Ok(()),
        "`tell` said that the member has ended, and nothing has ended it"
    );
}

/// One line is being shown, and `capacity` lines wait.
async fn full(member: &MemberHandle, capacity: usize) {
    for number in 0..=capacity {
        let told = in_no_time("a slot for a line", member.tell(number.to_string()));
        assert_eq!(
            told.await,
            Ok(()),
            "there is a slot, and the member is there"
        );
        settle().await;
    }
}

/// The member has ended by now, without any time.
async fn the_end(seen: &Seen, why: &str) {
    let tasks = alive_tasks().await;
    assert!(
        seen.is_dropped(),
        "{why}, and the screen is not dropped: somebody still holds it, in the middle of a line or behind one"
    );
    assert!(!seen.is_showing(), "{why}, and a line is still being shown");
    assert_eq!(
        tasks, 0,
        "{why}, and so many tasks are alive: the member should have ended"
    );
}

async fn in_no_time_after<F: Future>(time: Duration, call: F) -> F::Output {
    let start = tokio::time::Instant::now();
    let output = within("the end of a call that waits", call).await;
    assert_eq!(
        start.elapsed(),
        time,
        "so long a call waited, and it should have been told in the very instant: a call that waits is woken, and does not look now and then. (Page: \"A tell\")"
    );
    output
}

/// What has happened to a screen. Clones see the same one.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    begun: usize,
    shown: Vec<String>,
    at_a_time: usize,
    most_at_a_time: usize,
    dropped: bool,
    /// When the screen is dropped, it asks this member whether it is gone.
    asks_at_its_end: Option<MemberHandle>,
    was_gone_first: bool,
}

/// A screen that needs so long for each line.
fn screen(takes: Duration) -> (Screen, Seen) {
    screen_that(takes, |_| Ok(()))
}

/// A screen that needs so long for each line, and is then lost, or panics, if `result` says so.
fn screen_that(
    takes: Duration,
    result: impl Fn(&str) -> Result<(), Lost> + Clone + Send + 'static,
) -> (Screen, Seen) {
    let seen = Seen::default();
    let connection = Connection(seen.clone());
    let screen = Screen::new(move |line| {
        let (seen, result) = (connection.0.clone(), result.clone());
        async move {
            let line_on = LineOn::begin(seen.clone());
            sleep(takes).await;
            result(&line)?;
            drop(line_on);
            seen.state().shown.push(line);
            Ok(())
        }
    });
    (screen, seen)
}

impl Seen {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many lines have begun.
    fn begun(&self) -> usize {
        self.state().begun
    }

    fn shown(&self) -> Vec<String> {
        self.state().shown.clone()
    }

    fn is_showing(&self) -> bool {
        self.state().at_a_time > 0
    }

    fn most_at_a_time(&self) -> usize {
        self.state().most_at_a_time
    }

    fn is_dropped(&self) -> bool {
        self.state().dropped
    }
}

/// As long as the screen is there.
struct Connection(Seen);

impl Drop for Connection {
    fn drop(&mut self) {
        let member = self.0.state().asks_at_its_end.take();
        let was_gone_first = member.is_some_and(|member| {
            let mut context = Context::from_waker(Waker::noop());
            pin!(member.gone()).poll(&mut context).is_ready()
        });
        let mut state = self.0.state();
        state.was_gone_first = was_gone_first;
        state.dropped = true;
    }
}

/// As long as a line is being shown.
struct LineOn(Seen);

impl LineOn {
    fn begin(seen: Seen) -> Self {
        let mut state = seen.state();
        state.begun += 1;
        state.at_a_time += 1;
        state.most_at_a_time = state.most_at_a_time.max(state.at_a_time);
        drop(state);
        Self(seen)
    }
}

impl Drop for LineOn {
    fn drop(&mut self) {
        self.0.state().at_a_time -= 1;
    }
}
