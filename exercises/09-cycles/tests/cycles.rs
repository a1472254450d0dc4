//! What a room with an archive promises, step by step. Each test says what it wants and which slip it is there to catch.
//!
//! The tests run in virtual time, on a runtime of their own (see exercises/harness): saving takes one virtual second. When
//! a test's body ends, all its handles are dropped, and then every task has to end as well.

mod scenarios;

use cycles::{Closed, RoomHandle, Store, open};
use harness::{
    Calls, alive_tasks, check, expect_panics, in_no_time, on_a_runtime_that_ends, one_schedule,
    settle, start_and_drop, wait_in_line, wake_ups_so_far, within,
};
use std::{
    collections::BTreeMap,
    future::poll_fn,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    task::Poll,
    time::Duration,
};
use tokio::{
    sync::mpsc::{self, UnboundedReceiver},
    task::{JoinSet, yield_now},
    time::{Instant, sleep, timeout},
};

/// So many speak at once that the last one waits for five hours and a half.
const LONG_LINE: u64 = 20_000;

/// Step 1. What is said gets a number at once, and is reported when it is saved.
///
/// Page: "Two actors that need each other". The slips: `say` waits until the archive is done; the archive gets the number, and looks elsewhere for
/// the text.
#[test]
fn messages_are_numbered_then_saved() {
    check(|| async {
        let (store, mut disk) = scenarios::shown(Store::new());
        let (room, mut saved) = start(store);
        let start = Instant::now();
        let texts = ["hello", "is anybody here?", "", "bye"];
        for (text, expected) in texts.iter().zip(1..) {
            let said = within("the number of a message", room.say((*text).to_owned())).await;
            assert_eq!(said, Ok(expected), "messages are numbered from 1");
            assert_eq!(
                start.elapsed(),
                Duration::ZERO,
                "message {expected} got its number after a while. `say` does not wait until a message is saved, and for four of them there is a free slot at once"
            );
        }
        for (text, expected) in texts.iter().zip(1..) {
            let number = within("the report of a saved message", saved.recv()).await;
            assert_eq!(
                number,
                Some(expected),
                "what is saved is reported on `saved`, in its order. (None: every task that could report is gone)"
            );
            if let Some(disk) = &mut disk {
                assert_eq!(
                    disk.try_recv(),
                    Ok((expected, (*text).to_owned())),
                    "message {expected} is reported, and this is not what the store has saved: the archive saves the text that was said, under its number"
                );
            }
        }
        assert_eq!(
            start.elapsed().as_secs(),
            4,
            "four messages take the archive four seconds"
        );
    });
}

/// Step 1. Nobody stops the two; they end because nobody can reach them any more.
///
/// Page: "A circle of handles". The slips: the archive holds a handle of the room, which holds one of the archive; an end that
/// needs a message.
#[test]
fn both_end_with_the_last_handle() {
    check(|| async {
        let (room, mut saved) = start(Store::new());
        say(&room).await;
        within("the report of the saved message", saved.recv()).await;
        // All work is done: from here on it is only about the end.
        settle().await;
        drop(room);
        let at_once = alive_tasks().await;
        sleep(Duration::from_secs(60)).await;
        let alive = alive_tasks().await;
        assert_eq!(
            alive,
            0,
            "the last handle is gone and all is saved, but {}. Draw an arrow for each Sender, from the task \
             that holds it to the task that it keeps alive: is there a circle? (A task that waits behind its loop, and still holds a Sender, counts too.)",
            live_on(alive)
        );
        assert_eq!(
            at_once,
            0,
            "the last handle is gone and all is saved, but {} for a while, and then end by a timer. There is nothing to wait for: a channel says at once that its last Sender \
             is gone",
            live_on(at_once)
        );
        assert_eq!(
            saved.try_recv(),
            Err(mpsc::error::TryRecvError::Disconnected),
            "all is over, and somebody still holds the other end of `saved`"
        );
    });
}

/// Step 1. Any clone keeps both of them.
///
/// Page: "Ownership is a tree". The slip: the archive ends while the room still needs it.
#[test]
fn both_live_as_long_as_any_handle() {
    check(|| async {
        let (room, mut saved) = start(Store::new());
        // A clone of a clone: all are alike.
        let clone = room.clone().clone();
        say(&room).await;
        drop(room);
        sleep(Duration::from_secs(60)).await;
        assert_eq!(
            saved.try_recv(),
            Ok(1),
            "a message was said a minute ago, one of two handles was dropped, and nothing is reported"
        );
        let said = within("the number of a message", clone.say("hello".to_owned())).await;
        assert_eq!(
            said,
            Ok(2),
            "one of two handles was dropped, and the other one has to work on"
        );
        assert_eq!(
            within("the report of the second message", saved.recv()).await,
            Some(2)
        );
    });
}

