//! What the frame promises, step by step. Each test says what it wants and which slip it is there to catch.
//!
//! The actor of these tests is a clerk (at the end of this file), which does as it is told and writes down what is done with it. The
//! tests run in virtual time, on a runtime of their own (see exercises/harness). When a test's body ends, all references are
//! dropped, and then every task has to end as well.

#![allow(clippy::drop_non_drop)] // the references of the stub are empty

mod scenarios;

use clerk::{
    Args, Clerk, End, Entry, Fate, Journal, Message, Own, PANICS, end, panic, panicked_with,
};
use harness::{
    accepted_sends, check, expect_panics, in_no_time, on_a_runtime_that_ends, settle,
    start_and_drop, wake_ups, within,
};
use lifecycle::{Actor, Closed, Limit, Phase, WeakRef, spawn, supervise};
use std::{
    fs,
    future::pending,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};
use tokio::{
    sync::oneshot,
    time::{Instant, sleep},
};

const SECOND: Duration = Duration::from_secs(1);

const THAT_PANIC: &str = "the clerk called `panic_any(42)`, and the 42 is not in the `JoinHandle`: it gives that panic, and not one that tells of it. `resume_unwind` passes on what was caught";

/// Step 1. The actor is made by `on_start`, and handles what it is told, in order.
///
/// Page: "A frame, line by line". The slips: messages before `on_start` is done; an answer that waits for the next message; one question at a
/// time, though the actor may answer the first one when it has heard the second.
#[test]
fn what_is_told_is_handled_in_order() {
    check(|| async {
        let journal = Journal::default();
        let start = Fate::Takes(SECOND);
        let (clerk, _task) = spawn::<Clerk>(
            Args {
                start,
                ..Args::new(&journal)
            },
            2,
        );
        for number in 1..=5 {
            let told = within("a slot", clerk.tell(Message::Note(number))).await;
            assert_eq!(
                told,
                Ok(()),
                "the clerk is there, or will be: it takes what it is told"
            );
        }
        let count = within("the answer", clerk.ask(Message::Count)).await;
        assert_eq!(
            count,
            Ok(5),
            "five messages came before the question, and the same clerk handles them all"
        );
        assert_eq!(
            journal.entries().first(),
            Some(&Entry::Started),
            "there is no clerk before `on_start` has made it"
        );
        assert_eq!(
            journal.handled(),
            [1, 2, 3, 4, 5],
            "messages are handled in the order in which they were accepted"
        );

        let asks = clerk.clone();
        let asks = tokio::spawn(async move { asks.ask(Message::CountLater).await });
        settle().await;
        let question = clerk.ask(Message::Count);
        let count = within(
            "the answer, though an earlier one is still to come",
            question,
        )
        .await;
        assert_eq!(count, Ok(7), "the clerk has handled seven messages");
        assert_eq!(
            within("the answer that came later", asks).await.ok(),
            Some(Ok(7)),
            "the clerk kept this question, and answered it after the next one"
        );
    });
}

/// Step 1. What waits is bounded by the mailbox.
///
/// Page: "A frame, line by line". The slips: an unbounded channel; a loop that collects messages before it handles them.
#[test]
fn the_mailbox_is_for_as_many_as_it_was_asked_for() {
    check(|| async {
        for capacity in [1, 3, 4000] {
            let (clerk, _task) = spawn::<Clerk>(Args::new(&Journal::default()), capacity);
            // The clerk takes the first one to work, and leaves the others where they are.
            let before = capacity.min(3);
            for _ in 0..before {
                within("a slot", clerk.tell(Message::Work(0, SECOND)))
                    .await
                    .unwrap_or_default();
            }
            settle().await;
            let accepted = accepted_sends(10_000, || clerk.tell(Message::Note(1))).await;
            let waiting = accepted.map(|accepted| accepted + before - 1);
            assert_eq!(
                waiting,
                Some(capacity),
                "the clerk is at work, and its mailbox is for {capacity}: so many messages wait, and the next sender waits itself. If more do: is your channel bounded, and does each message stay in it until its turn comes?"
            );
        }
    });
    check(|| async {
        let (clerk, _task) = spawn::<Clerk>(Args::new(&Journal::default()), 1);
        let tell = |_| {
            let clerk = clerk.clone();
            tokio::spawn(async move { clerk.tell(Message::Note(1)).await })
        };
        let tells: Vec<_> = (0..1_000).map(tell).collect();
        for told in tells {
            assert_eq!(
                within("a slot", told).await.ok(),
                Some(Ok(())),
                "1,000 callers tell the clerk something, and its mailbox is for one message: each waits until there is a slot"
            );
        }
    });
}

/// Step 1. When `on_start` fails, there is no actor, and nobody waits for one.
///
/// Page: "The phases of a life". The slips: `on_stop` for an actor that never was; `unwrap` on the error.
#[test]
fn a_failed_start_gives_the_error_and_no_actor() {
    check(|| async {
        let journal = Journal::default();
        let start = Fate::Fails;
        let (clerk, task) = spawn::<Clerk>(
            Args {
                start,
                ..Args::new(&journal)
            },
            2,
        );
        let answer = within("an answer", clerk.ask(Message::Count)).await;
        assert_eq!(
            answer,
            Err(Closed),
            "there is no clerk who could answer: the asker must hear of that"
        );
        let expected = End::Failed {
            phase: Phase::OnStart,
            killed: false,
            with_actor: false,
        };
        assert_eq!(
            end(task).await,
            expected,
            "`on_start` returned an error: that is the result, and there is no actor in it"
        );
        assert_eq!(
            journal.stops(),
            0,
            "`on_start` failed, so there is nothing that `on_stop` could be called for"
        );
        assert_eq!(
            in_no_time("a refusal", clerk.tell(Message::Note(1))).await,
            Err(Closed),
            "nobody will ever read this message"
        );
    });
}

/// Step 1. A panic ends the actor's task; whoever holds the `JoinHandle` is told, and so is whoever waits for an answer.
///
/// Page: "Errors that nobody looks at". The slips: the panic caught and forgotten, or told in other words; askers that wait for ever; an `on_start` that the caller of
/// `spawn` runs.
#[test]
fn a_panic_is_seen_by_the_holder_of_the_handle() {
    check(|| async {
        let journal = Journal::default();
        let (clerk, task) = spawn::<Clerk>(Args::new(&journal), 8);
        let waits = clerk.clone();
        // It runs as soon as this test waits: its question comes after the one below.
        let asks = tokio::spawn(async move { waits.ask(Message::Count).await });
        assert_eq!(
            within("an answer", panic(&clerk)).await,
            Err(Closed),
            "the clerk panicked over this question: nobody answers it"
        );
        assert_eq!(
            end(task).await,
            End::Panicked,
            "the actor panicked: its `JoinHandle` must say so"
        );
        assert_eq!(
            within("an answer", asks).await.ok(),
            Some(Err(Closed)),
            "this question waited behind the panic: nobody answers it"
        );
        assert_eq!(
            journal.stops(),
            0,
            "nobody knows what is left of an actor that panicked: `on_stop` is not called"
        );

        let start = Fate::Panics;
        let (clerk, task) = spawn::<Clerk>(
            Args {
                start,
                ..Args::new(&journal)
            },
            8,
        );
        assert_eq!(
            within("an answer", clerk.ask(Message::Count)).await,
            Err(Closed),
            "`on_start` panicked: nobody answers"
        );
        assert_eq!(
            end(task).await,
            End::Panicked,
            "`on_start` panicked, and the `JoinHandle` must say so"
        );
    });
    check(|| async {
        expect_panics("");
        let (clerk, task) = spawn::<Clerk>(Args::new(&Journal::default()), 8);
        let _ = clerk.tell(Message::PanicWith(42)).await;
        assert_eq!(panicked_with(task).await, Some(42), "{THAT_PANIC}");
    });
}

