//! What the mail-out promises, step by step. Each test says what it wants and which slip it is there to catch.
//!
//! The tests run in virtual time, on a runtime of their own (see exercises/harness): a mail takes one virtual second.
//! When a test's body ends, all its handles are dropped, and then every task has to end as well.

#![allow(clippy::drop_non_drop)] // the stub's handles are empty

mod scenarios;

use harness::{
    Calls, alive_tasks, check, expect_panics, in_no_time, on_a_runtime_that_ends, settle,
    start_and_drop, wake_ups, within,
};
use office::{Office, PANICS, Takes, mail};
use shutdown::{MailHandle, Mailer, Receipt, Report, Stopped, start};
use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    thread,
    time::Duration,
};
use tokio::{
    task::{JoinHandle, yield_now},
    time::{Instant, sleep},
};

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);

/// So many callers keep the mail-out busy, with so many mails each.
const BUSY: u64 = 200;
const EACH: u64 = 20;

/// Step 1. Whoever hands over a mail gets the receipt of that mail.
///
/// Page: "Four words". The slips: a receipt of one's own making; one channel for the receipts of all; callers that are found again by the
/// member that they write to.
#[test]
fn each_caller_gets_the_receipt_of_its_mail() {
    check(|| async {
        let office = Office::new(|number| Takes::Time(SECOND / 10 * (20 - number as u32)));
        let (mails, shutdown) = start(10, 3, office.mailer());
        let calls: Vec<_> = (1..=12).map(|number| send(&mails, number)).collect();
        for (number, call) in (1..).zip(calls) {
            assert_eq!(
                within("a receipt", call)
                    .await
                    .expect("sending does not panic"),
                Ok(Receipt(number)),
                "the mail to {number} has been sent, and its caller gets what the mailer returned for this mail"
            );
        }
        drop((mails, shutdown));
    });
    check(|| async {
        let numbers = Arc::new(AtomicU64::new(1));
        let mailer = Mailer::new(move |_| {
            let number = numbers.fetch_add(1, Relaxed);
            async move {
                sleep(SECOND).await;
                Receipt(number)
            }
        });
        let (mails, shutdown) = start(10, 3, mailer);
        let calls = [send(&mails, 7), send(&mails, 7)];
        let mut receipts = BTreeSet::new();
        for call in calls {
            let receipt = within("a receipt", call).await;
            receipts.extend(
                receipt
                    .expect("sending does not panic")
                    .map(|Receipt(number)| number),
            );
        }
        assert_eq!(
            receipts,
            BTreeSet::from([1, 2]),
            "one member gets two mails at a time: each of the two callers gets the receipt of its own"
        );
        drop((mails, shutdown));
    });
}

/// Step 1. As many mails are under way as there are workers: not more, and not fewer.
///
/// Page: chapter 12, "Work beside the mailbox". The slips: one mail after another, in the loop; a task for each mail.
#[test]
fn workers_share_the_mails() {
    check(|| async {
        let office = Office::new(|_| Takes::Time(SECOND));
        let (mails, shutdown) = start(12, 3, office.mailer());
        let begin = Instant::now();
        let calls: Vec<_> = (1..=12).map(|number| send(&mails, number)).collect();
        for call in calls {
            let receipt = within("a receipt", call).await;
            assert!(receipt.is_ok_and(|receipt| receipt.is_ok()));
        }
        assert_eq!(
            office.most_at_once(),
            3,
            "there are 3 workers, so 3 mails are under way at the same time at the most, and at the least"
        );
        assert_eq!(
            begin.elapsed().as_secs(),
            4,
            "12 mails of one second, 3 at a time, take 4 seconds"
        );
        drop((mails, shutdown));
    });
}