/// Step 2. The room knows how many messages are not saved yet, and says so while the archive is busy.
///
/// Page: "Two actors that need each other". The slips: the archive tells the listener on `saved`, and not the room; the archive is
/// asked, and has no time; only what waits in its mailbox is counted.
#[test]
fn the_room_knows_what_is_not_saved_yet() {
    check(|| async {
        let (room, mut saved) = start(Store::new());
        assert_eq!(unsaved(&room).await, Ok(0), "nothing has been said yet");
        for _ in 0..3 {
            say(&room).await;
        }
        settle().await;
        assert_eq!(
            unsaved(&room).await,
            Ok(3),
            "3 messages were accepted and none of them is saved yet. The one that the archive is at work on counts as well"
        );
        let asking: JoinSet<_> = std::iter::repeat_n(&room, 1_000)
            .cloned()
            .map(|room| async move { room.unsaved().await })
            .collect();
        let answers = in_no_time("the answers to 1000 who ask at once", asking.join_all()).await;
        let refused = answers.iter().filter(|answer| answer.is_err()).count();
        assert_eq!(
            refused, 0,
            "1000 asked `unsaved` at once, and {refused} of them got Closed, but there is a handle: a caller that finds no free slot waits for one"
        );
        assert!(
            answers.iter().all(|answer| *answer == Ok(3)),
            "1000 asked `unsaved` at once, and not all were told that 3 messages are not saved"
        );
        for left in [2, 1, 0] {
            let number = within("the report of a saved message", saved.recv())
                .await
                .expect("nobody will report any more");
            // The report may come a moment before the room hears of it.
            settle().await;
            let unsaved = unsaved(&room).await;
            assert!(
                unsaved != Ok(left + 1),
                "message {number} is saved and reported, and the room still counts it: {} are not saved, it says. How does the room learn that one is saved? Nobody listens on `saved` but the test",
                left + 1
            );
            assert_eq!(
                unsaved,
                Ok(left),
                "of 3 messages, number {number} is the last that was saved"
            );
        }
    });
}

/// Step 2. Questions disturb nobody: a save takes a second, however often somebody asks meanwhile.
///
/// Page: chapter 6, "What select! drops". The slip: the archive waits for questions and for `save` in one `select!`, so each question
/// drops the save that is under way, and the next turn of the loop begins it anew.
#[test]
fn asking_does_not_delay_the_archive() {
    check(|| async {
        let (room, mut saved) = start(Store::new());
        say(&room).await;
        for _ in 0..20 {
            sleep(Duration::from_millis(310)).await;
            let asked = unsaved(&room).await;
            assert!(
                asked.is_ok(),
                "`unsaved` returned Closed, but there is a handle"
            );
        }
        assert_eq!(
            saved.try_recv(),
            Ok(1),
            "somebody asked `unsaved` three times a second for six seconds, and message 1 is not saved. Saving takes one second: what becomes of a save that is under way when somebody asks?"
        );
    });
}

/// Step 2. When many messages wait to be saved, `say` waits: callers are faster than the archive, and memory has an end.
///
/// Page: "The way back never waits". The slips: the archive's mailbox has no bound; a task that carries each message to it, so that nobody
/// has to wait; a bound that is never felt.
#[test]
fn too_many_have_to_wait() {
    check(|| async {
        let (room, mut saved) = start(Store::new());
        let mut speaking = JoinSet::new();
        for _ in 0..3_000 {
            let room = room.clone();
            speaking.spawn(async move { room.say("hello".to_owned()).await });
        }
        settle().await;
        let returned = std::iter::from_fn(|| speaking.try_join_next());
        let accepted = returned.filter(|said| matches!(said, Ok(Ok(_)))).count();
        assert!(
            accepted < 2_000,
            "3000 spoke at once, and {accepted} of them got their number before a single message was saved. What bounds the messages that wait to be saved?"
        );
        // The others give up, and take with them the messages that found no free slot.
        speaking.shutdown().await;
        drop(room);
        let kept = count_reports(&mut saved).await;
        assert!(
            kept < 2_000,
            "3000 spoke at once, {accepted} of them got a number, and the others gave up before anything was saved. {kept} messages were saved: what bounds those that wait for the room?"
        );
    });
    check(|| async {
        let (room, mut saved) = start(Store::new());
        for _ in 0..300 {
            start_and_drop(10, || room.say("never mind".to_owned())).await;
            settle().await;
        }
        drop(room);
        let kept = count_reports(&mut saved).await;
        assert!(
            kept < 2_000,
            "3000 callers gave up, one after another, before anything was saved, and {kept} of their messages were saved nevertheless. When no slot is free, a message \
             has to wait with its caller, and go with it: what keeps it?"
        );
    });
}