/// Step 2. The last reference ends the actor, when it has done what was accepted, and the actor comes back.
///
/// Page: "Who keeps it alive". The slips: a task that keeps a reference to its own actor; a `WeakRef` that holds a `Sender`; a branch of
/// `select!` that is ready at once, every time, when its senders are gone. (One of the clerks drops its `WeakRef`: nothing holds a sender then.)
#[test]
fn the_last_reference_ends_it_and_it_comes_back() {
    check(|| async {
        for keeps_me in [true, false] {
            let journal = Journal::default();
            let (clerk, task) = spawn::<Clerk>(
                Args {
                    keeps_me,
                    ..Args::new(&journal)
                },
                8,
            );
            let clone = clerk.clone();
            settle().await;
            let start = Instant::now();
            drop(clerk);
            for number in 1..=5 {
                let told = within("a slot", clone.tell(Message::Note(number))).await;
                assert_eq!(
                    told,
                    Ok(()),
                    "there is a reference left, so the clerk lives"
                );
            }
            drop(clone);
            assert_eq!(
                end(task).await,
                End::Completed { killed: false },
                "the last reference is gone: the clerk ends as if it were stopped"
            );
            assert_eq!(
                start.elapsed(),
                Duration::ZERO,
                "nothing here takes any time: does your frame notice only after a while that nobody is left?"
            );
            assert_eq!(
                journal.handled(),
                [1, 2, 3, 4, 5],
                "what was accepted is handled first"
            );
            assert_eq!(
                journal.entries().last(),
                Some(&Entry::Stopped { killed: false }),
                "`on_stop` comes last, and it was no kill"
            );
            assert_eq!(journal.stops(), 1, "`on_stop` is called once");
        }
    });
}

/// Step 2. The actor's own state is in the result, also when `on_stop` fails.
///
/// Page: "The phases of a life". The slips: the actor dropped with its error; the error of `on_stop` ignored.
#[test]
fn an_error_of_on_stop_is_the_result() {
    check(|| async {
        let journal = Journal::default();
        let stop = Fate::Fails;
        let (clerk, task) = spawn::<Clerk>(
            Args {
                stop,
                ..Args::new(&journal)
            },
            8,
        );
        drop(clerk);
        let expected = End::Failed {
            phase: Phase::OnStop,
            killed: false,
            with_actor: true,
        };
        assert_eq!(
            end(task).await,
            expected,
            "`on_stop` returned an error: that is the result, and the actor is in it"
        );
        assert_eq!(
            journal.stops(),
            1,
            "`on_stop` is called once, and not again because it failed"
        );

        let (clerk, task) = spawn::<Clerk>(Args::new(&journal), 8);
        within("a slot", clerk.tell(Message::Note(1)))
            .await
            .unwrap_or_default();
        drop(clerk);
        match within("the end of the task", task).await {
            Ok(lifecycle::ActorResult::Completed { actor, .. }) => assert_eq!(
                actor.has_handled(),
                1,
                "this is a clerk, but not the one that handled the message: the result is the actor itself"
            ),
            _ => panic!(
                "the last reference was dropped, and nothing failed: the result is `Completed`, with the actor"
            ),
        }
    });
}

/// Step 2. A reference that is weak keeps nobody alive, and brings a full one as long as there is one.
///
/// Page: "Who keeps it alive". The slips: a weak reference with a strong sender in it; `upgrade().unwrap()`; a task that has a full reference
/// as long as it makes the actor.
#[test]
fn a_weak_reference_keeps_nobody_alive() {
    check(|| async {
        let journal = Journal::default();
        let (clerk, task) = spawn::<Clerk>(Args::new(&journal), 8);
        let weak = clerk.downgrade().clone();
        let reaches_itself = within("the answer", clerk.ask(Message::Upgrade)).await;
        assert_eq!(
            reaches_itself,
            Ok(true),
            "the clerk got a reference to itself in `on_start`, and it lives: `upgrade` gives a full one"
        );
        match weak.upgrade() {
            Some(strong) => {
                drop(clerk);
                settle().await;
                assert!(
                    within("an answer", strong.ask(Message::Count))
                        .await
                        .is_ok(),
                    "the one full reference that is left came from `upgrade`: the actor lives as long as there is one, wherever it came from"
                );
            }
            None => panic!("there is a full reference, so `upgrade` gives one more"),
        }
        assert!(
            weak.upgrade().is_none(),
            "the last full reference is gone: a weak one does not bring the actor back"
        );
        assert_eq!(
            end(task).await,
            End::Completed { killed: false },
            "only weak references are left: the actor ends"
        );

        let start = Fate::Takes(SECOND);
        let args = Args {
            start,
            ..Args::new(&journal)
        };
        let (clerk, task) = spawn::<Clerk>(args, 8);
        let weak = clerk.downgrade();
        settle().await;
        drop(clerk);
        assert!(
            weak.upgrade().is_none(),
            "the last full reference was dropped while `on_start` was under way, and `upgrade` gives one: your task has a reference of its own meanwhile"
        );
        end(task).await;
    });
}

/// Step 3. `stop` handles what was accepted, and never waits.
///
/// Page: "Stop and kill". The slips: a stop message, for which a full mailbox has no slot; leaving the loop with messages in the mailbox; a
/// stop that comes after the messages, however many there are; an `ask` that gives up as soon as the mailbox is closed; a time-out.
#[test]
fn stop_handles_what_was_accepted() {
    check(|| async {
        let journal = Journal::default();
        let (clerk, task) = spawn::<Clerk>(Args::new(&journal), 5);
        within("a slot", clerk.tell(Message::Work(0, SECOND)))
            .await
            .unwrap_or_default();
        settle().await;
        for number in 1..=5 {
            within("a slot", clerk.tell(Message::Note(number)))
                .await
                .unwrap_or_default();
        }
        let waits = clerk.clone();
        let waits = tokio::spawn(async move { waits.tell(Message::Note(6)).await });
        settle().await;
        clerk.stop();
        clerk.stop();
        let last = within("the end of a call that waits for a slot", waits)
            .await
            .ok();
        assert_eq!(
            end(task).await,
            End::Completed { killed: false },
            "the clerk was stopped, although there is a reference left"
        );
        let handled: Vec<u32> = match last {
            Some(Ok(())) => (0..=6).collect(),
            _ => (0..=5).collect(),
        };
        assert_eq!(
            journal.handled(),
            handled,
            "the clerk was at work and five messages waited when it was stopped: what was accepted is handled before the end"
        );
        assert_eq!(
            journal.stops(),
            1,
            "`on_stop` is called once, however often somebody says stop"
        );
        assert_eq!(
            in_no_time("a refusal", clerk.tell(Message::Note(7))).await,
            Err(Closed),
            "the clerk has ended: nobody will read this message"
        );
        assert_eq!(
            in_no_time("a refusal", clerk.ask(Message::Count)).await,
            Err(Closed),
            "the clerk has ended: nobody will answer"
        );
        clerk.stop();
        clerk.kill();

        // A stop is heard although a message waits at every moment.
        let (clerk, task) = spawn::<Clerk>(Args::new(&journal), 2);
        let talks = clerk.clone();
        tokio::spawn(async move { while talks.tell(Message::Work(8, SECOND)).await.is_ok() {} });
        sleep(3 * SECOND + SECOND / 2).await;
        clerk.stop();
        sleep(10 * SECOND).await;
        assert!(
            task.is_finished(),
            "one message was in hand and two waited when the clerk was stopped, and each takes a second: ten seconds later it still takes new ones. Do you look for a stop only when no message waits?"
        );
    });
    check(|| async {
        let journal = Journal::default();
        let hours = 3600 * SECOND;
        let stop = Fate::Takes(5 * hours);
        let args = Args {
            start: stop,
            stop,
            ..Args::new(&journal)
        };
        let (clerk, task) = spawn::<Clerk>(args, 5);
        for number in 0..2 {
            within("a slot", clerk.tell(Message::Work(number, 5 * hours)))
                .await
                .unwrap_or_default();
        }
        let asks = clerk.clone();
        let asks = tokio::spawn(async move { asks.ask(Message::Count).await });
        settle().await;
        clerk.stop();
        sleep(21 * hours).await;
        assert_eq!(
            (journal.handled(), journal.stops_to_the_end()),
            (vec![0, 1], 1),
            "two messages were accepted before the stop, each takes five hours, and so do `on_start` and `on_stop`: a stop waits for all of them, and nothing is cut short"
        );
        assert_eq!(
            within("an answer", asks).await.ok(),
            Some(Ok(2)),
            "this question was in the mailbox when the clerk was stopped, and ten hours later the clerk answered it: the asker gets that answer. From a stop on the mailbox is closed, and that is not yet the end"
        );
        assert_eq!(
            end(task).await,
            End::Completed { killed: false },
            "the clerk was stopped, and had time enough"
        );
    });
    check(|| async {
        let journal = Journal::default();
        let (clerk, task) = spawn::<Clerk>(Args::new(&journal), 4_000);
        for number in 0..6_000 {
            within("a slot", clerk.tell(Message::Note(number)))
                .await
                .unwrap_or_default();
        }
        within("a slot", clerk.tell(Message::Work(6_000, SECOND)))
            .await
            .unwrap_or_default();
        sleep(SECOND / 2).await;
        for number in 6_001..=10_000 {
            within("a slot", clerk.tell(Message::Note(number)))
                .await
                .unwrap_or_default();
        }
        clerk.stop();
        assert_eq!(
            end(task).await,
            End::Completed { killed: false },
            "the clerk was stopped"
        );
        let handled = journal.handled();
        let right = (0..).zip(&handled).take_while(|(n, h)| n == *h).count();
        assert!(
            right == 10_001 && handled.len() == right,
            "10,001 messages were accepted, one was in hand and 4,000 waited when the clerk was stopped. {} were handled, and the first {right} of them are right: each is handled once, in order, however many there are",
            handled.len()
        );
    });
}