/// Step 1. No more mails wait than may wait, and a caller that gives up while it waits for a slot has handed over nothing.
///
/// Page: chapter 12, "Who waits, and who is refused". The slips: an unbounded mailbox; a task that sends in the caller's stead; a loop that
/// takes in more than it has workers for; slots counted by hand, of which one is lost when a caller gives up in the wrong moment.
#[test]
fn callers_wait_for_a_slot() {
    check(|| async {
        let office = Office::new(|_| Takes::Time(SECOND));
        let (mails, shutdown) = start(2, 1, office.mailer());
        busy(&mails, 1).await;
        // Two of these get a slot, and all give up: some before the mail-out has run, the others after.
        for number in 2..=6 {
            start_and_drop(1, || mails.send(mail(number))).await;
        }
        let callers: Vec<_> = (7..=11).map(|number| send(&mails, number)).collect();
        settle().await;
        for caller in callers {
            caller.abort();
        }
        sleep(20 * SECOND).await;
        assert_eq!(
            office.sent(),
            [1, 2, 3],
            "mail 1 was under way, and two could wait. Ten callers handed over one each and gave up: mails 2 and 3 were accepted, and are sent \
             although nobody waits for the receipt. The callers of the others found no slot: a mail leaves its slot when a worker takes it, and not before"
        );
        drop((mails, shutdown));
    });
    check(|| async {
        let office = Office::new(|_| Takes::Time(SECOND));
        let (mails, shutdown) = start(1_999, 1, office.mailer());
        busy(&mails, 1).await;
        start_and_drop(3_000, || mails.send(mail(2))).await;
        sleep(10 * HOUR).await;
        assert_eq!(
            office.sent().len(),
            2_000,
            "one mail was under way, 1,999 could wait, and three thousand callers came at once: as many of them are accepted as there are slots"
        );
        drop((mails, shutdown));
    });
    check(|| async {
        let office = Office::new(|_| Takes::Time(SECOND));
        let (mails, shutdown) = start(1, 1, office.mailer());
        let _accepted = (busy(&mails, 1).await, send(&mails, 2));
        settle().await;
        let (mut calls_by_hand, third) = (Calls::new(), mails.clone());
        let third = async move { third.send(mail(3)).await };
        assert_eq!(
            calls_by_hand.start(3, third).await,
            None,
            "one mail is under way and one waits: the third caller waits for a slot"
        );
        let fourth = send(&mails, 4);
        // After a second, the slot goes to the third caller, who does not look, and gives up.
        sleep(5 * SECOND).await;
        calls_by_hand.give_up_oldest();
        sleep(5 * SECOND).await;
        let sent = office.sent();
        assert!(
            sent.contains(&4),
            "there is one slot. It was given to the caller of mail 3, who gave up before it looked, and the caller of mail 4 waits behind it: the slot is free \
             again, and the next caller's. These mails have been sent: {sent:?}"
        );
        drop((mails, shutdown, fourth));
    });
}

/// Step 2. What was accepted is sent before `stop` returns, and its callers get their receipts.
///
/// Page: "Close, then drain". The slips: everything is aborted; the loop ends at the signal and drops its mailbox; only what is under way is
/// awaited, or only what waits.
#[test]
fn what_was_accepted_is_sent() {
    check(|| async {
        let office = Office::new(|_| Takes::Time(SECOND));
        let (mails, shutdown) = start(5, 2, office.mailer());
        let mut calls = busy(&mails, 2).await;
        calls.extend((3..=7).map(|number| send(&mails, number)));
        settle().await;
        let begin = Instant::now();
        let report = within("the report", shutdown.stop(HOUR)).await;
        assert_eq!(
            report,
            Report {
                sent: 7,
                ..Report::default()
            },
            "two mails were under way and five waited when `stop` was called, and there was an hour for them. All seven were accepted: \
             each is to be sent, and counted"
        );
        assert_eq!(
            begin.elapsed().as_secs(),
            4,
            "seven mails, two at a time, one second each: `stop` returns as soon as the last one is sent, and they are sent by as many workers as before"
        );
        for (number, call) in (1..).zip(calls) {
            assert_eq!(
                in_no_time("an answer", call)
                    .await
                    .expect("sending does not panic"),
                Ok(Receipt(number)),
                "the mail to {number} was accepted, and sent: its caller gets the receipt, also while the mail-out is being stopped"
            );
        }
        drop(mails);
    });
}