/// Step 2. The caller that has waited longest has the next turn, after hours as well.
///
/// Page: chapter 1, "The mailbox". The slips: a call that looks for a free slot anew when it is woken, while others come; one that loses its
/// turn after a time.
#[test]
fn callers_stand_in_line() {
    one_schedule(
        "thousands of callers take long; a few stand in line in the scenarios, in all schedules",
    );
    check(|| async {
        let (room, mut saved) = start(Store::new());
        let minute = Duration::from_millis(61_300);
        let mut texts = ["hello", "is anybody here?", "", "bye!"]
            .into_iter()
            .cycle();
        let say = || room.say(texts.next().unwrap_or_default().to_owned());
        let line = wait_in_line(4_000, minute, say).await;
        assert!(
            !line.last_was_woken,
            "4000 spoke at once, and a minute later the last one was woken: its turn cannot have come. Does it try again and again? It sleeps until it is its turn"
        );
        for (call, expected) in line.answers.into_iter().zip(1..) {
            match call {
                Some(Ok(number)) => assert_eq!(
                    number, expected,
                    "4000 spoke, one after the other, and one more a minute later, when some had been saved. This one was number {expected} of them. \
                     The caller that has waited longest has the next turn: callers stand in line, and nobody who comes later goes before them"
                ),
                Some(Err(Closed)) => panic!(
                    "4000 spoke, one after the other, and number {expected} of them got Closed, though there is a handle. A caller that finds no free slot waits for one, however \
                     long that takes: does `say` only try, or wait for some time and no longer?"
                ),
                None => panic!(
                    "4000 spoke, one after the other, and number {expected} of them waits for ever. Does the room wait for a slot at the archive, while the archive waits for one in the \
                     room's mailbox?"
                ),
            }
        }
        drop(room);
        count_reports(&mut saved).await;
    });
    check(|| async {
        let (room, mut saved) = start(Store::new());
        let mut speaking = JoinSet::new();
        for _ in 0..LONG_LINE {
            let room = room.clone();
            speaking.spawn(async move { room.say("hello".to_owned()).await });
        }
        sleep(Duration::from_secs(3_333)).await;
        let late = room.say("hello".to_owned()).await;
        assert_eq!(
            late,
            Ok(LONG_LINE + 1),
            "{LONG_LINE} spoke at once, and one more an hour later. Its message got this number, and all the others had waited longer: callers stand in line, and nobody \
             goes back to its end, however long it has waited"
        );
        drop(room);
        speaking.join_all().await;
        count_reports(&mut saved).await;
    });
}

/// Step 2. The numbers go on, however many messages there are.
///
/// Page: "Two actors that need each other". The slip: a number of 16 bits, which begins anew some day.
#[test]
fn numbers_go_on() {
    one_schedule("this is about how many, not about when");
    check(|| async {
        let (room, mut saved) = start(Store::new());
        for expected in 1..=66_000 {
            let said = room.say("hello".to_owned()).await;
            assert_eq!(
                said,
                Ok(expected),
                "{expected} messages were said, one after the other, and the last one did not get that number. How large can a number become before it begins anew?"
            );
        }
        // What is accepted is saved, however many slots there are.
        drop(room);
        count_reports(&mut saved).await;
    });
}