/// Step 3. `kill` goes before all messages. The one in hand is finished.
///
/// Page: "Stop and kill". The slips: a kill message at the end of the mailbox; `select!` without `biased`, which is right half of the time
/// (hence 64 rounds); `abort`, or a time-out, which cuts the message in hand.
#[test]
fn kill_handles_nothing_more() {
    check(|| async {
        for round in 0..64 {
            let journal = Journal::default();
            let (clerk, task) = spawn::<Clerk>(Args::new(&journal), 5);
            within("a slot", clerk.tell(Message::Work(0, SECOND)))
                .await
                .unwrap_or_default();
            settle().await;
            start_and_drop(5, || clerk.tell(Message::Note(1))).await;
            let asks = clerk.clone();
            let asks = tokio::spawn(async move { asks.ask(Message::Count).await });
            settle().await;
            // In some rounds it is stopped already: a kill goes before that.
            if round % 2 == 1 {
                clerk.stop();
                settle().await;
            }
            clerk.kill();
            // A later stop does not make it gentle again.
            clerk.stop();
            assert_eq!(
                end(task).await,
                End::Completed { killed: true },
                "the clerk was killed: the result and `on_stop` must know"
            );
            assert_eq!(
                journal.entries(),
                [
                    Entry::Started,
                    Entry::Handled(0),
                    Entry::Stopped { killed: true }
                ],
                "one message was in hand and five waited when the clerk was killed (round {round}): the one in hand is finished, those that wait are not touched, and then comes `on_stop`"
            );
            assert_eq!(
                within("an answer", asks).await.ok(),
                Some(Err(Closed)),
                "this question waited when the clerk was killed: the asker must hear that nobody answers"
            );
        }
    });
    check(|| async {
        let journal = Journal::default();
        let hours = 3600 * SECOND;
        let stop = Fate::Takes(11 * hours);
        let args = Args {
            stop,
            ..Args::new(&journal)
        };
        let (clerk, task) = spawn::<Clerk>(args, 5);
        within("a slot", clerk.tell(Message::Work(0, 11 * hours)))
            .await
            .unwrap_or_default();
        settle().await;
        clerk.kill();
        sleep(23 * hours).await;
        assert_eq!(
            (journal.handled(), journal.stops_to_the_end()),
            (vec![0], 1),
            "a message that takes eleven hours was in hand when the clerk was killed, and `on_stop` takes as long: both are done to the end, only `abort` cuts them"
        );
        assert_eq!(
            end(task).await,
            End::Completed { killed: true },
            "the clerk was killed, and had time enough"
        );
    });
}

/// Step 3. A kill is heard while a stop is under way.
///
/// Page: "Stop and kill". The slips: a second loop that works off the mailbox, and listens to nobody; one that looks for a kill only when there
/// is a message.
#[test]
fn kill_is_heard_while_a_stop_is_under_way() {
    check(|| async {
        let journal = Journal::default();
        let (clerk, task) = spawn::<Clerk>(Args::new(&journal), 5);
        for number in 0..5 {
            within("a slot", clerk.tell(Message::Work(number, SECOND)))
                .await
                .unwrap_or_default();
        }
        clerk.stop();
        sleep(2 * SECOND + SECOND / 2).await;
        clerk.kill();
        assert_eq!(
            end(task).await,
            End::Completed { killed: true },
            "somebody lost patience with the stop, and killed the clerk"
        );
        assert_eq!(
            journal.handled(),
            [0, 1, 2],
            "the kill came in the middle of the third message: that one is the last"
        );

        let journal = Journal::default();
        let (clerk, task) = spawn::<Clerk>(Args::new(&journal), 5);
        for number in 0..2 {
            within("a slot", clerk.tell(Message::Work(number, SECOND)))
                .await
                .unwrap_or_default();
        }
        clerk.stop();
        sleep(SECOND + SECOND / 2).await;
        clerk.kill();
        assert_eq!(
            end(task).await,
            End::Completed { killed: true },
            "the kill came in the middle of the last message that a stop had left, before `on_stop` began: look for it also when the mailbox gives nothing more"
        );
    });
}

/// Step 3. While the actor ends, it accepts nothing more.
///
/// Page: "Stop and kill". The slips: a mailbox that is open during `on_stop`: what goes in then is lost, and its sender was told Ok; a result
/// that asks at the very end whether there was a kill.
#[test]
fn nothing_is_accepted_while_it_ends() {
    check(|| async {
        for kill in [false, true] {
            let journal = Journal::default();
            let stop = Fate::Takes(SECOND);
            let (clerk, task) = spawn::<Clerk>(
                Args {
                    stop,
                    ..Args::new(&journal)
                },
                5,
            );
            settle().await;
            if kill {
                clerk.kill()
            } else {
                clerk.stop()
            }
            settle().await;
            assert_eq!(
                journal.stops(),
                1,
                "nothing is left to do, so `on_stop` is under way"
            );
            let told = in_no_time("an answer to a tell", clerk.tell(Message::Note(1))).await;
            assert_eq!(
                told,
                Err(Closed),
                "`on_stop` is under way, nobody will read this message, and yet it was accepted: close the mailbox first"
            );
            clerk.kill();
            assert_eq!(
                end(task).await,
                End::Completed { killed: kill },
                "the clerk ends when `on_stop` is done, and a kill that comes after `on_stop` has begun changes nothing: the result says what `on_stop` was told"
            );
        }
    });
}

/// Step 3. A reference that `upgrade` gave is like any other.
///
/// Page: "Who keeps it alive". The slip: an upgraded reference with a way of its own for stop and kill, to which nobody listens.
#[test]
fn an_upgraded_reference_stops_and_kills() {
    check(|| async {
        for kill in [false, true] {
            let (clerk, task) = spawn::<Clerk>(Args::new(&Journal::default()), 5);
            settle().await;
            if let Some(upgraded) = clerk.downgrade().upgrade() {
                if kill {
                    upgraded.kill()
                } else {
                    upgraded.stop()
                }
            }
            settle().await;
            let said = if kill { "kill" } else { "stop" };
            assert!(
                task.is_finished(),
                "a reference that `upgrade` gave said {said}, and the clerk, which had nothing to do, is still there: what does a `WeakRef` have to keep for that?"
            );
            assert_eq!(
                end(task).await,
                End::Completed { killed: kill },
                "a reference that `upgrade` gave said {said}"
            );
        }
    });
}

/// Step 3. A reference may outlive the actor's runtime, and be used where there is none.
///
/// Page: "Stop and kill". The slips: a mailbox that the references hold, too; a `stop` that spawns a task to bring the order.
#[test]
fn a_reference_may_outlive_the_runtime() {
    check(|| async {
        let clerk = on_a_runtime_that_ends(|| async {
            let (clerk, _task) = spawn::<Clerk>(Args::new(&Journal::default()), 3);
            settle().await;
            clerk
        });
        let told = in_no_time("an answer to a tell", clerk.tell(Message::Note(1))).await;
        assert_eq!(
            told,
            Err(Closed),
            "the clerk's runtime has ended, and its task with it: nobody will read this message, and yet it was accepted. Who holds the mailbox?"
        );
        assert_eq!(
            in_no_time("an answer", clerk.ask(Message::Count)).await,
            Err(Closed),
            "the clerk's runtime has ended, and its task with it: nobody will answer"
        );
        let outside = thread::spawn(move || {
            clerk.stop();
            clerk.kill();
            drop(clerk);
        });
        assert!(
            outside.join().is_ok(),
            "`stop`, `kill` or the drop of the last reference panics on a thread without a runtime. None of them waits, so none needs one: what do they call?"
        );
    });
}