/// Step 2. Once `stop` is called, nothing more is taken in: not from a caller that comes later, and not from one that waits for a slot.
///
/// Page: "Close, then drain". The slips: a stop message behind the mails that wait; `stop` waits until all handles are dropped; calls that
/// wait for a slot are left waiting, or get one; a `biased` loop that looks at the stop last.
#[test]
fn nothing_more_is_taken_in() {
    check(|| async {
        let office = Office::new(|_| Takes::Time(SECOND));
        let (mails, shutdown) = start(1, 1, office.mailer());
        let accepted = busy(&mails, 1).await;
        let accepted = (accepted, send(&mails, 2));
        settle().await;
        let waiting: Vec<_> = (3..=5).map(|number| send(&mails, number)).collect();
        settle().await;
        let stop = tokio::spawn(shutdown.stop(HOUR));
        settle().await;
        for call in waiting {
            assert!(
                call.is_finished(),
                "a caller waits for a slot, and `stop` is called. There will be no slot for it any more: it is to hear that at once, and not when the others are done"
            );
            assert_eq!(
                call.await.expect("sending does not panic"),
                Err(Stopped),
                "a caller that waited for a slot when `stop` was called gets none any more"
            );
        }
        let late = mails.clone();
        assert_eq!(
            in_no_time("an answer", late.send(mail(6))).await,
            Err(Stopped),
            "the mail-out is being stopped: a handle can still be cloned, but a mail is not taken in"
        );
        let report = within("the report", stop)
            .await
            .expect("stopping does not panic");
        assert_eq!(
            report.sent, 2,
            "two mails had been accepted when `stop` was called"
        );
        assert_eq!(
            office.sent(),
            [1, 2],
            "a caller was told that its mail is not sent, and then it was sent"
        );
        assert_eq!(
            in_no_time("an answer", mails.send(mail(7))).await,
            Err(Stopped),
            "the mail-out has been stopped, and there is a handle: its calls say so"
        );
        drop((mails, accepted));
    });
    check(|| async {
        let office = Office::new(|_| Takes::Time(Duration::ZERO));
        let (mails, shutdown) = start(BUSY as usize, BUSY as usize, office.mailer());
        let callers: Vec<_> = (0..BUSY)
            .map(|caller| {
                let mails = mails.clone();
                tokio::spawn(async move {
                    let mut numbers = 1 + caller * EACH..=(caller + 1) * EACH;
                    while let Some(number) = numbers.next()
                        && mails.send(mail(number)).await.is_ok()
                    {}
                })
            })
            .collect();
        while office.mails().is_empty() {
            yield_now().await;
        }
        let report = within("the report", shutdown.stop(HOUR)).await;
        assert!(
            report.sent < (BUSY * EACH) as usize,
            "{BUSY} callers hand over one mail after the other, {EACH} each, and `stop` was called when they had begun: all {} were taken in. As long as \
             mails come, the mail-out does not look whether it is to stop",
            report.sent
        );
        for caller in callers {
            within("an answer", caller)
                .await
                .expect("sending does not panic");
        }
        drop(mails);
    });
}

/// Step 2. With nothing to do, it is over at once, whoever has a handle; and then nothing is left.
///
/// Page: "Close, then drain". The slips: `stop` sleeps as long as its grace; it waits until all handles are dropped; a `TaskTracker` that is
/// awaited and not closed.
#[test]
fn with_nothing_to_do_it_is_over_at_once() {
    check(|| async {
        for mails_before in 0..2 {
            let office = Office::new(|_| Takes::Time(SECOND));
            let (mails, shutdown) = start(4, 2, office.mailer());
            for number in 0..mails_before {
                let sent = within("a receipt", mails.send(mail(number))).await;
                assert_eq!(sent, Ok(Receipt(number)));
            }
            settle().await;
            let report = in_no_time("the report", shutdown.stop(HOUR / 2)).await;
            assert_eq!(
                report.sent as u64, mails_before,
                "the report counts all mails since the start, also those that were sent long before `stop`"
            );
            let left = alive_tasks().await;
            assert_eq!(
                left, 0,
                "`stop` has returned, and {left} of the mail-out's tasks are still there: what does each wait for? There is still a handle, and the grace is not over"
            );
            drop(mails);
        }
    });
}

/// Step 2. A mail that panics in the mailer costs no worker, and its caller hears that there is no receipt.
///
/// Page: "Who counts". The slips: the loop that awaits the mail itself ends with it; `join_all`, which panics; `unwrap` on what `join_next`
/// brings; a worker that is not replaced once the mail-out is being stopped.
#[test]
fn a_mail_that_panics_has_failed() {
    check(|| async {
        expect_panics(PANICS);
        for wrong in [Takes::PanicsAfter(SECOND), Takes::PanicsAtOnce] {
            let office = Office::new(move |number| match number {
                1 | 3 | 5 => wrong,
                _ => Takes::Time(SECOND),
            });
            let (mails, shutdown) = start(4, 2, office.mailer());
            let mut calls = busy(&mails, 2).await;
            calls.extend((3..=5).map(|number| send(&mails, number)));
            settle().await;
            let begin = Instant::now();
            let report = within("the report", shutdown.stop(HOUR)).await;
            let took = begin.elapsed().as_secs();
            for (number, call) in (1..).zip(calls) {
                let expected = match number {
                    1 | 3 | 5 => Err(Stopped),
                    _ => Ok(Receipt(number)),
                };
                assert_eq!(
                    within("an answer", call)
                        .await
                        .expect("sending does not panic: only the mailer does"),
                    expected,
                    "the mails to 1, 3 and 5 panic in the mailer, the others are sent. This is the answer to the caller of number {number}"
                );
            }
            assert_eq!(
                report,
                Report {
                    sent: 2,
                    failed: 3,
                    aborted: 0
                },
                "of five mails, three panicked in the mailer: each mail that was accepted is in one of the numbers"
            );
            assert_eq!(
                took,
                if wrong == Takes::PanicsAtOnce { 1 } else { 3 },
                "`stop` took so many seconds (left) for two workers, and three of the five mails panic: a panic costs no worker, and that holds while the mail-out is being stopped, too"
            );
            drop(mails);
        }
    });
}

