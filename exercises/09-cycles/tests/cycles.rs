//! What a room with an archive promises, step by step. Each test says what it wants and which slip it is there to catch.
//!
//! The tests run in virtual time, on a runtime of their own (see exercises/harness): saving takes one virtual second. When
//! a test's body ends, all its handles are dropped, and then every task has to end as well.

mod scenarios;

use cycles::{Closed, RoomHandle, Store, open};
use harness::{alive_tasks, check, expect_panics, settle, start_and_drop, wake_ups, within};
use std::time::Duration;
use tokio::{
    sync::mpsc::{self, UnboundedReceiver},
    task::JoinSet,
    time::{Instant, sleep},
};

/// Step 1. What is said gets a number at once, and is reported when it is saved.
///
/// Page: "Two actors that need each other". The slip: `say` waits until the archive is done.
#[test]
fn messages_are_numbered_then_saved() {
    check(|| async {
        let (room, mut saved) = start(Store::new());
        let start = Instant::now();
        for expected in 1..=3 {
            let said = within("the number of a message", room.say("hello".to_owned())).await;
            assert_eq!(said, Ok(expected), "messages are numbered from 1");
        }
        assert_eq!(
            start.elapsed(),
            Duration::ZERO,
            "`say` returns the number; it does not wait until the message is saved"
        );
        for expected in 1..=3 {
            let number = within("the report of a saved message", saved.recv()).await;
            assert_eq!(
                number,
                Some(expected),
                "what is saved is reported on `saved`, in its order. (None: whoever could report is gone)"
            );
        }
        assert_eq!(
            start.elapsed().as_secs(),
            3,
            "three messages take the archive three seconds"
        );
    });
}