/// Step 2. A call that is dropped takes nothing back: when the room has its message, it is saved like every other one.
///
/// Page: chapter 1, "The reply". The slips: `unwrap()` on sending the reply; a room that first looks whether its caller is still there; one that
/// ends with the last handle, whatever its mailbox holds.
#[test]
fn a_dropped_call_is_handled_like_any_other() {
    check(|| async {
        let (room, mut saved) = start(Store::new());
        // Polled once, then dropped: its message is in the mailbox.
        start_and_drop(1, || room.say("never mind".to_owned())).await;
        settle().await;
        assert_eq!(
            unsaved(&room).await,
            Ok(1),
            "a caller gave up when its message was in the mailbox. The message is handled like any other: it gets a number, it is counted, and it is saved"
        );
        sleep(Duration::from_secs(10)).await;
        assert_eq!(
            saved.try_recv(),
            Ok(1),
            "a message whose caller gave up was accepted, and it is not saved"
        );
        assert_eq!(
            say(&room).await,
            2,
            "a message whose caller gave up was saved as number 1, so the next one gets number 2"
        );
    });
    check(|| async {
        let (room, mut saved) = start(Store::new());
        start_and_drop(1, || room.say("never mind".to_owned())).await;
        drop(room);
        assert_eq!(
            count_reports(&mut saved).await,
            1,
            "a caller gave up when its message was in the mailbox, and the last handle went at once. A mailbox that is closed may still hold messages: they are handled like any \
             other, and then the room ends"
        );
    });
}

/// Step 2. A caller may go away while it waits: its task was stopped, or it had a time-out. The room does not mind.
///
/// Page: chapter 1, "The reply". The slips: `unwrap()` on sending the reply; a count or a number that depends on whether the caller
/// is still there; a turn that is lost with the caller to whom it was given.
#[test]
fn a_caller_that_gives_up_does_no_harm() {
    check(|| async {
        let (room, mut saved) = start(Store::new());
        // Some leave a message in the mailbox, others find no free slot.
        start_and_drop(30, || room.say("never mind".to_owned())).await;
        let said = within(
            "the number of a message that is said later",
            room.say("hello".to_owned()),
        );
        let Ok(number) = said.await else {
            panic!(
                "30 callers of `say` gave up, and the next one got Closed, but there is a handle. A reply that nobody waits for is no reason to end"
            );
        };
        // `unsaved` may wait while there are many.
        sleep(Duration::from_secs(60)).await;
        start_and_drop(1, || room.unsaved()).await;
        let left = unsaved(&room).await;
        assert_ne!(
            left,
            Err(Closed),
            "a caller of `unsaved` gave up, and the next one got Closed, but there is a handle. A reply that nobody waits for is no reason to end"
        );
        assert_eq!(
            left,
            Ok(0),
            "30 callers of `say` gave up. A minute later all is saved, and the room's count is wrong. (If the test above, `the_room_knows_what_is_not_saved_yet`, is red, begin there)"
        );
        let reported: Vec<u64> = std::iter::from_fn(|| saved.try_recv().ok()).collect();
        assert_all_reported(&reported, number);
    });
    check(|| async {
        let (room, mut saved) = start(Store::new());
        let mut calls = Calls::new();
        for call in 0..4_000 {
            let room = room.clone();
            calls
                .start(call, async move { room.say("never mind".to_owned()).await })
                .await;
        }
        // Those at the head of the line are given every slot that there is, and none of them looks before it gives up.
        sleep(Duration::from_secs(2_100)).await;
        drop(calls);
        sleep(Duration::from_secs(2_100)).await;
        let said = room.say("hello".to_owned());
        let Ok(said) = timeout(Duration::from_secs(60), said).await else {
            panic!(
                "4000 callers of `say` gave up, some of them in the moment in which their turn had come. All is saved since then, and the next one still waits for its turn: \
                 a turn that nobody takes goes to the next caller"
            );
        };
        assert!(
            said != Err(Closed),
            "4000 callers of `say` gave up, all that was accepted is saved, and the next one got Closed an hour later, though there is a handle. Neither a reply that nobody waits \
             for nor an hour without work is a reason to end"
        );
        sleep(Duration::from_secs(2)).await;
        let reported: Vec<u64> = std::iter::from_fn(|| saved.try_recv().ok()).collect();
        assert_eq!(
            said,
            Ok(reported.len() as u64),
            "4000 callers of `say` gave up, most of them while they waited for their turn, and {} messages were saved. The next one did not get the next number: a call that gives \
             up before its turn uses up none",
            reported.len() - 1
        );
        assert_all_reported(&reported, reported.len() as u64);
    });
}