/// Step 3. A mail that takes too long is given up when the grace is over.
///
/// Page: "A deadline". The slips: `stop` waits for ever; it returns and leaves the mail under way; it counts only what is under way, or
/// only what waits; the callers of what was given up are left waiting; what was to be aborted is counted and not awaited.
#[test]
fn a_stuck_mail_is_given_up_at_the_deadline() {
    check(|| async {
        // Mail 2 is stuck, and so is one worker. The other one goes on.
        let office = Office::new(|number| match number {
            2 => Takes::ForEver,
            _ => Takes::Time(SECOND),
        });
        let (mails, shutdown) = start(5, 2, office.mailer());
        let mut calls = busy(&mails, 2).await;
        for number in 3..=7 {
            calls.push(send(&mails, number));
            settle().await; // in this order, whatever the schedule
        }
        let begin = Instant::now();
        let grace = Duration::from_millis(3_500);
        let report = within(
            "the report (a mail is stuck, and `stop` was given a grace of 3.5 s)",
            shutdown.stop(grace),
        )
        .await;
        let took = begin.elapsed();
        // A timer fires at the first whole millisecond after its time.
        assert!(
            (grace..=grace + Duration::from_millis(1)).contains(&took),
            "one mail is stuck for ever, and `stop` was given {grace:?} for all of them together: it returned after {took:?}"
        );
        assert_eq!(
            office.under_way(),
            0,
            "`stop` has returned, and the mailer is still at work on a mail. A task that nobody waits for any longer runs on: it has to be aborted, \
             and awaited"
        );
        assert_eq!(
            report,
            Report {
                sent: 3,
                failed: 0,
                aborted: 4
            },
            "three mails were sent in {grace:?}. Of the four others, two were under way and two waited when the grace was over"
        );
        for (number, call) in (1..).zip(calls) {
            let expected = match number {
                1 | 3 | 4 => Ok(Receipt(number)),
                _ => Err(Stopped),
            };
            assert_eq!(
                in_no_time("an answer", call)
                    .await
                    .expect("sending does not panic"),
                expected,
                "`stop` has returned, and each caller has its answer: a receipt, or that there will be none. This is the one of number {number}"
            );
        }
        let left = alive_tasks().await;
        assert_eq!(
            left, 0,
            "`stop` has returned, and {left} of the mail-out's tasks are still there"
        );
        drop(mails);
    });
    check(|| async {
        // Each second mail is stuck, the others end in the very moment in which the grace is over.
        let office = Office::new(|number| match number % 2 {
            0 => Takes::ForEver,
            _ => Takes::Time(SECOND),
        });
        let (mails, shutdown) = start(1, 600, office.mailer());
        let calls = busy(&mails, 600).await;
        let report = within("the report", shutdown.stop(SECOND)).await;
        let under_way = office.under_way();
        assert_eq!(
            under_way, 0,
            "`stop` has returned, and the mailer is still at work on {under_way} mails: a task that was aborted is there until it has ended, so wait for it"
        );
        let sent = office.sent().len();
        assert_eq!(
            report,
            Report {
                sent,
                failed: 0,
                aborted: 600 - sent
            },
            "600 mails were under way, and {sent} of them were sent in the very moment in which the grace was over: a task that was to be aborted may have \
             been done, and its end says so"
        );
        let mut receipts = 0;
        for call in calls {
            let answer = in_no_time("an answer", call).await;
            receipts += usize::from(answer.expect("sending does not panic").is_ok());
        }
        assert_eq!(
            receipts, sent,
            "as many callers have a receipt as mails were sent"
        );
        drop(mails);
    });
}