/// Step 4. What the actor does of its own accord goes on, however many messages come.
///
/// Page: "The trap of on_run". The slips: a frame that calls `on_run` once; one that puts a pause of its own before each call, which every
/// message begins anew.
#[test]
fn its_own_work_goes_on_under_traffic() {
    check(|| async {
        let journal = Journal::default();
        let own = Own::Ticks(SECOND);
        let (clerk, _task) = spawn::<Clerk>(
            Args {
                own,
                ..Args::new(&journal)
            },
            5,
        );
        sleep(SECOND / 4).await;
        let before = journal.count(Entry::Ticked);
        for number in 1..=20 {
            within("a slot", clerk.tell(Message::Note(number)))
                .await
                .unwrap_or_default();
            sleep(SECOND / 2).await;
        }
        let ticks = journal.count(Entry::Ticked) - before;
        assert_eq!(
            ticks, 10,
            "the clerk ticks once a second, and twenty messages came in ten seconds. What in your loop begins something anew at each message, or calls `on_run` no more?"
        );
        assert_eq!(
            journal.handled().len(),
            20,
            "the messages are handled as well, all of them"
        );
        let before = journal.count(Entry::Ticked);
        sleep(1_000 * SECOND).await;
        let ticks = journal.count(Entry::Ticked) - before;
        assert_eq!(
            ticks, 1_000,
            "the clerk ticks once a second, and for 1,000 seconds nobody said anything: `on_run` is called again and again, with messages or without"
        );
    });
}

/// Step 4. An error of `on_run` ends the actor, and gives it back.
///
/// Page: "The phases of a life". The slips: the error ignored, and `on_run` called again; the actor dropped; `on_stop` after an error;
/// a call of `on_run` that is given up after a time, though no message came.
#[test]
fn an_error_of_on_run_gives_the_actor_back() {
    check(|| async {
        let expected = End::Failed {
            phase: Phase::OnRun,
            killed: false,
            with_actor: true,
        };
        let journal = Journal::default();
        let own = Own::FailsAfter(SECOND);
        let (clerk, task) = spawn::<Clerk>(
            Args {
                own,
                ..Args::new(&journal)
            },
            5,
        );
        assert_eq!(
            end(task).await,
            expected,
            "`on_run` returned an error after a second: that is the result, and the actor is in it"
        );
        assert_eq!(journal.stops(), 0, "it ended by an error: no `on_stop`");
        assert_eq!(
            in_no_time("a refusal", clerk.tell(Message::Note(1))).await,
            Err(Closed),
            "the clerk has ended: nobody reads this"
        );

        let time = 20 * 3600 * SECOND;
        let args = Args {
            own: Own::FailsAfter(time),
            ..Args::new(&Journal::default())
        };
        let (_clerk, task) = spawn::<Clerk>(args, 5);
        sleep(time + SECOND).await;
        assert!(
            task.is_finished(),
            "one call of `on_run` waits twenty hours and then fails. No message came, and only a message drops that call: what else in your loop begins a new one?"
        );
        assert_eq!(
            end(task).await,
            expected,
            "one call of `on_run` waited twenty hours, and then failed: that is the end, and there is no other before it. What in your loop grows tired of waiting?"
        );
    });
}

/// Step 4. An `on_run` that waits for nothing keeps nobody from the processor.
///
/// Page: "The trap of on_run". The slips: a loop in which every branch is ready at once; own work that goes before messages, or before a stop.
#[test]
fn an_on_run_that_returns_at_once_leaves_room_for_others() {
    check(|| async {
        for kill in [false, true] {
            let journal = Journal::default();
            let (clerk, task) = spawn::<Clerk>(Args::new(&journal), 5);
            within("a slot", clerk.tell(Message::Own(Own::ReturnsAtOnce)))
                .await
                .unwrap_or_default();
            for _ in 0..3 {
                tokio::task::yield_now().await;
            }
            let calls = journal.count(Entry::Ticked);
            assert!(
                calls < 1000,
                "`on_run` waits for nothing, and was called {calls} times before anybody else got to run: what in your loop lets others run?"
            );
            assert_eq!(
                clerk.tell(Message::Note(1)).await,
                Ok(()),
                "the clerk is busy with itself, and takes messages"
            );
            let before = journal.count(Entry::Ticked);
            for _ in 0..100 {
                tokio::task::yield_now().await;
            }
            let calls = journal.count(Entry::Ticked) - before;
            assert!(
                calls < 500,
                "another task got to run 100 times, and meanwhile `on_run`, which waits for nothing, was called {calls} times: let others run after each call"
            );
            assert_eq!(
                journal.handled(),
                [1],
                "the clerk is busy with itself, a message waits, and its turn does not come: messages go before its own work"
            );
            if kill {
                clerk.kill()
            } else {
                clerk.stop()
            }
            assert_eq!(
                end(task).await,
                End::Completed { killed: kill },
                "an actor that is busy with itself hears a stop and a kill"
            );

            let journal = Journal::default();
            let (clerk, task) = spawn::<Clerk>(Args::new(&journal), 30);
            within("a slot", clerk.tell(Message::Own(Own::ReturnsAtOnce)))
                .await
                .unwrap_or_default();
            start_and_drop(20, || clerk.tell(Message::Note(2))).await;
            for _ in 0..3 {
                tokio::task::yield_now().await;
            }
            if kill {
                clerk.kill()
            } else {
                clerk.stop()
            }
            end(task).await;
            let entries = journal.entries();
            let before = entries.split(|entry| *entry == Entry::Ticked).next();
            let notes = before.unwrap_or_default().len() - 1;
            assert_eq!(
                notes, 20,
                "20 messages waited from the beginning, and `on_run` was called after {notes} of them: it is called while none waits"
            );
            let calls = journal.count(Entry::Ticked);
            assert!(
                calls < 1000,
                "the clerk was told to end, and `on_run` was called {calls} times: it is heard only when its own work waits for something"
            );
        }
    });
}

/// Step 4. An actor without work waits, and costs nothing.
///
/// Page: "The trap of on_run". The slips: a loop that looks again and again; a default `on_run` that sleeps; an actor that ends because
/// nobody has said anything for long.
#[test]
fn an_idle_actor_costs_nothing() {
    check(|| async {
        let (clerk, task) = spawn::<Clerk>(Args::new(&Journal::default()), 5);
        let weak = clerk.downgrade();
        let wake_ups = wake_ups().await;
        assert!(
            wake_ups < 30,
            "the runtime woke {wake_ups} times in a minute in which nothing happened: what does the frame look for?"
        );
        sleep(20 * 3600 * SECOND).await;
        assert!(
            !task.is_finished(),
            "twenty hours went by in which nothing happened, and the clerk has ended. There is a reference, and nobody stopped it: what in your loop grows tired of waiting?"
        );
        drop(clerk);
        end(task).await;
        drop(weak);
    });
}

fn limit(restarts: usize) -> Limit {
    Limit {
        restarts,
        within: 5 * SECOND,
    }
}

/// Step 5. A restart keeps the messages that wait, and the references. Lost is the message in hand, and its asker is told.
///
/// Page: "Start it again". The slips: a new mailbox for the new actor; the old actor that goes on, with who knows what left in it.
#[test]
fn a_restart_keeps_the_mailbox() {
    check(|| async {
        expect_panics(PANICS);
        let journal = Journal::default();
        let (clerk, task) = supervise::<Clerk>(Args::new(&journal), 8, limit(3));
        within("a slot", clerk.tell(Message::Note(1)))
            .await
            .unwrap_or_default();
        within("a slot", clerk.tell(Message::Work(2, SECOND)))
            .await
            .unwrap_or_default();
        let asks = clerk.clone();
        let asks = tokio::spawn(async move { asks.ask(Message::Panic).await });
        settle().await;
        for number in 3..=5 {
            within("a slot", clerk.tell(Message::Note(number)))
                .await
                .unwrap_or_default();
        }
        assert_eq!(
            within("an answer", asks).await.ok(),
            Some(Err(Closed)),
            "the clerk panicked over this question, and it is lost: its asker must hear of that"
        );
        let start = Instant::now();
        let count = within("the answer of the new clerk", clerk.ask(Message::Count)).await;
        assert_eq!(
            count,
            Ok(3),
            "three messages waited when the clerk panicked. The new one handles them, counts from nothing, and can be reached by the old references"
        );
        assert_eq!(
            start.elapsed(),
            Duration::ZERO,
            "nothing in here takes time, and yet some passed: the new one is made at once"
        );
        let reaches_itself = within("the answer", clerk.ask(Message::Upgrade)).await;
        assert_eq!(
            reaches_itself,
            Ok(true),
            "the new clerk got a reference to itself in `on_start`, as the first one did: `upgrade` gives a full one"
        );
        assert_eq!(
            journal.handled(),
            [1, 2, 3, 4, 5],
            "the messages that waited are handled once, in order"
        );
        assert_eq!(
            journal.count(Entry::Started),
            2,
            "one clerk, and one more after the panic"
        );
        assert_eq!(
            journal.stops(),
            0,
            "an actor that failed is not stopped; the new one lives"
        );
        drop(clerk);
        assert_eq!(
            end(task).await,
            End::Completed { killed: false },
            "the last reference is gone: that is no failure, and nothing is started again"
        );
        assert_eq!(
            journal.count(Entry::Started),
            2,
            "an end that was wished for is no failure: nothing is started again"
        );
    });
}