/// Step 3. What was accepted is saved and reported, even if nobody holds a handle any more.
///
/// Page: "The drain". The slips: `break` when the mailbox is closed, while the archive still brings results; aborting
/// a task; a weak sender that cannot be upgraded when the result is there.
#[test]
fn accepted_messages_are_saved_before_the_end() {
    check(|| async {
        let (room, mut saved) = start(Store::new());
        for _ in 0..3 {
            say(&room).await;
        }
        drop(room);
        let dropped = Instant::now();
        let mut reported = Vec::new();
        while let Some(number) = within("the next report, or the end of them,", saved.recv()).await
        {
            reported.push((number, dropped.elapsed().as_secs()));
        }
        let end = dropped.elapsed().as_secs();
        sleep(Duration::from_secs(60)).await;
        assert_eq!(
            reported.len(),
            3,
            "`say` accepted messages 1, 2 and 3, then the last handle was dropped. {}",
            if reported.len() < 3 {
                "Not all of them are reported: somebody has to wait for what the archive still brings"
            } else {
                "More are reported than were said: each once"
            }
        );
        assert_eq!(
            reported,
            [(1, 1), (2, 2), (3, 3)],
            "each is reported when it is saved, one a second (number, second), and not all of them in the end"
        );
        assert_eq!(
            alive_tasks().await,
            0,
            "all is saved and reported, but a task lives on"
        );
        assert_eq!(
            end, 3,
            "messages 1, 2 and 3 were saved in 3 s, and somebody held the other end of `saved` until second {end}: does a time limit end the room? When nothing is left to save, \
             the archive drops its end of the results, and that is the sign"
        );
    });
    check(|| async {
        let (room, saved) = start(Store::new());
        for _ in 0..3 {
            say(&room).await;
        }
        drop((room, saved));
        sleep(Duration::from_millis(2_500)).await;
        assert!(
            alive_tasks().await > 0,
            "3 messages were accepted, then the last handle went, and the listener on `saved` too. The third one takes until second 3 to be saved, and after 2.5 s nobody is left who could save it"
        );
    });
}

/// Step 3. However many speak at once: nobody waits for ever, nobody is refused, and nothing is lost.
///
/// Page: "The way back never waits". The slips: a way back that can be full, however large, so that the archive waits for the room, and the room
/// for the archive; a call that has a time-out; a message that is reported, and not saved.
#[test]
fn many_at_once_are_all_saved() {
    for callers in [1_000, 20_000] {
        check(move || async move {
            let (store, mut disk) = scenarios::shown(Store::new());
            let (room, mut saved) = start(store);
            let mut speaking = JoinSet::new();
            for caller in 0..callers {
                let room = room.clone();
                speaking.spawn(async move {
                    let text = format!("hello from caller {caller}");
                    (room.say(text.clone()).await, text)
                });
            }
            // It comes after all of them.
            let asking = tokio::spawn(async move { room.unsaved().await });
            let mut refused = 0;
            let mut numbers = Vec::new();
            let mut texts = BTreeMap::new();
            let next = format!("the next number, of {callers} messages at once,");
            while let Some(said) = within(&next, speaking.join_next()).await {
                match said {
                    Ok((Ok(number), text)) => {
                        numbers.push(number);
                        texts.insert(number, text);
                    }
                    _ => refused += 1,
                }
            }
            assert_eq!(
                refused, 0,
                "{callers} spoke at once, and {refused} of them got no number: a caller that finds no free slot waits for one, however long that takes"
            );
            numbers.sort_unstable();
            if let Some((number, next)) = numbers
                .iter()
                .zip(1..)
                .find(|(number, next)| *number != next)
            {
                panic!(
                    "{callers} spoke at once, and got a number each: {number} where {next} should be. Each of 1 to {callers} is given once"
                );
            }
            let asked = within("the answer to `unsaved`", asking).await;
            assert!(
                matches!(asked, Ok(Ok(_))),
                "{callers} spoke at once, somebody asked `unsaved` after them, and got Closed. The room has not ended: a caller that asks waits as well, however long that takes"
            );
            let mut reported = Vec::new();
            while let Some(number) =
                within("the next report, or the end of them,", saved.recv()).await
            {
                reported.push(number);
            }
            assert_all_reported(&reported, callers);
            let Some(disk) = &mut disk else { return };
            for said in texts {
                let number = said.0;
                assert_eq!(
                    disk.try_recv().ok(),
                    Some(said),
                    "{callers} spoke at once, and message {number} is reported, but this is what the store saved as the next one. (None: nothing more.) Each of them is saved, \
                     in the order of their numbers, with the text that was said"
                );
            }
        });
    }
}