/// Step 3. The grace may be nothing, or have no end.
///
/// Page: "A deadline". The slips: `Instant::now() + grace`, which panics for `Duration::MAX`; a grace that nobody looks at when it is zero.
#[test]
fn the_grace_can_be_nothing_or_endless() {
    check(|| async {
        let office = Office::new(|_| Takes::Time(SECOND));
        let (mails, shutdown) = start(2, 1, office.mailer());
        let _calls = (busy(&mails, 1).await, send(&mails, 2));
        settle().await;
        let begin = Instant::now();
        let report = within(
            "the report (`stop` was given no grace)",
            shutdown.stop(Duration::ZERO),
        )
        .await;
        let took = begin.elapsed();
        assert!(
            took <= Duration::from_millis(1),
            "`stop` was given a grace of nothing, and took {took:?}: what is not sent by now is to be aborted"
        );
        assert_eq!(
            report,
            Report {
                aborted: 2,
                ..Report::default()
            },
            "one mail was under way and one waited, and there was no time for either"
        );
    });
    check(|| async {
        // Also what is nearly `Duration::MAX` is more than the clock can count.
        for grace in [Duration::MAX, Duration::MAX - SECOND] {
            let office = Office::new(|_| Takes::Time(SECOND));
            let (mails, shutdown) = start(2, 1, office.mailer());
            let _calls = (busy(&mails, 1).await, send(&mails, 2));
            settle().await;
            let report = within("the report", shutdown.stop(grace)).await;
            assert_eq!(
                report,
                Report {
                    sent: 2,
                    ..Report::default()
                },
                "a grace of {grace:?} waits as long as it takes"
            );
        }
    });
    check(|| async {
        let office = Office::new(|_| Takes::Time(10 * HOUR));
        let (mails, shutdown) = start(2, 1, office.mailer());
        let _calls = busy(&mails, 1).await;
        let stop = tokio::spawn(shutdown.stop(Duration::MAX));
        sleep(HOUR).await;
        let woken = wake_ups().await;
        assert!(
            woken < 30,
            "a mail takes ten hours, and `stop` waits for it. In one of these minutes the runtime woke up {woken} times: something looks again and again \
             instead of waiting"
        );
        sleep(9 * HOUR).await;
        let report = within("the report", stop)
            .await
            .expect("stopping does not panic");
        assert_eq!(
            report.sent, 1,
            "the mail took ten hours, and there was as much time as it takes"
        );
    });
}

/// Step 3. A caller that was given a slot and does not look holds up nothing beyond the deadline.
///
/// Page: "What holds a drain up". The slip: the mailbox is read to its end after the grace, by `recv`, which waits for that caller.
#[test]
fn nobody_holds_up_the_deadline() {
    check(|| async {
        let office = Office::new(|number| match number {
            1 => Takes::Time(SECOND),
            _ => Takes::ForEver,
        });
        let (mails, shutdown) = start(1, 1, office.mailer());
        let calls = (busy(&mails, 1).await, send(&mails, 2));
        settle().await;
        let (mut calls_by_hand, third) = (Calls::new(), mails.clone());
        let third = async move { third.send(mail(3)).await };
        assert_eq!(
            calls_by_hand.start(3, third).await,
            None,
            "one mail is under way and one waits: the third caller waits for a slot"
        );
        // After a second, the third one's turn comes, and nobody looks.
        sleep(2 * SECOND).await;
        let begin = Instant::now();
        let report = within("the report (a mail is stuck, a caller has a slot and does not look, and `stop` was given a grace of 1 s)", shutdown.stop(SECOND)).await;
        let took = begin.elapsed();
        assert!(
            (SECOND..=SECOND + Duration::from_millis(1)).contains(&took),
            "mail 2 is stuck, and a caller was given a slot and does not look: `stop` returns after {SECOND:?} all the same, and not after {took:?}"
        );
        assert_eq!(
            (report.sent, report.aborted),
            (1, 1),
            "mail 1 was sent, mail 2 was aborted; mail 3 was never handed over"
        );
        assert_eq!(
            calls_by_hand.look().await,
            [(3, Err(Stopped))],
            "the caller of mail 3 looks when all is over, and is to hear that its mail is not sent. No list of answers at all means that it still waits: for whom?"
        );
        drop((mails, calls));
    });
}