/// Step 5. Errors are failures, too: those of `on_start` and of `on_run`, but not that of `on_stop`.
///
/// Page: "Start it again". The slips: only panics are caught, or only errors; a panic of `on_start` or of `on_run` that is not caught; the failed
/// actor kept beside the new one.
#[test]
fn errors_are_failures_too() {
    check(|| async {
        expect_panics(PANICS);
        let journal = Journal::default();
        let own = Own::PanicsAfter(10 * SECOND);
        let args = Args {
            own,
            ..Args::new(&journal)
        };
        let (clerk, _task) = supervise::<Clerk>(args, 8, limit(1));
        sleep(35 * SECOND).await;
        assert_eq!(
            journal.count(Entry::Started),
            4,
            "`on_run` panics every ten seconds, and one restart in five seconds is allowed: after 35 s the fourth clerk is at work"
        );
        drop(clerk);

        let journal = Journal::default();
        let own = Own::ReturnsAtOnce;
        let args = Args {
            own,
            ..Args::new(&journal)
        };
        let (clerk, _task) = supervise::<Clerk>(args, 8, limit(1));
        for _ in 0..3 {
            tokio::task::yield_now().await;
        }
        let calls = journal.count(Entry::Ticked);
        assert!(
            calls < 1000,
            "`on_run` waits for nothing, and was called {calls} times before anybody else got to run: a supervised actor lets others run after each call, as any other does"
        );
        drop(clerk);

        let journal = Journal::default();
        let own = Own::FailsAfter(10 * SECOND);
        let (clerk, task) = supervise::<Clerk>(
            Args {
                own,
                stop: Fate::Fails,
                ..Args::new(&journal)
            },
            8,
            limit(1),
        );
        sleep(35 * SECOND).await;
        assert_eq!(
            journal.count(Entry::Started),
            4,
            "`on_run` returns an error every ten seconds, and one restart in five seconds is allowed: after 35 s the fourth clerk is at work"
        );
        assert_eq!(
            journal.most_at_once(),
            1,
            "a clerk that failed was still there when the next one was made. It may have a port or a file that the new one needs: drop it first"
        );
        clerk.stop();
        let expected = End::Failed {
            phase: Phase::OnStop,
            killed: false,
            with_actor: true,
        };
        assert_eq!(
            end(task).await,
            expected,
            "it was stopped, and that went wrong: this is its end, with the error"
        );
        assert_eq!(
            journal.count(Entry::Started),
            4,
            "what was stopped is not started again, whatever `on_stop` returned"
        );

        let journal = Journal::default();
        let start = Fate::Panics;
        let (_clerk, task) = supervise::<Clerk>(
            Args {
                start,
                ..Args::new(&journal)
            },
            8,
            limit(3),
        );
        assert_eq!(
            end(task).await,
            End::Panicked,
            "`on_start` panics each time: the last panic is the result"
        );
        assert_eq!(
            journal.count(Entry::FailedToStart),
            4,
            "a panic of `on_start` is a failure as well: with three restarts, there are four starts"
        );
    });
}

/// Step 6. It gives up when the limit is reached: the last panic is the result, and those who wait are told.
///
/// Page: "Start it again". The slips: restarts without end; a count that is off by one; the panic that is caught, and never seen.
#[test]
fn it_gives_up_at_its_limit() {
    check(|| async {
        for restarts in 0..=3 {
            let journal = Journal::default();
            let (clerk, task) = supervise::<Clerk>(Args::new(&journal), 8, limit(restarts));
            for number in 0..restarts {
                assert_eq!(
                    within("an answer", panic(&clerk)).await,
                    Err(Closed),
                    "the clerk panicked over this question"
                );
                sleep(SECOND).await;
                let lives = within("an answer", clerk.ask(Message::Count)).await;
                assert_eq!(
                    lives,
                    Ok(0),
                    "panic {} of {restarts} that are allowed: a new clerk answers",
                    number + 1
                );
            }
            let asks = clerk.clone();
            let waits = tokio::spawn(async move { asks.ask(Message::Count).await });
            assert_eq!(
                within("an answer", panic(&clerk)).await,
                Err(Closed),
                "the clerk panicked over this question"
            );
            let lives = within("an answer", clerk.ask(Message::Count)).await;
            assert_eq!(
                lives,
                Err(Closed),
                "{restarts} restarts in five seconds are allowed, and this would be one more: nobody is to be there any more. Do you count each restart, and compare before it?"
            );
            assert_eq!(
                end(task).await,
                End::Panicked,
                "the limit is reached, and it gave up: the last panic is the result"
            );
            assert_eq!(
                within("an answer", waits).await.ok(),
                Some(Err(Closed)),
                "the supervisor gave up while this question waited: nobody answers"
            );
            assert_eq!(
                journal.count(Entry::Started),
                restarts + 1,
                "one start, and as many restarts as are allowed"
            );
        }

        let journal = Journal::default();
        let begin = Instant::now();
        let start = Fate::Fails;
        let (clerk, task) = supervise::<Clerk>(
            Args {
                start,
                ..Args::new(&journal)
            },
            8,
            limit(3),
        );
        let expected = End::Failed {
            phase: Phase::OnStart,
            killed: false,
            with_actor: false,
        };
        assert_eq!(
            end(task).await,
            expected,
            "`on_start` failed once more than the limit allows: its last error is the result"
        );
        assert_eq!(
            begin.elapsed(),
            Duration::ZERO,
            "the start fails without waiting, and was tried again three times. Time passed: what in your supervisor waits before a restart?"
        );
        assert_eq!(
            journal.count(Entry::FailedToStart),
            4,
            "the limit is three restarts: four starts together"
        );
        assert_eq!(
            in_no_time("a refusal", clerk.ask(Message::Count)).await,
            Err(Closed),
            "the supervisor gave up: nobody will answer"
        );

        let many = Journal::default();
        let start = Fate::FailsAfter(SECOND / 1_000);
        let args = Args {
            start,
            ..Args::new(&many)
        };
        let (clerk, _task) = supervise::<Clerk>(args, 8, limit(1_000));
        sleep(4 * SECOND).await;
        clerk.kill();
        assert_eq!(
            many.count(Entry::FailedToStart),
            1_001,
            "every start fails after a millisecond, 1,000 restarts in five seconds are allowed, and four seconds went by: so many starts, with the first. Which restarts do you count, and is each made at once?"
        );

        let own = Own::FailsAfter(10 * SECOND);
        let within_a_minute = Limit {
            restarts: 1,
            within: 60 * SECOND,
        };
        let (clerk, task) = supervise::<Clerk>(
            Args {
                own,
                ..Args::new(&journal)
            },
            8,
            within_a_minute,
        );
        sleep(15 * SECOND).await;
        let _ = within("an answer", panic(&clerk)).await;
        assert_eq!(
            end(task).await,
            End::Panicked,
            "first `on_run` returned an error, and then the new clerk panicked. That was the last failure: it is the result"
        );

        let args = Args {
            own,
            ..Args::new(&journal)
        };
        let (_clerk, task) = supervise::<Clerk>(args, 8, within_a_minute);
        assert_eq!(
            end(task).await,
            End::Failed {
                phase: Phase::OnRun,
                killed: false,
                with_actor: true,
            },
            "`on_run` returned an error twice, and one restart is allowed: the result is the second failure, and the clerk that failed is in it"
        );
    });
    check(|| async {
        expect_panics("");
        let (clerk, task) = supervise::<Clerk>(Args::new(&Journal::default()), 8, limit(0));
        let _ = clerk.tell(Message::PanicWith(42)).await;
        assert_eq!(panicked_with(task).await, Some(42), "{THAT_PANIC}");
    });
}