/// Step 3. Callers that keep coming keep the room neither from its reports nor from its answers.
///
/// Page: "The way back never waits". The slips: a `select!` that is `biased`, with the calls first, so that what the archive brings
/// lies in its channel for hours; questions that come last; questions that come first.
#[test]
fn a_crowd_does_not_hide_what_is_saved() {
    check(|| async {
        let (room, mut saved) = start(Store::new());
        let mut speaking = JoinSet::new();
        for _ in 0..100 {
            let room = room.clone();
            speaking.spawn(async move { while room.say("hello".to_owned()).await.is_ok() {} });
        }
        sleep(Duration::from_millis(5_000_500)).await;
        assert!(
            speaking.try_join_next().is_none(),
            "100 callers spoke again and again, for 5000 s, and one of them got Closed, but there is a handle and the archive has not died: a caller that finds no free \
             slot waits for one"
        );
        let reported = std::iter::from_fn(|| saved.try_recv().ok()).count();
        assert!(
            reported >= 4_000,
            "100 callers spoke again and again, for 5000 s. Some 5000 messages are saved, one a second, and {reported} of them are reported. Does the room get to what the \
             archive brings, while callers wait as well?"
        );
        let Ok(unsaved) = timeout(Duration::from_secs(4_000), room.unsaved()).await else {
            panic!(
                "100 callers speak again and again, and somebody who asked `unsaved` has no answer for 4000 s, while others have had theirs forty times: a question stands in \
                 line, and does not come last"
            );
        };
        assert!(
            unsaved.is_ok_and(|count| count < 2_000),
            "100 callers speak again and again, and the room says that {unsaved:?} are not saved yet. There is no room for so many: does it count what the archive has brought?"
        );
        speaking.shutdown().await;
        drop(room);
        count_reports(&mut saved).await;
    });
    check(|| async {
        const ENOUGH: usize = 20_000;
        let (room, mut saved) = start(Store::new());
        say(&room).await;
        let answers = Arc::new(AtomicUsize::new(0));
        let mut asking = JoinSet::new();
        for _ in 0..1_000 {
            let (room, answers) = (room.clone(), answers.clone());
            asking.spawn(async move {
                // They begin in the moment in which the message is saved, and no time passes while they ask.
                sleep(Duration::from_secs(1)).await;
                while answers.load(Relaxed) < ENOUGH && room.unsaved().await.is_ok() {
                    answers.fetch_add(1, Relaxed);
                    yield_now().await;
                }
            });
        }
        let reported = within("the report of the saved message", saved.recv()).await;
        let before = answers.load(Relaxed);
        assert_eq!(reported, Some(1), "one message was said, and saved");
        assert!(
            before < ENOUGH,
            "1000 callers ask `unsaved` again and again. The archive has saved a message, and {before} answers later it is not reported. Does the room get to what the archive \
             brings, while callers ask?"
        );
        asking.join_all().await;
    });
}

/// Step 3. Nobody has to listen to the reports.
///
/// Page: chapter 6, "Where it ends". The slips: `unwrap` on the report; a room that ends with its listener.
#[test]
fn it_goes_on_when_nobody_listens() {
    check(|| async {
        let (room, saved) = start(Store::new());
        drop(saved);
        for expected in 1..=3 {
            let said = within("the number of a message", room.say("hello".to_owned())).await;
            assert_eq!(
                said,
                Ok(expected),
                "nobody listens on `saved`, but there is a handle: `say` works on"
            );
            sleep(Duration::from_secs(10)).await;
        }
        assert_eq!(
            unsaved(&room).await,
            Ok(0),
            "nobody listens on `saved`, and messages should be saved nevertheless"
        );
    });
}