/// Step 4. When the `Shutdown` is dropped, nobody will ever say "stop" any more: it is over at once.
///
/// Page: "When nobody waits". The slips: the mail-out goes on until its handles are dropped; a signal that is only ever sent by `stop`;
/// dropping a `CancellationToken` cancels nothing; a `Drop` that spawns a task, which panics where there is no runtime.
#[test]
fn dropping_the_shutdown_stops_without_grace() {
    check(|| async {
        let office = Office::new(|_| Takes::Time(SECOND));
        let (mails, shutdown) = start(1, 1, office.mailer());
        let mut calls = busy(&mails, 1).await;
        for number in 2..=3 {
            calls.push(send(&mails, number));
            settle().await;
        }
        drop(shutdown);
        settle().await;
        assert_eq!(
            office.under_way(),
            0,
            "the `Shutdown` was dropped, and the mailer is still at work on a mail: there is no grace"
        );
        for call in calls {
            assert!(
                call.is_finished(),
                "the `Shutdown` was dropped, and a caller still waits: one mail was under way, one waited, and one caller waited for a slot"
            );
            assert_eq!(
                call.await.expect("sending does not panic"),
                Err(Stopped),
                "the `Shutdown` was dropped before this mail was sent"
            );
        }
        assert_eq!(
            in_no_time("an answer", mails.send(mail(4))).await,
            Err(Stopped),
            "the `Shutdown` was dropped: no mail is taken in any more"
        );
        let left = alive_tasks().await;
        assert_eq!(
            left, 0,
            "the `Shutdown` was dropped, and {left} of the mail-out's tasks are still there"
        );
        drop(mails);
    });
    check(|| async {
        let office = Office::new(|_| Takes::ForEver);
        let (mails, shutdown) = start(1, 1, office.mailer());
        let _call = busy(&mails, 1).await;
        drop(mails);
        settle().await;
        drop(shutdown);
        // Both are gone, and with them everything: `check` looks.
    });
    check(|| async {
        let office = Office::new(|_| Takes::ForEver);
        let (mails, shutdown) = start(1, 1, office.mailer());
        let call = busy(&mails, 1).await.remove(0);
        let dropped = thread::spawn(|| drop(shutdown)).join();
        assert!(
            dropped.is_ok(),
            "the `Shutdown` was dropped on a thread that belongs to no runtime, and that panicked. It can be dropped anywhere: its `Drop` can say that it is over, \
             and cannot spawn a task or wait for one"
        );
        assert_eq!(
            within("an answer", call)
                .await
                .expect("sending does not panic"),
            Err(Stopped),
            "the `Shutdown` was dropped on another thread, before this mail was sent"
        );
        drop(mails);
    });
}

/// Step 4. Whoever gives up waiting for `stop` ends the grace.
///
/// Page: "When nobody waits". The slip: the mail-out was told its grace, and does not look whether anybody still waits for the report.
#[test]
fn a_stop_that_is_given_up_has_no_more_grace() {
    check(|| async {
        let office = Office::new(|_| Takes::Time(HOUR));
        let (mails, shutdown) = start(3, 1, office.mailer());
        let mut calls = busy(&mails, 1).await;
        calls.push(send(&mails, 2));
        settle().await;
        let stop = tokio::spawn(shutdown.stop(9 * HOUR));
        sleep(60 * SECOND).await;
        assert_eq!(
            office.under_way(),
            1,
            "there is a grace of nine hours: the mail that was under way still is"
        );
        stop.abort();
        settle().await;
        assert_eq!(
            office.under_way(),
            0,
            "the call of `stop` was dropped, and the mailer is still at work on a mail: nobody waits any longer, so there is no more grace"
        );
        for call in calls {
            assert!(
                call.is_finished(),
                "the call of `stop` was dropped, and a caller still waits for its receipt"
            );
            assert_eq!(call.await.expect("sending does not panic"), Err(Stopped));
        }
        let left = alive_tasks().await;
        assert_eq!(
            left, 0,
            "the call of `stop` was dropped, and {left} of the mail-out's tasks are still there"
        );
        drop(mails);
    });
}

/// Step 4. When the last handle is gone, what was accepted is sent, and somebody may still ask for the report.
///
/// Page: "When nobody waits". The slips: the end of the handles is the end of the mails under way; `stop` finds nobody who could report; a
/// channel that is closed is asked again and again.
#[test]
fn the_report_can_be_had_when_all_handles_are_gone() {
    check(|| async {
        let office = Office::new(|_| Takes::Time(SECOND));
        let (mails, shutdown) = start(3, 2, office.mailer());
        // The callers give up, and with them go their handles.
        start_and_drop(3, || mails.send(mail(1))).await;
        drop(mails);
        sleep(60 * SECOND).await;
        assert_eq!(
            office.sent().len(),
            3,
            "three mails were accepted, then the last handle was dropped: they are sent all the same"
        );
        let woken = wake_ups().await;
        assert!(
            woken < 30,
            "the last handle is gone, and all mails are sent. In a minute after that the runtime woke up {woken} times: something looks again and again, \
             and nothing can come any more"
        );
        let report = in_no_time("the report", shutdown.stop(SECOND)).await;
        assert_eq!(
            report.sent, 3,
            "the report counts all mails since the start, whether their callers still waited or not"
        );
    });
}