/// Step 6. Restarts of long ago do not count.
///
/// Page: "Start it again". The slips: a counter that only grows; one that begins anew with each restart; a restart that is just as old as the
/// limit says; whole seconds; times that overflow; tasks or results that nobody fetches before the end.
#[test]
fn old_restarts_are_forgotten() {
    check(|| async {
        let journal = Journal::default();
        let (clerk, task) = supervise::<Clerk>(Args::new(&journal), 8, limit(3));
        // At 0, 2, 4, … seconds: never more than three in five seconds.
        for round in 0..100 {
            assert_eq!(
                within("an answer", panic(&clerk)).await,
                Err(Closed),
                "the clerk panicked over this question"
            );
            let lives = within("an answer", clerk.ask(Message::Count)).await;
            assert_eq!(
                lives,
                Ok(0),
                "restart {} of one every two seconds: three in five seconds are allowed, so this one is",
                round + 1
            );
            sleep(2 * SECOND).await;
        }
        // Now twice a second. The first of these makes three restarts in four seconds, and the second would be the fourth.
        assert_eq!(
            within("an answer", panic(&clerk)).await,
            Err(Closed),
            "the clerk panicked over this question"
        );
        let lives = within("an answer", clerk.ask(Message::Count)).await;
        assert_eq!(
            lives,
            Ok(0),
            "restarts at 196, 198 and 200 s: three in five seconds are allowed"
        );
        sleep(SECOND / 2).await;
        assert_eq!(
            within("an answer", panic(&clerk)).await,
            Err(Closed),
            "the clerk panicked over this question"
        );
        let lives = within("an answer", clerk.ask(Message::Count)).await;
        assert_eq!(
            lives,
            Err(Closed),
            "restarts at 196, 198 and 200 s, and a panic at 200.5 s: one more would be the fourth in five seconds. Which restarts do you count, and when do you forget one?"
        );
        assert_eq!(
            end(task).await,
            End::Panicked,
            "the limit is reached: the panic is the result"
        );

        let hours = 3600 * SECOND;
        for (restarts, period, pause, lives) in [
            (1, 5 * SECOND, 5 * SECOND, true),
            (1, 5 * SECOND, 5 * SECOND - SECOND / 1000, false),
            (1, 5 * SECOND / 2, 5 * SECOND / 2, true),
            (1, 5 * SECOND / 2, 12 * SECOND / 5, false),
            (1, Duration::MAX, 10 * hours, false),
            (1, Duration::ZERO, Duration::ZERO, true),
            (0, Duration::ZERO, Duration::ZERO, false),
        ] {
            let limit = Limit {
                restarts,
                within: period,
            };
            let (clerk, _task) = supervise::<Clerk>(Args::new(&journal), 8, limit);
            let _ = within("an answer", panic(&clerk)).await;
            sleep(pause).await;
            let _ = within("an answer", panic(&clerk)).await;
            let answer = within("an answer", clerk.ask(Message::Count)).await;
            assert_eq!(
                answer.is_ok(),
                lives,
                "{restarts} restarts within {period:?} are allowed, and the clerk panicked twice, the second time after {pause:?}. A restart that is as old as that, or older, no longer counts"
            );
        }

        let args = Args {
            start: Fate::Takes(4 * SECOND),
            ..Args::new(&journal)
        };
        let (clerk, _task) = supervise::<Clerk>(args, 8, limit(1));
        let _ = within("an answer", panic(&clerk)).await;
        sleep(5 * SECOND).await;
        let _ = within("an answer", panic(&clerk)).await;
        let answer = within("an answer", clerk.ask(Message::Count)).await;
        assert_eq!(
            answer,
            Ok(0),
            "one restart in five seconds is allowed, and `on_start` takes four. The clerk panicked, and once more five seconds later: the restart began five seconds ago, and no longer counts"
        );
    });
    check(|| async {
        const FAILURES: usize = 6_000;
        let limit = Limit {
            restarts: usize::MAX,
            within: Duration::ZERO,
        };
        let failures = Failures::default();
        let (fails, _task) = supervise::<Fails>(failures.clone(), 1, limit);
        let mut grown = usize::MAX;
        // Other tests of this process need memory as well, at times; whatever is kept of a failed actor needs it each time.
        for _round in 0..5 {
            let before = memory();
            let many = fails.ask(|done| (FAILURES, done));
            let restarted = within("the last of many restarts", many).await;
            assert_eq!(restarted, Ok(()), "it may be restarted without end");
            let kept = Arc::strong_count(&failures);
            assert!(
                kept < 100,
                "an actor failed {FAILURES} times, and {kept} actors, errors or clones of `args` are still there. Nothing is kept of a failed one but, at the end, the last failure: what do you collect?"
            );
            grown = grown.min(memory().saturating_sub(before) / 1_000);
            if grown < FAILURES / 3 {
                return;
            }
        }
        panic!(
            "an actor failed {FAILURES} times, and {grown} thousand bytes of memory more than before are in use, each time. What is kept of each life that has ended: its result, its task?"
        );
    });
}

/// Step 6. Whoever is to end is not kept alive by restarts.
///
/// Page: "Start it again". The slips: a supervisor that holds a reference itself; a kill that the old actor took with it; a supervisor that
/// hears nobody while the start fails again and again, or panics; one that asks the mailbox whether there was a stop, though nobody has closed it yet.
#[test]
fn an_end_that_is_wished_for_is_an_end() {
    check(|| async {
        let endless = Limit {
            restarts: usize::MAX,
            within: SECOND,
        };
        expect_panics(PANICS);
        for start in [Fate::Fails, Fate::Panics] {
            let journal = Journal::default();
            let args = Args {
                start,
                ..Args::new(&journal)
            };
            let (clerk, task) = supervise::<Clerk>(args, 8, endless);
            for _ in 0..100 {
                tokio::task::yield_now().await;
            }
            let starts = journal.count(Entry::FailedToStart);
            clerk.kill();
            let ended = task.await;
            assert!(
                match &ended {
                    Ok(lifecycle::ActorResult::Failed { .. }) => start == Fate::Fails,
                    Ok(_) => false,
                    Err(error) => start == Fate::Panics && error.is_panic(),
                },
                "it failed to start, again and again, and then it was killed: the last failure is the result"
            );
            assert!(
                starts < 500,
                "another task got to run 100 times, and meanwhile a start that fails without waiting was tried {starts} times: let others run before each restart"
            );
        }

        let journal = Journal::default();
        let start = Fate::Fails;
        let (clerk, task) = supervise::<Clerk>(
            Args {
                start,
                ..Args::new(&journal)
            },
            8,
            endless,
        );
        tokio::task::yield_now().await;
        drop(clerk);
        assert!(
            matches!(task.await, Ok(lifecycle::ActorResult::Failed { .. })),
            "it failed to start, again and again, and then nobody had a reference to it"
        );

        for kill in [false, true] {
            let journal = Journal::default();
            let (clerk, task) = supervise::<Clerk>(Args::new(&journal), 8, limit(3));
            expect_panics(PANICS);
            for message in [
                Message::Work(1, SECOND),
                Message::Panic(tokio::sync::oneshot::channel().0),
                Message::Note(2),
            ] {
                within("a slot", clerk.tell(message))
                    .await
                    .unwrap_or_default();
            }
            settle().await;
            if kill {
                clerk.kill()
            } else {
                clerk.stop()
            }
            assert_eq!(
                end(task).await,
                End::Completed { killed: kill },
                "the clerk was told to end before it came to the message over which it panics: the end holds for a new one as well"
            );
            let expected: &[u32] = if kill { &[1] } else { &[1, 2] };
            assert_eq!(
                journal.handled(),
                expected,
                "a stop handles what was accepted, also after a panic in between; a kill handles nothing more"
            );
            assert_eq!(journal.stops(), 1, "`on_stop` is called once");

            let journal = Journal::default();
            let stop = Fate::Panics;
            let (clerk, task) = supervise::<Clerk>(
                Args {
                    stop,
                    ..Args::new(&journal)
                },
                8,
                limit(3),
            );
            start_and_drop(3, || clerk.tell(Message::Work(3, SECOND))).await;
            settle().await;
            if kill {
                clerk.kill()
            } else {
                clerk.stop()
            }
            assert_eq!(
                end(task).await,
                End::Panicked,
                "`on_stop` panicked: that is the result"
            );
            assert_eq!(
                journal.count(Entry::Started),
                1,
                "it was told to end, and `on_stop` panicked: that is no reason to make a new one, whatever waits in the mailbox"
            );
        }

        // Its start takes a second. In the middle of the second start comes the end.
        for told in ["stopped", "killed", "left by its last reference"] {
            let journal = Journal::default();
            let args = Args {
                start: Fate::Takes(SECOND),
                ..Args::new(&journal)
            };
            let (clerk, task) = supervise::<Clerk>(args, 8, limit(3));
            let _ = within("an answer", panic(&clerk)).await;
            sleep(SECOND / 2).await;
            match told {
                "stopped" => clerk.stop(),
                "killed" => clerk.kill(),
                _ => {}
            }
            let held = (told != "left by its last reference").then_some(clerk);
            sleep(10 * SECOND).await;
            assert!(
                task.is_finished(),
                "it was {told} while a restart was under way, and ten seconds later the new clerk is still there: that counts for the next one as well"
            );
            assert_eq!(
                end(task).await,
                End::Completed {
                    killed: told == "killed"
                },
                "it was {told} while a restart was under way, and that went well"
            );
            drop(held);
        }

        // Its start takes a second, and then it fails. In the middle of that comes the end.
        for (told, waits, starts) in [
            ("stopped", false, 1),
            ("killed", false, 1),
            ("left by its last reference", false, 1),
            ("stopped", true, 4),
            ("killed", true, 1),
            ("left by its last reference", true, 4),
        ] {
            let journal = Journal::default();
            let start = Fate::FailsAfter(SECOND);
            let (clerk, task) = supervise::<Clerk>(
                Args {
                    start,
                    ..Args::new(&journal)
                },
                8,
                limit(3),
            );
            if waits {
                within("a slot", clerk.tell(Message::Note(1)))
                    .await
                    .unwrap_or_default();
            }
            sleep(SECOND / 2).await;
            match told {
                "stopped" => clerk.stop(),
                "killed" => clerk.kill(),
                _ => {}
            }
            let held = (told == "stopped" || told == "killed").then_some(clerk);
            let ended = end(task).await;
            drop(held);
            let failed = End::Failed {
                phase: Phase::OnStart,
                killed: false,
                with_actor: false,
            };
            assert_eq!(
                ended, failed,
                "it was {told} while it started, and the start failed: that is the result"
            );
            let mailbox = if waits {
                "a message waits"
            } else {
                "no message waits"
            };
            assert_eq!(
                journal.count(Entry::FailedToStart),
                starts,
                "it was {told} while it started, {mailbox}, three restarts are allowed, and every start fails: so many starts. To which places do you look before a restart?"
            );
        }
    });
}