/// Step 1. The room knows how many messages are not saved yet, and says so while the archive is busy.
///
/// Page: "Two actors that need each other". The slips: the archive tells whoever listens on `saved`, and not the room; the archive is
/// asked, and has no time; only what waits in its mailbox is counted.
#[test]
fn the_room_knows_what_is_not_saved_yet() {
    check(|| async {
        let (room, mut saved) = start(Store::new());
        assert_eq!(unsaved(&room).await, Ok(0), "nothing has been said yet");
        for _ in 0..3 {
            within("the number of a message", room.say("hello".to_owned()))
                .await
                .expect("the room has ended early");
        }
        settle().await;
        assert_eq!(
            unsaved(&room).await,
            Ok(3),
            "3 messages were accepted and none of them is saved yet. The one that the archive is at work on counts as well"
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
                "message {number} is saved and reported, and the room still counts it: {} are not saved, it says. Has the archive told only whoever listens on `saved`, and not the room?",
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

/// Step 1. Nobody stops the two; they end because nobody can reach them any more.
///
/// Page: "A circle of handles". The slips: the archive holds a handle of the room, which holds one of the archive; an end that
/// needs a message.
#[test]
fn both_end_with_the_last_handle() {
    check(|| async {
        let (room, mut saved) = start(Store::new());
        within("the number of a message", room.say("hello".to_owned()))
            .await
            .expect("the room has ended early");
        within("the report of the saved message", saved.recv()).await;
        // All work is done: from here on it is only about the end.
        drop(room);
        sleep(Duration::from_secs(60)).await;
        let alive = alive_tasks().await;
        assert_eq!(
            alive, 0,
            "the last handle is gone and all is saved, but {alive} tasks live on. Draw an arrow for each Sender, from the task \
             that holds it to the task that it keeps alive: is there a circle? (A task that waits behind its loop, and still holds a Sender, counts too.)"
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
        let clone = room.clone();
        within("the number of a message", room.say("hello".to_owned()))
            .await
            .expect("the room has ended early");
        drop(room);
        sleep(Duration::from_secs(60)).await;
        assert_eq!(
            saved.try_recv(),
            Ok(1),
            "the first message was saved a minute ago, and is not reported: who tells whom?"
        );
        let said = within(
            "the number of a message",
            clone.say("still here".to_owned()),
        )
        .await;
        assert_eq!(
            said,
            Ok(2),
            "one of two handles was dropped, and the room has gone with it"
        );
        assert_eq!(
            within("the report of the second message", saved.recv()).await,
            Some(2)
        );
    });
}

/// Step 2. What was accepted is saved and reported, even if nobody holds a handle any more.
///
/// Page: "What each cure loses". The slips: `break` when the mailbox is closed, while the archive still brings results; aborting
/// a task; a weak sender that cannot be upgraded when the result is there.
#[test]
fn accepted_messages_are_saved_before_the_end() {
    check(|| async {
        let (room, mut saved) = start(Store::new());
        for _ in 0..3 {
            within("the number of a message", room.say("hello".to_owned()))
                .await
                .expect("the room has ended early");
        }
        drop(room);
        let dropped = Instant::now();
        let mut reported = Vec::new();
        while let Some(number) = within("the next report, or the end of them,", saved.recv()).await
        {
            reported.push((number, dropped.elapsed().as_secs()));
        }
        sleep(Duration::from_secs(60)).await;
        let numbers: Vec<u64> = reported.iter().map(|(number, _)| *number).collect();
        assert_eq!(
            numbers,
            [1, 2, 3],
            "`say` accepted messages 1, 2 and 3, then the last handle was dropped. Somebody has to wait for what the archive still brings"
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
    });
}

/// Step 2. Dropping a handle takes no time, and waiting costs nothing.
///
/// Page: "What each cure loses". The slips: a `Drop` that waits for the archive; a task that looks now and then whether it is needed.
#[test]
fn an_idle_room_costs_nothing() {
    check(|| async {
        let (room, _saved) = start(Store::new());
        settle().await;
        drop(room.clone());
        let wake_ups = wake_ups().await;
        assert!(
            wake_ups < 30,
            "in one quiet minute the runtime woke up {wake_ups} times: something looks whether it is still needed. A closed channel tells it"
        );
    });
}

/// Step 2. However many speak at once: nobody waits for ever, nobody is refused, and nothing is lost.
///
/// Page: "A second channel". The slip: a way back that can be full, however large, so that the archive waits for the room, and the room
/// for the archive.
#[test]
fn a_thousand_at_once_are_all_saved() {
    check(|| async {
        let (room, mut saved) = start(Store::new());
        let mut speaking = JoinSet::new();
        for _ in 0..1_000 {
            let room = room.clone();
            speaking.spawn(async move { room.say("hello".to_owned()).await });
        }
        drop(room);
        let said = within("the numbers of 1000 messages at once", speaking.join_all()).await;
        let refused = said.iter().filter(|said| said.is_err()).count();
        assert_eq!(
            refused, 0,
            "1000 spoke at once, and some were refused: when there is no place, wait for one"
        );
        let mut reported = Vec::new();
        while let Some(number) = within("the reports of 1000 messages", saved.recv()).await {
            reported.push(number);
        }
        assert!(
            reported.iter().copied().eq(1..=1_000),
            "1000 messages were accepted, but {} are reported, or not in their order",
            reported.len()
        );
    });
}

/// Step 2. Nobody has to listen to the reports.
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
                "nobody listens on `saved`, and the room has ended; but there is a handle"
            );
            sleep(Duration::from_secs(10)).await;
        }
        assert_eq!(
            unsaved(&room).await,
            Ok(0),
            "nobody listens on `saved`, and messages are saved all the same"
        );
    });
}

/// Step 2. A caller may go away while it waits: its task was stopped, or it had a time-out. The room does not mind.
///
/// Page: chapter 1, "The reply". The slips: `unwrap()` on sending the reply; a count that depends on whether the reply arrives.
#[test]
fn a_caller_that_gives_up_does_no_harm() {
    check(|| async {
        let (room, mut saved) = start(Store::new());
        // Polled once, then dropped: some have left a message in the mailbox, others have found no place.
        start_and_drop(30, || room.say("never mind".to_owned())).await;
        let said = within(
            "the number of a message that is said later",
            room.say("hello".to_owned()),
        );
        let Ok(number) = said.await else {
            panic!(
                "a caller of `say` gave up, and the room died with it: a reply that nobody waits for is no error of the room"
            );
        };
        start_and_drop(1, || room.unsaved()).await;
        assert!(
            unsaved(&room).await.is_ok(),
            "a caller of `unsaved` gave up, and the room died with it: a reply that nobody waits for is no error of the room"
        );
        sleep(Duration::from_secs(60)).await;
        assert_eq!(
            unsaved(&room).await,
            Ok(0),
            "callers of `say` gave up. A minute later all is saved, and the room's count is wrong. (If the test above, `the_room_knows_what_is_not_saved_yet`, is red, begin there)"
        );
        let reported: Vec<u64> = std::iter::from_fn(|| saved.try_recv().ok()).collect();
        assert!(
            reported.iter().copied().eq(1..=number),
            "30 callers of `say` gave up, and a later one got number {number}; reported are {reported:?}. The room gives a number to each message that it accepts, and to nothing else"
        );
    });
}

/// Step 3. What was saved before the archive died is reported, and what is said later is refused.
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
            assert!(
                reported.iter().copied().eq(1..20),
                "messages 1 to 19 were saved, then the archive died; reported are {reported:?}. What the archive had brought was not listened to any more"
            );
        });
    }
}

/// Step 3. Without an archive nothing can be saved, so nothing more is accepted.
///
/// Page: "When one of them dies". The slips: a room that goes on numbering what nobody saves; `unwrap` on a send in the handle.
#[test]
fn a_dead_archive_closes_the_room() {
    check(|| async {
        expect_panics("the disk is full"); // the archive does
        let (room, mut saved) = start(Store::that_breaks_at(2));
        for expected in 1..=2 {
            let said = within("the number of a message", room.say("hello".to_owned())).await;
            assert_eq!(said, Ok(expected));
        }
        sleep(Duration::from_secs(60)).await;
        assert_eq!(
            saved.try_recv(),
            Ok(1),
            "the first message was saved before the archive died"
        );
        let said = within(
            "an answer to `say` after the archive has died",
            room.say("anybody?".to_owned()),
        )
        .await;
        assert_eq!(
            said,
            Err(Closed),
            "the archive is dead, and the room accepts what nobody will save"
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

/// What the room says when it is asked, which may take no time: saving does.
async fn unsaved(room: &RoomHandle) -> Result<u64, Closed> {
    let start = Instant::now();
    let unsaved = within("the answer to `unsaved`", room.unsaved()).await;
    assert_eq!(
        start.elapsed(),
        Duration::ZERO,
        "`unsaved` waited for the archive, which is busy: the room has to know the answer by itself"
    );
    unsaved
}