/// Step 4. A handle may outlive the mail-out, whose runtime has ended; and the mail-out may outlive the runtime of a caller.
///
/// Page: "What the asker sees". The slips: `expect` on the reply; a task that `send` spawns, on the runtime of the caller.
#[test]
fn a_handle_may_outlive_the_runtime() {
    check(|| async {
        let (mails, shutdown) = on_a_runtime_that_ends(|| async {
            let office = Office::new(|_| Takes::ForEver);
            let (mails, shutdown) = start(1, 1, office.mailer());
            busy(&mails, 1).await;
            (mails, shutdown)
        });
        assert_eq!(
            in_no_time("an answer", mails.send(mail(2))).await,
            Err(Stopped),
            "the runtime of the mail-out has ended, and all its tasks with it. A handle is left, and its calls say so"
        );
        drop(shutdown);
    });
    check(|| async {
        let office = Office::new(|_| Takes::Time(SECOND));
        let (mails, shutdown) = start(1, 1, office.mailer());
        let elsewhere = mails.clone();
        on_a_runtime_that_ends(|| async move {
            start_and_drop(1, || elsewhere.send(mail(1))).await;
        });
        let report = within("the report", shutdown.stop(HOUR)).await;
        assert_eq!(
            (report.sent, office.sent()),
            (1, vec![1]),
            "a mail was handed over on another runtime, which has ended since. It was accepted, and is sent: all tasks of the mail-out run where it was started"
        );
        drop(mails);
    });
}

/// Step 4. Mails that meet a `stop` are accepted or refused, and no caller is left without an answer.
///
/// Page: "What the asker sees". The slips: a caller that relies on its reply alone; a drain by `try_recv` without a word to those who come behind
/// it. Both are right in the one schedule of `cargo test`: `cargo course check` tries others, too, in which a mail has its slot, and is not in the mailbox yet.
#[test]
fn mails_that_meet_a_stop_get_their_answers() {
    check(|| async {
        for grace in [
            None,
            Some(Duration::ZERO),
            Some(SECOND),
            Some(Duration::MAX),
        ] {
            let office = Office::new(|_| Takes::Time(SECOND));
            let (mails, shutdown) = start(6, 6, office.mailer());
            let mut calls: Vec<_> = (1..=3).map(|number| send(&mails, number)).collect();
            let stop = tokio::spawn(async move {
                match grace {
                    None => {
                        drop(shutdown);
                        None
                    }
                    Some(grace) => Some(shutdown.stop(grace).await.sent),
                }
            });
            calls.extend((4..=6).map(|number| send(&mails, number)));
            let reported = within("the report", stop)
                .await
                .expect("stopping does not panic");
            settle().await;
            let stopped = match grace {
                None => "the `Shutdown` was dropped".to_owned(),
                Some(Duration::MAX) => "a `stop` with a grace without end".to_owned(),
                Some(grace) => format!("a `stop` with a grace of {grace:?}"),
            };
            let mut receipts = 0;
            for (call, number) in calls.into_iter().zip(1..) {
                assert!(
                    call.is_finished(),
                    "six mails came, and {stopped}, at the same time. All is over, and the caller of mail {number} still waits: its mail was on its way into the \
                     mailbox when that was emptied and dropped. There it stays, with its reply, for as long as there is a handle: who tells the caller that it is over?"
                );
                let answer = call.await.expect("sending does not panic");
                assert!(
                    answer == Err(Stopped) || answer == Ok(Receipt(number)),
                    "the caller of mail {number} got {answer:?}"
                );
                receipts += usize::from(answer.is_ok());
            }
            let sent = office.sent().len();
            assert_eq!(
                receipts, sent,
                "six mails came, and {stopped}, at the same time. So many callers have a receipt (left), and so many mails were sent (right). When a caller looks, \
                 its receipt may be there and the mail-out over: then the receipt counts"
            );
            assert_eq!(
                reported.unwrap_or(sent),
                sent,
                "six mails came, and {stopped}, at the same time. So many mails were sent, the report says (left), and so many were (right)"
            );
            drop(mails);
        }
    });
}

/// Step 4. All of it, whatever callers do, and whoever stops the mail-out, and when.
///
/// Page: "Where it goes wrong". The slips: those that nobody thought of.
#[test]
fn your_promises_hold_whatever_callers_do() {
    harness::scenarios::<scenarios::MailOut>(300);
}

/// One caller, in a task of its own.
fn send(mails: &MailHandle, number: u64) -> JoinHandle<Result<Receipt, Stopped>> {
    let mails = mails.clone();
    tokio::spawn(async move { mails.send(mail(number)).await })
}

/// Gives the mail-out one mail for each of its workers, and lets them begin.
async fn busy(mails: &MailHandle, workers: u64) -> Vec<JoinHandle<Result<Receipt, Stopped>>> {
    let mut calls = Vec::new();
    for number in 1..=workers {
        calls.push(send(mails, number));
        settle().await;
    }
    calls
}