/// Step 6. Questions that meet the end are answered or refused, and nobody waits for ever.
///
/// Page: "Stop and kill". The slip: a mailbox that is dropped as soon as the actor has ended. It is right in the one schedule of `cargo test`:
/// `cargo course check` tries others, too, in which a question has its slot, and is not in the mailbox yet.
#[test]
fn questions_that_meet_the_end_get_their_answers() {
    check(|| async {
        for supervised in [false, true] {
            for told in ["to stop", "a kill", "to panic"] {
                let args = Args::new(&Journal::default());
                let (clerk, task) = if supervised {
                    supervise::<Clerk>(args, 8, limit(0))
                } else {
                    spawn::<Clerk>(args, 8)
                };
                let ask = || {
                    let clerk = clerk.clone();
                    tokio::spawn(async move { clerk.ask(Message::Count).await })
                };
                let mut asks: Vec<_> = (0..3).map(|_| ask()).collect();
                let tells = clerk.clone();
                let tells = tokio::spawn(async move {
                    match told {
                        "to stop" => tells.stop(),
                        "a kill" => tells.kill(),
                        _ => {
                            let _ = panic(&tells).await;
                        }
                    }
                });
                asks.extend((0..3).map(|_| ask()));
                end(task).await;
                settle().await;
                for ask in asks {
                    assert!(
                        ask.is_finished(),
                        "six questions came, and the clerk was told {told}, at the same time. It has ended, and a question has no answer: it was on its way into the mailbox when \
                         that was dropped. There it stays, with its reply, for as long as there is a reference. `close()` keeps out what has no slot yet; when does `recv` give None?"
                    );
                    let _answer = ask.await.expect("asking does not panic");
                }
                let told = within("the end of whoever told it to end", tells).await;
                told.expect("telling does not panic");
            }
        }
    });
}

/// Step 6. All of it, whatever callers do.
///
/// Page: "Start it again". The slips: those that nobody thought of.
#[test]
fn your_promises_hold_whatever_callers_do() {
    harness::scenarios::<scenarios::Office>(300);
}

/// How many bytes of memory this process has in use. Only Linux tells it in a file, in pages; elsewhere it is 0, and nobody is accused.
fn memory() -> usize {
    let pages = fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let resident = pages.split(' ').nth(1).and_then(|pages| pages.parse().ok());
    resident.map_or(0, |pages: usize| pages * 4_096)
}

/// Fails as often as it is asked to, and then says so.
struct Fails(Failures);

/// How often it will fail, and who waits for that.
type Failures = Arc<Mutex<(usize, Option<oneshot::Sender<()>>)>>;

impl Actor for Fails {
    type Args = Failures;
    type Message = (usize, oneshot::Sender<()>);
    type Error = Failures;

    async fn on_start(failures: Failures, _me: WeakRef<Self>) -> Result<Self, Failures> {
        Ok(Self(failures))
    }

    async fn handle(&mut self, (count, done): Self::Message) {
        *self.failures() = (count, Some(done));
    }

    async fn on_run(&mut self) -> Result<(), Failures> {
        let done = {
            let mut failures = self.failures();
            if failures.0 > 0 {
                failures.0 -= 1;
                return Err(Arc::clone(&self.0));
            }
            failures.1.take()
        };
        if let Some(done) = done {
            let _ = done.send(());
        }
        pending().await
    }
}

impl Fails {
    fn failures(&self) -> MutexGuard<'_, (usize, Option<oneshot::Sender<()>>)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An actor for tests: it does what it is told, and writes down what was done with it.
mod clerk {
    use harness::expect_panics;
    use lifecycle::{Actor, ActorRef, ActorResult, Phase, WeakRef};
    use std::{
        future::pending,
        panic::panic_any,
        sync::{Arc, Mutex, MutexGuard, PoisonError},
        time::Duration,
    };
    use tokio::{
        sync::oneshot,
        task::{JoinError, JoinHandle},
        time::{Instant, Interval, interval, sleep},
    };

    /// How a panic that was ordered begins.
    pub const PANICS: &str = "the clerk panics";

    /// What was done with the clerks of one test, in order.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum Entry {
        Started,
        FailedToStart,
        Handled(u32),
        Ticked,
        Stopped { killed: bool },
    }

    #[derive(Clone, Default)]
    pub struct Journal(Arc<Mutex<Pages>>);

    #[derive(Default)]
    struct Pages {
        lines: Vec<(Entry, Instant)>,
        /// How many clerks there are, and how many there were at most.
        clerks: usize,
        most: usize,
        stops_to_the_end: usize,
        /// When something was done with a clerk for the last time.
        last: Option<Instant>,
        /// Answers whose askers listened no longer.
        unheard: usize,
    }

    impl Journal {
        fn pages(&self) -> MutexGuard<'_, Pages> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner)
        }

        pub fn write(&self, entry: Entry) {
            let now = Instant::now();
            let mut pages = self.pages();
            pages.lines.push((entry, now));
            pages.last = Some(now);
        }

        fn lines(&self) -> Vec<(Entry, Instant)> {
            self.pages().lines.clone()
        }

        fn comes(&self) {
            let mut pages = self.pages();
            pages.clerks += 1;
            pages.most = pages.most.max(pages.clerks);
        }

        fn goes(&self) {
            self.pages().clerks -= 1;
        }

        pub fn most_at_once(&self) -> usize {
            self.pages().most
        }

        pub fn stops_to_the_end(&self) -> usize {
            self.pages().stops_to_the_end
        }

        fn stopped_to_the_end(&self) {
            let mut pages = self.pages();
            pages.stops_to_the_end += 1;
            pages.last = Some(Instant::now());
        }

        pub fn last(&self) -> Option<Instant> {
            self.pages().last
        }

        pub fn unheard(&self) -> usize {
            self.pages().unheard
        }

        pub fn entries(&self) -> Vec<Entry> {
            self.lines().into_iter().map(|(entry, _)| entry).collect()
        }