/// Step 4. Without an archive nothing can be saved, so nothing more is accepted.
///
/// Page: "When one of them dies". The slips: a room that goes on numbering what nobody saves; `unwrap` on a send in the handle.
#[test]
fn a_dead_archive_closes_the_room() {
    check(|| async {
        expect_panics("the disk is full"); // the archive does
        let (room, mut saved) = start(Store::that_breaks_at(2));
        for expected in 1..=2 {
            assert_eq!(say(&room).await, expected, "messages are numbered from 1");
        }
        sleep(Duration::from_secs(60)).await;
        assert_eq!(
            saved.try_recv(),
            Ok(1),
            "the first message was saved before the archive died"
        );
        let said = in_no_time(
            "an answer to `say` after the archive has died",
            room.say("anybody?".to_owned()),
        )
        .await;
        assert_eq!(
            said,
            Err(Closed),
            "the archive is dead, and `say` accepts what nobody will save"
        );
        settle().await;
        for _ in 0..2 {
            let said = within(
                "an answer to `say`, after one was refused already",
                room.say("anybody?".to_owned()),
            );
            assert_eq!(
                said.await,
                Err(Closed),
                "`say` was refused once, and now the room accepts something again"
            );
            assert_eq!(
                unsaved(&room).await,
                Err(Closed),
                "`say` is refused, so nothing will be saved any more, and `unsaved` should be refused as well"
            );
        }
        drop(room);
        assert_eq!(
            alive_tasks().await,
            0,
            "the archive is dead and all handles are gone, but a task lives on"
        );
    });
}

/// Step 4. What was saved before the archive died is reported, and what is said later is refused.
///
/// Page: "When one of them dies". The slips: leaving the loop without listening to what the archive has brought already; `unwrap` on
/// a send.
#[test]
fn what_was_saved_is_reported_though_the_archive_dies() {
    for _ in 0..16 {
        check(|| async {
            expect_panics("the disk is full"); // the archive does
            let (room, mut saved) = start(Store::that_breaks_at(20));
            let mut speaking = JoinSet::new();
            for _ in 0..40 {
                let room = room.clone();
                speaking.spawn(async move { room.say("hello".to_owned()).await });
            }
            drop(room);
            within("the answers to 40 messages at once", speaking.join_all()).await;
            let mut reported = Vec::new();
            while let Some(number) = within("the reports", saved.recv()).await {
                reported.push(number);
            }
            assert_eq!(
                reported.len(),
                19,
                "messages 1 to 19 were saved, then the archive died. {}",
                if reported.len() < 19 {
                    "Not all of them are reported: what the archive has brought is still to be listened to"
                } else {
                    "More are reported: whatever came to the archive later was never saved"
                }
            );
            assert_all_reported(&reported, 19);
        });
    }
}

/// Step 4. Dropping a handle takes no time, and waiting costs nothing.
///
/// Page: "What each cure loses". The slips: a `Drop` that waits for the archive; a task that looks now and then whether it is needed.
#[test]
fn an_idle_room_costs_nothing() {
    check(|| async {
        let (room, mut saved) = start(Store::new());
        say(&room).await;
        within("the report of the message", saved.recv()).await;
        drop(room.clone());
        quiet("all is saved, and nobody calls").await;
        drop(saved);
        say(&room).await;
        sleep(Duration::from_secs(2)).await;
        quiet("all is saved, and nobody listens on `saved`").await;
    });
    check(|| async {
        expect_panics("the disk is full"); // the archive does
        let (room, _saved) = start(Store::that_breaks_at(1));
        say(&room).await;
        sleep(Duration::from_secs(2)).await;
        quiet("the archive has died, and nobody calls").await;
        drop(room);
    });
}

/// Step 4. Each room has numbers, a count and an archive of its own.
///
/// Page: "Two actors that need each other". The slip: a `static`, for the numbers or for the end of the archive.
#[test]
fn two_rooms_know_nothing_of_each_other() {
    check(|| async {
        expect_panics("the disk is full"); // the archive of the first room does
        let (first, _saved) = start(Store::that_breaks_at(2));
        let (second, _saved) = start(Store::new());
        for _ in 0..2 {
            say(&first).await;
        }
        let said = within("the number of a message", second.say("hello".to_owned())).await;
        assert_eq!(
            said,
            Ok(1),
            "two messages were said in another room, and this is the first one here: is there a `static`, which all rooms of the program share?"
        );
        settle().await;
        assert_eq!(
            unsaved(&second).await,
            Ok(1),
            "one message was said in this room, and two in another one: which of them are counted here?"
        );
        sleep(Duration::from_secs(60)).await;
        let _ = first.say("anybody?".to_owned()).await;
        settle().await;
        let said = within("the number of a message", second.say("hello".to_owned())).await;
        assert_eq!(
            said,
            Ok(2),
            "the archive of another room has died, and that one is closed; this room is not"
        );
    });
}