/// A mail server for the tests: it does with each mail what the test says, and writes down what came.
mod office {
    use shutdown::{Mail, Mailer, Receipt};
    use std::{
        sync::{Arc, Mutex, MutexGuard, PoisonError},
        thread,
        time::Duration,
    };
    use tokio::time::sleep;

    /// What the panics of this mail server begin with.
    pub const PANICS: &str = "no such address";

    /// What happens to a mail.
    #[derive(Debug, Clone, Copy, PartialEq)]
    pub enum Takes {
        Time(Duration),
        ForEver,
        PanicsAfter(Duration),
        /// Before there is anything to await.
        PanicsAtOnce,
    }

    /// What was done with a mail.
    #[derive(Debug, Clone, Copy, PartialEq)]
    pub enum Fate {
        UnderWay,
        Sent,
        Panicked,
        /// Its future was dropped before its end.
        Dropped,
    }

    /// The mail to member `number`. Its receipt has the same number.
    pub fn mail(number: u64) -> Mail {
        let to = number.to_string();
        Mail { to }
    }

    /// The mail server. Clones share what they write down.
    #[derive(Clone)]
    pub struct Office {
        takes: Arc<dyn Fn(u64) -> Takes + Send + Sync>,
        log: Arc<Mutex<Log>>,
    }

    #[derive(Default)]
    struct Log {
        /// Each mail that the mailer was called with, in this order.
        mails: Vec<(u64, Fate)>,
        most_at_once: usize,
    }

    impl Log {
        fn under_way(&self) -> usize {
            let mails = self.mails.iter();
            mails.filter(|(_, fate)| *fate == Fate::UnderWay).count()
        }
    }

    impl Office {
        pub fn new(takes: impl Fn(u64) -> Takes + Send + Sync + 'static) -> Self {
            Self {
                takes: Arc::new(takes),
                log: Arc::default(),
            }
        }

        fn log(&self) -> MutexGuard<'_, Log> {
            self.log.lock().unwrap_or_else(PoisonError::into_inner)
        }

        pub fn mailer(&self) -> Mailer {
            let office = self.clone();
            Mailer::new(move |mail| {
                let number = mail
                    .to
                    .parse()
                    .expect("a mail of the tests goes to a number");
                let sending = office.begin(number);
                let takes = (office.takes)(number);
                if takes == Takes::PanicsAtOnce {
                    panic!("{PANICS}: {number} (as the test wants it)");
                }
                async move {
                    match takes {
                        Takes::Time(time) => sleep(time).await,
                        Takes::ForEver => std::future::pending().await,
                        Takes::PanicsAfter(time) => {
                            sleep(time).await;
                            panic!("{PANICS}: {number} (as the test wants it)");
                        }
                        Takes::PanicsAtOnce => {}
                    }
                    sending.ends(Fate::Sent);
                    Receipt(number)
                }
            })
        }

        fn begin(&self, number: u64) -> Sending {
            let mut log = self.log();
            log.mails.push((number, Fate::UnderWay));
            log.most_at_once = log.most_at_once.max(log.under_way());
            Sending {
                office: self.clone(),
                index: log.mails.len() - 1,
            }
        }

        /// Each mail that the mailer was called with, in this order, and what was done with it.
        pub fn mails(&self) -> Vec<(u64, Fate)> {
            self.log().mails.clone()
        }

        /// What was done with this mail; `None`: the mailer was not called with it.
        pub fn fate(&self, number: u64) -> Option<Fate> {
            let log = self.log();
            // Most are where their number says.
            let near = (number as usize).min(log.mails.len());
            let mut mails = log.mails[..near].iter().rev().chain(&log.mails[near..]);
            let mail = mails.find(|(begun, _)| *begun == number);
            mail.map(|(_, fate)| *fate)
        }

        /// The mails that were sent, in the order in which they began.
        pub fn sent(&self) -> Vec<u64> {
            let log = self.log();
            let sent = log.mails.iter().filter(|(_, fate)| *fate == Fate::Sent);
            sent.map(|(number, _)| *number).collect()
        }

        pub fn under_way(&self) -> usize {
            self.log().under_way()
        }

        pub fn most_at_once(&self) -> usize {
            self.log().most_at_once
        }
    }

    /// A mail under way.
    struct Sending {
        office: Office,
        index: usize,
    }

    impl Sending {
        fn ends(&self, fate: Fate) {
            let mut log = self.office.log();
            let now = &mut log.mails[self.index].1;
            if *now == Fate::UnderWay {
                *now = fate;
            }
        }
    }

    impl Drop for Sending {
        fn drop(&mut self) {
            self.ends(if thread::panicking() {
                Fate::Panicked
            } else {
                Fate::Dropped
            });
        }
    }
}