        /// When clerks were made, the first one and the others.
        pub fn starts(&self) -> Vec<Instant> {
            let mut lines = self.lines();
            lines.retain(|(entry, _)| *entry == Entry::Started);
            lines.into_iter().map(|(_, at)| at).collect()
        }

        pub fn count(&self, entry: Entry) -> usize {
            self.entries().iter().filter(|&&e| e == entry).count()
        }

        pub fn handled(&self) -> Vec<u32> {
            let handled = |entry| match entry {
                Entry::Handled(number) => Some(number),
                _ => None,
            };
            self.entries().into_iter().filter_map(handled).collect()
        }

        /// How often a clerk was stopped, in whatever way.
        pub fn stops(&self) -> usize {
            self.count(Entry::Stopped { killed: false })
                + self.count(Entry::Stopped { killed: true })
        }
    }

    /// What becomes of a method.
    #[derive(Clone, Copy, PartialEq)]
    pub enum Fate {
        Well,
        Takes(Duration),
        Fails,
        FailsAfter(Duration),
        /// Before there is a future to be awaited.
        Panics,
    }

    /// What the clerk does of its own accord.
    #[derive(Clone, Copy, PartialEq)]
    pub enum Own {
        Nothing,
        /// An interval, kept in the clerk.
        Ticks(Duration),
        /// A sleep, local to each call.
        FailsAfter(Duration),
        PanicsAfter(Duration),
        /// Without waiting for anything, some thousand times.
        ReturnsAtOnce,
    }

    #[derive(Clone)]
    pub struct Args {
        pub journal: Journal,
        pub start: Fate,
        pub own: Own,
        pub stop: Fate,
        /// Whether the clerk keeps its `WeakRef`.
        pub keeps_me: bool,
    }

    impl Args {
        pub fn new(journal: &Journal) -> Self {
            Self {
                journal: journal.clone(),
                start: Fate::Well,
                own: Own::Nothing,
                stop: Fate::Well,
                keeps_me: true,
            }
        }
    }

    pub enum Message {
        Note(u32),
        Work(u32, Duration),
        /// How many the clerk has handled since it was made.
        Count(oneshot::Sender<usize>),
        /// The same, answered after the next `Count`.
        CountLater(oneshot::Sender<usize>),
        /// Whether the clerk can reach itself.
        Upgrade(oneshot::Sender<bool>),
        Panic(oneshot::Sender<usize>),
        /// With something that is no text.
        PanicWith(u32),
        Own(Own),
    }

    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct Refused;

    pub struct Clerk {
        args: Args,
        handled: usize,
        ticks: Option<Interval>,
        me: Option<WeakRef<Self>>,
        later: Option<oneshot::Sender<usize>>,
    }

    impl Drop for Clerk {
        fn drop(&mut self) {
            self.args.journal.goes();
        }
    }

    impl Clerk {
        pub fn has_handled(&self) -> usize {
            self.handled
        }
    }

    impl Actor for Clerk {
        type Args = Args;
        type Message = Message;
        type Error = Refused;

        fn on_start(
            args: Args,
            me: WeakRef<Self>,
        ) -> impl Future<Output = Result<Self, Refused>> + Send {
            if args.start == Fate::Panics {
                args.journal.write(Entry::FailedToStart);
                panic!("{PANICS} in `on_start`, which the actor's own task calls");
            }
            start(args, me)
        }

        async fn handle(&mut self, message: Message) {
            match message {
                Message::Note(number) => self.args.journal.write(Entry::Handled(number)),
                Message::Work(number, time) => {
                    sleep(time).await;
                    self.args.journal.write(Entry::Handled(number));
                }
                Message::Count(reply) => {
                    if reply.send(self.handled).is_err() {
                        self.args.journal.pages().unheard += 1;
                    }
                    if let Some(later) = self.later.take() {
                        let _ = later.send(self.handled);
                    }
                }
                Message::CountLater(reply) => self.later = Some(reply),
                Message::Upgrade(reply) => {
                    let me = self.me.as_ref().and_then(WeakRef::upgrade);
                    let _ = reply.send(me.is_some());
                }
                Message::Panic(_reply) => panic!("{PANICS} (as it was told to)"),
                Message::PanicWith(number) => panic_any(number),
                Message::Own(own) => self.args.own = own,
            }
            self.handled += 1;
        }

        async fn on_run(&mut self) -> Result<(), Refused> {
            match self.args.own {
                Own::Nothing => pending().await,
                Own::Ticks(_) => match &mut self.ticks {
                    Some(ticks) => {
                        ticks.tick().await;
                        self.args.journal.write(Entry::Ticked);
                        Ok(())
                    }
                    None => pending().await,
                },
                Own::FailsAfter(time) => {
                    sleep(time).await;
                    Err(Refused)
                }
                Own::PanicsAfter(time) => {
                    sleep(time).await;
                    panic!("{PANICS} (as it was told to)")
                }
                Own::ReturnsAtOnce => {
                    self.args.journal.write(Entry::Ticked);
                    // Enough to see it; nobody is to spin for ever.
                    if self.args.journal.count(Entry::Ticked) > 2_000 {
                        pending().await
                    }
                    Ok(())
                }
            }
        }

        async fn on_stop(&mut self, killed: bool) -> Result<(), Refused> {
            self.args.journal.write(Entry::Stopped { killed });
            match self.args.stop {
                Fate::Well => Ok(()),
                Fate::Takes(time) => {
                    sleep(time).await;
                    self.args.journal.stopped_to_the_end();
                    Ok(())
                }
                Fate::Fails => Err(Refused),
                Fate::FailsAfter(time) => {
                    sleep(time).await;
                    Err(Refused)
                }
                Fate::Panics => panic!("{PANICS} in `on_stop`"),
            }
        }
    }

    async fn start(args: Args, me: WeakRef<Clerk>) -> Result<Clerk, Refused> {
        match args.start {
            Fate::Takes(time) | Fate::FailsAfter(time) => sleep(time).await,
            _ => {}
        }
        if matches!(args.start, Fate::Fails | Fate::FailsAfter(_)) {
            args.journal.write(Entry::FailedToStart);
            return Err(Refused);
        }
        args.journal.write(Entry::Started);
        args.journal.comes();
        let ticks = match args.own {
            Own::Ticks(period) => Some(interval(period)),
            _ => None,
        };
        Ok(Clerk {
            me: args.keeps_me.then_some(me),
            args,
            handled: 0,
            ticks,
            later: None,
        })
    }

    /// The end of an actor, in a few words that can be compared.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum End {
        Completed {
            killed: bool,
        },
        Failed {
            phase: Phase,
            killed: bool,
            with_actor: bool,
        },
        Panicked,
        Aborted,
    }

    pub async fn end(task: JoinHandle<ActorResult<Clerk>>) -> End {
        let ended = harness::within("the end of the actor's task", task).await;
        if let Err(error) = &ended {
            assert!(
                error.is_panic(),
                "the actor's task was aborted. Who does that? It should end by itself."
            );
            assert!(
                error.to_string().contains(PANICS),
                "the `JoinHandle` holds a panic, and it is not the actor's: {error}. Pass on the one that you caught: `resume_unwind`"
            );
        }
        in_short(ended)
    }

    /// What the actor panicked with, if its `JoinHandle` gives just that.
    pub async fn panicked_with(task: JoinHandle<ActorResult<Clerk>>) -> Option<u32> {
        let ended = harness::within("the end of the actor's task", task).await;
        let panic = ended.err()?.try_into_panic().ok()?;
        panic.downcast_ref().copied()
    }

    pub async fn end_or_abort(task: JoinHandle<ActorResult<Clerk>>) -> End {
        in_short(harness::within("the end of the actor's task", task).await)
    }

    fn in_short(ended: Result<ActorResult<Clerk>, JoinError>) -> End {
        match ended {
            Ok(ActorResult::Completed { killed, .. }) => End::Completed { killed },
            Ok(ActorResult::Failed {
                actor,
                phase,
                killed,
                error: Refused,
            }) => End::Failed {
                phase,
                killed,
                with_actor: actor.is_some(),
            },
            Err(error) if error.is_panic() => End::Panicked,
            Err(_) => End::Aborted,
        }
    }

    /// Tells the clerk to panic; what the asker hears.
    pub async fn panic(clerk: &ActorRef<Clerk>) -> Result<usize, lifecycle::Closed> {
        expect_panics(PANICS);
        clerk.ask(Message::Panic).await
    }
}