/// Step 4. A runtime may end before the handles do, and takes all tasks with it. Then nobody is there any more, and every call says so.
///
/// Page: "When one of them dies". The slips: a call that waits for something that no dropped task gives back, or for a count that
/// nobody keeps any more.
#[test]
fn a_handle_may_outlive_the_runtime() {
    check(|| async {
        for messages in [0, 3] {
            let room = on_a_runtime_that_ends(move || async move {
                let (room, _saved) = start(Store::new());
                for _ in 0..messages {
                    say(&room).await;
                }
                room
            });
            assert_eq!(
                in_no_time("an answer to `unsaved` without a runtime", room.unsaved()).await,
                Err(Closed),
                "room and archive are gone with their runtime ({messages} messages were not saved yet), and `unsaved` returned a number"
            );
            assert_eq!(
                in_no_time(
                    "an answer to `say` without a runtime",
                    room.say("hello".to_owned())
                )
                .await,
                Err(Closed),
                "room and archive are gone with their runtime ({messages} messages were not saved yet), and `say` returned a number"
            );
        }
        let calls = on_a_runtime_that_ends(|| async {
            let (room, _saved) = start(Store::new());
            let mut calls = Vec::new();
            for _ in 0..2_000 {
                let room = room.clone();
                let mut call = Box::pin(async move { room.say("hello".to_owned()).await });
                if poll_fn(|cx| Poll::Ready(call.as_mut().poll(cx).is_pending())).await {
                    calls.push(call);
                }
            }
            calls
        });
        for call in calls {
            assert_eq!(
                in_no_time(
                    "an answer to a `say` that waited when the runtime ended",
                    call
                )
                .await,
                Err(Closed),
                "room and archive are gone with their runtime, and a `say` that had to wait returned a number"
            );
        }
    });
}

/// Whatever callers do, in any order, the promises hold: 400 short stories that nobody wrote down, made by a machine (tests/scenarios/mod.rs).
/// One that fails is shortened and told.
#[test]
fn your_promises_hold_whatever_callers_do() {
    harness::scenarios::<scenarios::RoomAndArchive>(400);
}

fn start(store: Store) -> (RoomHandle, UnboundedReceiver<u64>) {
    let (report, saved) = mpsc::unbounded_channel();
    (open(store, report), saved)
}

/// Takes all reports, until nobody is left to report.
async fn count_reports(saved: &mut UnboundedReceiver<u64>) -> usize {
    let mut count = 0;
    while within("the next report, or the end of them,", saved.recv())
        .await
        .is_some()
    {
        count += 1;
    }
    count
}

/// Nothing happens in hours in which nothing has to happen.
async fn quiet(when: &str) {
    let before = wake_ups_so_far();
    sleep(Duration::from_secs(7 * 3600 + 777)).await;
    // The clock goes on in steps, which wake the runtime, too: a dozen times or so.
    let wake_ups = wake_ups_so_far() - before;
    assert!(
        wake_ups < 20,
        "{when}, and in seven hours the runtime woke up {wake_ups} times: something looks again and again. A channel wakes it when there is something to do"
    );
}

fn live_on(tasks: usize) -> String {
    match tasks {
        1 => "1 task lives on".to_owned(),
        n => format!("{n} tasks live on"),
    }
}

/// The number of one more message.
async fn say(room: &RoomHandle) -> u64 {
    let said = within("the number of a message", room.say("hello".to_owned())).await;
    said.expect("`say` returned Closed, but there is a handle and the archive has not died")
}

/// What the room says when only a few messages wait to be saved: then it takes no time.
async fn unsaved(room: &RoomHandle) -> Result<u64, Closed> {
    let start = Instant::now();
    let unsaved = within("the answer to `unsaved`", room.unsaved()).await;
    assert_eq!(
        start.elapsed(),
        Duration::ZERO,
        "`unsaved` took time, and only a few messages wait to be saved: the room has to know the answer by itself, also while the archive is busy"
    );
    unsaved
}

/// Reports that were taken, one by one, must be 1, 2, 3 …, and so many.
fn assert_all_reported(reported: &[u64], count: u64) {
    for (number, expected) in reported.iter().zip(1..) {
        assert_eq!(
            *number, expected,
            "{number} was reported where {expected} was next: messages are reported in the order of their numbers, each once"
        );
    }
    let reported = reported.len() as u64;
    assert!(
        reported >= count,
        "message {} was accepted, and is never reported",
        reported + 1
    );
    assert_eq!(
        reported,
        count,
        "message {} was reported, and nobody got that number",
        count + 1
    );
}
