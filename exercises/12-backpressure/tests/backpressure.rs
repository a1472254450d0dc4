//! What the previews promise, step by step. Each test says what it wants and which slip it is there to catch.
//!
//! The tests run in virtual time, on a runtime of their own (see exercises/harness): a fetch takes one virtual second.
//! When a test's body ends, all its handles are dropped, and then every task has to end as well.

mod scenarios;

use backpressure::{Closed, Fetch, PreviewsHandle, Refused, Url, capacity_for, open};
use harness::{
    Overlap, alive_tasks, check, expect_panics, in_no_time, on_a_runtime_that_ends, settle,
    start_and_drop, wake_ups_so_far, within,
};
use std::{
    future::poll_fn,
    panic::{self, AssertUnwindSafe},
    sync::{Arc, Mutex},
    task::Poll,
    time::Duration,
};
use tokio::{
    sync::Semaphore,
    time::{Instant, sleep, timeout},
};

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);

/// Step 1. A call that finds all slots taken is refused, and the link comes back.
///
/// Page: "Who waits, and who is refused". The slips: an unbounded queue; a loop that puts the links of its mailbox aside; `Full` before it is full.
#[test]
fn a_full_mailbox_refuses_and_the_link_comes_back() {
    check(|| async {
        let (fetch, site) = site();
        let previews = open(5, 1, fetch);
        busy(&previews, 1).await;
        assert_eq!(
            fill(&previews, 10).await,
            5,
            "the only worker is busy, and 5 links may wait. If more do: is your channel bounded, and does each link stay in it until the worker takes it?"
        );
        assert_eq!(
            previews.try_submit(url(99)),
            Err(Refused::Full(url(99))),
            "a link that is refused comes back as it was"
        );
        drop(previews);
        site.all_fetched(6).await;
    });
}

/// Step 1. Clones share the slots.
///
/// Page: "Who waits, and who is refused". The slip: a bound that each handle has for itself.
#[test]
fn clones_share_the_slots() {
    check(|| async {
        let (fetch, site) = site();
        let previews = open(2, 1, fetch);
        busy(&previews, 1).await;
        let clones = vec![previews.clone(); 5];
        let accepted = clones
            .iter()
            .zip(10..)
            .filter(|(clone, link)| clone.try_submit(url(*link)).is_ok())
            .count();
        assert_eq!(
            accepted, 2,
            "there are two slots, for all handles together: the bound belongs to the service and not to a handle"
        );
        drop((previews, clones));
        site.all_fetched(3).await;
    });
}

/// Step 1. A caller that waits and gives up takes no slot.
///
/// Page: "Spawning is no way out". The slip: `submit` spawns a task that waits on, or has put the link aside already.
#[test]
fn a_caller_that_gives_up_takes_no_slot() {
    check(|| async {
        let (fetch, site) = site();
        let previews = open(1, 1, fetch);
        busy(&previews, 1).await;
        assert_eq!(
            previews.try_submit(url(1)),
            Ok(()),
            "the worker is busy, and one link may wait"
        );
        // Ten callers wait for a slot, and go away.
        start_and_drop(10, || previews.submit(url(2))).await;
        sleep(SECOND + SECOND / 2).await;
        assert_eq!(
            previews.try_submit(url(3)),
            Ok(()),
            "the waiting link has got its worker, so there is a slot again; or has one of the callers that gave up taken it?"
        );
        drop(previews);
        sleep(60 * SECOND).await;
        assert_eq!(
            site.fetched(),
            3,
            "ten callers gave up while they waited for a slot: their links are not to be fetched"
        );
    });
    check(|| async {
        for others in [0, 1] {
            let (fetch, site) = site();
            let previews = open(1, 1, fetch);
            busy(&previews, 1).await;
            assert_eq!(previews.try_submit(url(1)), Ok(()), "one link may wait");
            let mut waiting = Vec::new();
            for number in 0..=others {
                let handle = previews.clone();
                let mut call = Box::pin(async move { handle.submit(url(2 + number)).await });
                let waits = poll_fn(|cx| Poll::Ready(call.as_mut().poll(cx).is_pending())).await;
                assert!(waits, "one link may wait, and one does");
                waiting.push(call);
            }
            // The first one's turn comes, and nobody looks.
            sleep(5 * SECOND).await;
            drop(waiting.remove(0));
            for call in waiting {
                assert_eq!(
                    within("a slot for a link", call).await,
                    Ok(()),
                    "the caller before it gave up when its turn had come: the turn goes on to the next"
                );
            }
            sleep(5 * SECOND).await;
            assert_eq!(
                previews.try_submit(url(9)),
                Ok(()),
                "a caller gave up when its turn had come, and before it looked. Everybody is idle, and its slot is gone"
            );
            drop(previews);
            site.all_fetched(3 + others).await;
        }
    });
}

/// Step 2. Waiting has an end, at the time that the caller chose, and the link comes back.
///
/// Page: "Who waits, and who is refused". The slips: `timeout(send(link))`, where the link is gone with the future; looking again and
/// again with a sleep in between.
#[test]
fn waiting_ends_at_its_time_and_the_link_comes_back() {
    check(|| async {
        let (fetch, site) = site();
        let previews = open(1, 1, fetch);
        busy(&previews, 1).await;
        assert_eq!(
            previews.try_submit(url(1)),
            Ok(()),
            "the worker is busy, and one link may wait"
        );
        // The second one is no whole number of milliseconds.
        for longest in [Duration::from_millis(300), Duration::from_micros(1_700)] {
            let start = Instant::now();
            let refused = within(
                "the end of the wait",
                previews.submit_within(url(2), longest),
            )
            .await;
            assert!(
                refused.is_err(),
                "one link may wait, and one does, all the time. So there was no slot, and yet this link was accepted: where does it wait?"
            );
            assert_eq!(
                refused,
                Err(Refused::Full(url(2))),
                "a link that found no slot comes back as it was"
            );
            let waited = start.elapsed();
            // A timer fires at the first whole millisecond after its time.
            let rounded = Duration::from_micros(999);
            assert!(
                (longest..=longest + rounded).contains(&waited),
                "a caller that says {longest:?} waits {longest:?}, not more and not less, and this call waited {waited:?}"
            );
        }
        drop(previews);
        site.all_fetched(2).await;
    });
}

/// Step 2. A caller may not wait at all, or as long as it takes.
///
/// Page: "Where it goes wrong". The slips: no look at the slots when there is no time; `Instant::now() + longest`, which panics when
/// `longest` is `Duration::MAX`.
#[test]
fn a_wait_can_be_nothing_or_endless() {
    check(|| async {
        let (fetch, site) = site();
        let previews = open(1, 1, fetch);
        busy(&previews, 1).await;
        let accepted = previews.submit_within(url(1), Duration::ZERO);
        assert_eq!(
            in_no_time("an answer", accepted).await,
            Ok(()),
            "there was a free slot: a caller with no time to wait takes it"
        );
        let refused = previews.submit_within(url(2), Duration::ZERO);
        assert_eq!(
            in_no_time("an answer", refused).await,
            Err(Refused::Full(url(2))),
            "the worker is busy and the only slot is taken: a caller with no time to wait is refused"
        );
        let waits = previews.submit_within(url(3), Duration::MAX);
        assert_eq!(
            within("a slot for a link", waits).await,
            Ok(()),
            "there is a slot after a second: `Duration::MAX` waits as long as it takes"
        );
        drop(previews);
        site.all_fetched(3).await;
    });
    // A page that takes most of a day.
    check(|| async {
        let (fetched, done) = (Arc::new(Mutex::new(0)), 22 * HOUR);
        let counts = fetched.clone();
        let fetch = Fetch::new(move |link| {
            let counts = counts.clone();
            async move {
                if link == url(1000) {
                    sleep(done).await;
                }
                *counts.lock().expect("nobody panicked") += 1;
            }
        });
        let previews = open(1, 1, fetch);
        busy(&previews, 1).await;
        assert_eq!(
            previews.try_submit(url(1)),
            Ok(()),
            "the worker is busy, and one link may wait"
        );
        let start = Instant::now();
        let mut calls = Vec::new();
        for (link, longest) in [
            (2, 5 * HOUR),
            (3, 21 * HOUR),
            (4, 23 * HOUR),
            (5, Duration::MAX),
        ] {
            let previews = previews.clone();
            calls.push(tokio::spawn(async move {
                let result = previews.submit_within(url(link), longest).await;
                (longest, result.is_ok(), start.elapsed())
            }));
        }
        let waits = previews.clone();
        let waits = tokio::spawn(async move { waits.submit(url(6)).await.is_ok() });
        drop(previews);
        sleep(done + SECOND).await;
        for call in calls {
            assert!(
                call.is_finished(),
                "a worker was free after {done:?}, and a call that waited for a slot waits on"
            );
            let (longest, accepted, waited) = call.await.expect("submitting does not panic");
            assert_eq!(
                (accepted, waited.as_secs()),
                (longest > done, longest.min(done).as_secs()),
                "there was a slot after {done:?}. A call that says {longest:?} waits so long, if it has to: was this one accepted, and after how many seconds?"
            );
        }
        assert!(
            waits.is_finished() && waits.await.is_ok_and(|accepted| accepted),
            "there was a slot after {done:?}: `submit` waits as long as it takes"
        );
        let fetched = *fetched.lock().expect("nobody panicked");
        assert_eq!(
            fetched, 5,
            "5 links were accepted, and one of the pages takes {done:?}: a fetch may take as long as it likes"
        );
    });
}

/// Step 2. A caller that waits gets the first free slot, at once, and in its turn.
///
/// Page: "Who waits, and who is refused". The slip: looking again and again with a sleep in between: the call that looks at the right
/// moment gets the slot.
#[test]
fn the_first_in_line_gets_the_next_slot() {
    check(|| async {
        let (fetch, site) = site();
        let previews = open(1, 1, fetch);
        let start = Instant::now();
        busy(&previews, 1).await;
        assert_eq!(
            previews.try_submit(url(1)),
            Ok(()),
            "the worker is busy, and one link may wait"
        );
        let first = previews.clone();
        let first = tokio::spawn(async move {
            (
                first.submit_within(url(2), 10 * SECOND).await,
                Instant::now(),
            )
        });
        settle().await;
        let second = previews.clone();
        let second =
            tokio::spawn(async move { (second.submit(url(3)).await.is_ok(), Instant::now()) });
        let (accepted, at) = within("the slot for the first one", first)
            .await
            .expect("submitting does not panic");
        assert_eq!(accepted, Ok(()));
        let waited = at - start;
        assert!(
            waited >= SECOND,
            "after {waited:?} there was no slot yet: more than one link waits"
        );
        assert_eq!(
            waited.as_millis() / 100,
            10,
            "a worker was free after one second, and with it a slot: the first in line gets it then, and not after {waited:?}"
        );
        let (accepted, at) = within("the slot for the second one", second)
            .await
            .expect("submitting does not panic");
        assert!(accepted);
        let waited = at - start;
        assert_eq!(
            waited.as_millis() / 100,
            20,
            "the second one waits for the next slot, one second later, and not {waited:?}"
        );
        drop(previews);
        site.all_fetched(4).await;
    });
}

/// Step 2. A slot that becomes free belongs to the callers in line, and one that is left over to whoever comes.
///
/// Page: "Who waits, and who is refused". The slips: looking again and again with a sleep in between: a caller that comes by takes the slot;
/// a lock that the first in line holds, and `Full` for whoever does not get it.
#[test]
fn nobody_overtakes_a_caller_in_line() {
    check(|| async {
        let (fetch, site) = site();
        let previews = open(1, 1, fetch);
        busy(&previews, 1).await;
        assert_eq!(
            previews.try_submit(url(1)),
            Ok(()),
            "the worker is busy, and one link may wait"
        );
        let (one, other) = (previews.clone(), previews.clone());
        tokio::spawn(async move { one.submit(url(2)).await.is_ok() });
        tokio::spawn(async move { other.submit_within(url(3), 60 * SECOND).await.is_ok() });
        sleep(SECOND).await;
        settle().await;
        assert_eq!(
            previews.try_submit(url(9)),
            Err(Refused::Full(url(9))),
            "a slot became free while two callers waited for one, and a caller that came by has got it"
        );
        drop(previews);
        site.all_fetched(4).await;
    });
    // Both ways to wait, one right after the other: they stand in the same line.
    check(|| async {
        for ways in [["submit", "submit_within"], ["submit_within", "submit"]] {
            let (fetch, site) = site();
            let previews = open(1, 1, fetch);
            busy(&previews, 1).await;
            assert_eq!(previews.try_submit(url(1)), Ok(()), "one link may wait");
            let mut calls = Vec::new();
            for way in ways {
                let handle = previews.clone();
                calls.push(Box::pin(async move {
                    match way {
                        "submit" => handle.submit(url(2)).await.is_ok(),
                        _ => handle.submit_within(url(2), 60 * SECOND).await.is_ok(),
                    }
                }));
            }
            // They ask, and then they look a few times.
            for _ in 0..3 {
                for call in &mut calls {
                    let waits =
                        poll_fn(|cx| Poll::Ready(call.as_mut().poll(cx).is_pending())).await;
                    assert!(waits, "one link may wait, and one does");
                }
            }
            // One page is fetched, and the next is not.
            sleep(SECOND + SECOND / 2).await;
            let mut accepted = Vec::new();
            for call in &mut calls {
                accepted.push(poll_fn(|cx| Poll::Ready(call.as_mut().poll(cx).is_ready())).await);
            }
            let [first, second] = ways;
            assert_eq!(
                accepted,
                [true, false],
                "`{first}` asked for a slot, and then `{second}` did. One slot became free, and it is the first one's. (`true`: this one was accepted)"
            );
            drop((previews, calls));
            site.all_fetched(3).await;
        }
    });
    // Two slots become free, and one caller is in line, which does not look.
    check(|| async {
        let (fetch, site) = site();
        let previews = open(3, 1, fetch);
        busy(&previews, 1).await;
        assert_eq!(fill(&previews, 1).await, 3, "3 links may wait");
        let handle = previews.clone();
        let mut call = Box::pin(async move { handle.submit(url(4)).await });
        let waits = poll_fn(|cx| Poll::Ready(call.as_mut().poll(cx).is_pending())).await;
        assert!(waits, "3 links may wait, and 3 do");
        sleep(2 * SECOND + SECOND / 2).await;
        let accepted = [5, 6].map(|link| previews.try_submit(url(link)).is_ok());
        assert_eq!(
            accepted,
            [true, false],
            "3 links may wait, and one does. A caller in line has not looked yet, and one of the two free slots is its own: so the first of these two links gets the other one, and the second is refused. (`true`: it was accepted)"
        );
        assert_eq!(in_no_time("its turn", call).await, Ok(()));
        drop(previews);
        site.all_fetched(6).await;
    });
}

/// Step 2. A service at work waits as well, and so do its callers.
///
/// Page: "Who waits, and who is refused". The slips: a loop that looks now and then whether a worker is free; a caller that looks now and
/// then whether there is a slot.
#[test]
fn a_busy_service_costs_nothing() {
    check(|| async {
        let fetch = Fetch::new(|_| sleep(2 * HOUR));
        let previews = open(1, 1, fetch);
        busy(&previews, 1).await;
        assert_eq!(
            previews.try_submit(url(1)),
            Ok(()),
            "the worker is busy, and one link may wait"
        );
        let (one, other) = (previews.clone(), previews.clone());
        let one = tokio::spawn(async move { one.submit(url(2)).await.is_ok() });
        let other =
            tokio::spawn(async move { other.submit_within(url(3), 3 * HOUR).await.is_ok() });
        settle().await;
        assert!(
            !one.is_finished() && !other.is_finished(),
            "the worker is busy, one link waits, and there is no slot for more. But more were accepted: where do they wait?"
        );
        let wake_ups = wake_ups_in_an_hour().await;
        assert!(
            wake_ups < 60,
            "a worker is busy for two hours, and two callers wait. In one of these hours the runtime woke up {wake_ups} times or more: something looks \
             instead of waiting"
        );
        one.abort();
        other.abort();
        drop(previews);
        // Both links that were accepted are fetched.
        sleep(4 * HOUR).await;
    });
}

/// Step 3. As many fetches at a time as there are workers: not more, and not fewer.
///
/// Page: "Work beside the mailbox". The slips: one fetch after another, in the loop; a task for each link; a permit that is dropped
/// at once (`let _ = semaphore.acquire().await`).
#[test]
fn workers_share_the_work() {
    check(|| async {
        let (fetch, site) = site();
        let previews = open(12, 3, fetch);
        let start = Instant::now();
        for link in 1..=12 {
            within("a slot for a link", previews.submit(url(link)))
                .await
                .expect("the service has ended early");
        }
        drop(previews);
        site.all_fetched(12).await;
        assert_eq!(
            site.overlap.most(),
            3,
            "there are 3 workers, so 3 fetches run at the same time at the most, and at the least"
        );
        assert_eq!(
            start.elapsed().as_secs(),
            4,
            "12 fetches of one second on 3 workers take 4 seconds"
        );
    });
    // Pages that take no time.
    check(|| async {
        let previews = open(1, 1, Fetch::new(|_| async {}));
        let start = Instant::now();
        for link in 0..100 {
            within("a slot for a link", previews.submit(url(link)))
                .await
                .expect("the service has ended early");
        }
        let took = start.elapsed();
        assert_eq!(
            took,
            Duration::ZERO,
            "100 links were submitted one after the other, their pages take no time, and all that took {took:?}: a worker that is free takes the next link at once"
        );
    });
}

/// Step 3. With workers, too, exactly as many links wait as may wait.
///
/// Page: "Work beside the mailbox". The slips: a task that holds one more link while it waits for a worker; a task for each link.
#[test]
fn exactly_as_many_wait_as_may_wait() {
    check(|| async {
        let (fetch, site) = site();
        let previews = open(5, 2, fetch);
        busy(&previews, 2).await;
        assert_eq!(
            fill(&previews, 10).await,
            5,
            "both workers are busy, and 5 links may wait. If it is less: do both workers work at the same time? If it is more: what else holds a link? A task for each of them? A loop that has \
             taken one out and waits for a worker?"
        );
        assert_eq!(
            previews.try_submit(url(99)),
            Err(Refused::Full(url(99))),
            "a link that is refused comes back as it was"
        );
        drop(previews);
        site.all_fetched(7).await;
    });
}

/// Step 3. What was accepted is fetched, also when nobody holds a handle any more; then everything ends.
///
/// Page: "Work beside the mailbox". The slips: the loop ends, and the fetches under way are dropped with it; a link that looks as if it were
/// none is left out.
#[test]
fn what_was_accepted_is_fetched() {
    check(|| async {
        let (fetch, site) = site();
        let previews = open(8, 2, fetch);
        // What is no link at all is for the fetch to find out.
        let odd = ["", "no address", "FTP://x/\0#y "].map(str::to_owned);
        let odd = odd.into_iter().chain(["x".repeat(70_000)]).map(Url);
        let links: Vec<Url> = odd.chain([url(1)]).collect();
        for link in &links {
            within("a slot for a link", previews.submit(link.clone()))
                .await
                .expect("the service has ended early");
        }
        drop(previews);
        sleep(60 * SECOND).await;
        let fetched = site.fetched.lock().expect("nobody panicked").clone();
        for Url(link) in links {
            assert!(
                fetched.contains(&Url(link.clone())),
                "5 links were accepted, then the last handle was dropped: all of them are to be fetched, and {:?} was not fetched as it was",
                link.get(..20).unwrap_or(&link)
            );
        }
        let alive = alive_tasks().await;
        assert_eq!(
            alive, 0,
            "all is fetched and all handles are gone, but {alive} tasks live on"
        );
    });
    // Pages that take long. With 3 workers, one has nothing to do at the end.
    for (workers, hours, at_a_time) in [(1, 11, 1), (3, 22, 2)] {
        check(move || async move {
            let overlap = Overlap::default();
            let (counts, fetched) = (overlap.clone(), Arc::new(Mutex::new(0)));
            let done = fetched.clone();
            let fetch = Fetch::new(move |_| {
                let (counts, done) = (counts.clone(), done.clone());
                async move {
                    counts.run(sleep(hours * HOUR)).await;
                    *done.lock().expect("nobody panicked") += 1;
                }
            });
            let previews = open(1, workers, fetch);
            for link in 1..=2 {
                in_no_time("a slot for a link", previews.submit(url(link)))
                    .await
                    .expect("the service has ended early");
                settle().await;
            }
            drop(previews);
            sleep(23 * HOUR).await;
            assert_eq!(
                (*fetched.lock().expect("nobody panicked"), overlap.most()),
                (2, at_a_time),
                "2 links were accepted, then the last handle was dropped. Their pages take {hours} hours each: 2 are fetched, and {at_a_time} at a time"
            );
        });
    }
}

/// Step 3. A fetch that panics is over: its worker takes the next link, and the service goes on.
///
/// Page: "Work beside the mailbox". The slips: a fetch that the loop of a worker awaits itself, so that its panic ends the worker; a permit
/// that comes back only after the fetch has returned; an `unwrap` of what `join_next` gives.
#[test]
fn a_fetch_that_panics_keeps_no_worker() {
    check(|| async {
        expect_panics("this page panics");
        let site = Site::default();
        let at = site.clone();
        let fetch = Fetch::new(move |link| {
            let at = at.clone();
            async move {
                assert!(!link.0.ends_with("/panics"), "this page panics");
                at.fetch(link).await;
            }
        });
        let previews = open(8, 2, fetch);
        for number in 1..=6 {
            let panics = Url("https://example.org/panics".to_owned());
            assert_eq!(
                within("a slot for a link", previews.submit(panics)).await,
                Ok(()),
                "the fetch of an earlier link panicked: the service goes on"
            );
            // The last two are with both workers when the links below wait.
            if number < 5 {
                settle().await;
            }
        }
        for link in 1..=4 {
            assert_eq!(
                within("a slot for a link", previews.submit(url(link))).await,
                Ok(()),
                "the fetches of six earlier links panicked: the service goes on"
            );
        }
        drop(previews);
        sleep(10 * SECOND).await;
        assert_eq!(
            site.fetched(),
            4,
            "6 fetches panicked, and 4 links came after them. There are 2 workers, and a panic costs none of them: which of them works?"
        );
        assert_eq!(
            site.overlap.most(),
            2,
            "6 fetches panicked, and both workers work on"
        );
    });
}

/// Step 3. A service without links waits; it does not look again and again.
///
/// Page: "Work beside the mailbox". The slip: an empty `JoinSet` in a `select!`: `join_next` gives None at once, every time.
#[test]
fn an_idle_service_costs_nothing() {
    check(|| async {
        let (fetch, site) = site();
        let previews = open(4, 2, fetch);
        settle().await;
        let wake_ups_before = wake_ups_in_an_hour().await;
        within("a slot for a link", previews.submit(url(1)))
            .await
            .expect("the service has ended early");
        site.all_fetched(1).await;
        settle().await;
        let wake_ups = wake_ups_before + wake_ups_in_an_hour().await;
        assert!(
            wake_ups < 60,
            "in two quiet hours the runtime woke up {wake_ups} times or more: something looks instead of waiting"
        );
    });
}

/// Step 4. A noisy caller has so many links waiting as it has slots, by whichever clone of its handle; a quiet one finds a slot.
///
/// Page: "A bound for each caller". The slips: a permit that the handle drops at once; a mailbox for each caller, which empties itself
/// into the shared one; slots that each clone has for itself, or that all limited handles share.
#[test]
fn a_noisy_caller_leaves_slots_for_a_quiet_one() {
    check(|| async {
        let (fetch, site) = site();
        let previews = open(6, 2, fetch);
        busy(&previews, 2).await;
        let (noisy, quiet) = (previews.limited_to(3), previews.limited_to(2));
        in_no_time("a slot for a link", noisy.submit(url(10)))
            .await
            .expect("the service has ended early");
        settle().await;
        let accepted = noisy.submit_within(url(11), SECOND);
        assert_eq!(in_no_time("a slot for a link", accepted).await, Ok(()));
        settle().await;
        assert_eq!(
            fill(&noisy, 12).await,
            1,
            "both workers are busy, and 3 links of this caller may wait: it has submitted one by `submit` and one by `submit_within`, so one more. If it is more: does its slot \
             stay taken until a worker takes the link? Or does the link wait somewhere else, and its slot is free already?"
        );
        assert_eq!(
            noisy.clone().try_submit(url(20)),
            Err(Refused::Full(url(20))),
            "all slots of this caller are taken, and a clone of its handle is the same caller"
        );
        assert_eq!(
            fill(&quiet, 30).await,
            2,
            "6 links may wait, and 3 do, all of the noisy caller. The quiet one has 2 slots of its own: another call of `limited_to` is another caller"
        );
        assert_eq!(
            fill(&previews, 40).await,
            1,
            "6 links may wait, and 5 do, of two callers: a link of a limited caller takes one of the shared slots too"
        );
        drop((previews, noisy, quiet));
        site.all_fetched(8).await;
    });
}

/// Step 4. A caller's slot is free again when a worker takes the link, and when the caller is refused or gives up.
///
/// Page: "A bound for each caller". The slips: a permit that is kept until the page is fetched; a slot that is taken before the shared
/// one is found missing, and that nobody gives back; a call that is dropped when its turn had come.
#[test]
fn a_slot_of_ones_own_comes_back() {
    check(|| async {
        let (fetch, site) = site();
        let previews = open(3, 3, fetch);
        let caller = previews.limited_to(1);
        for link in 1..=3 {
            assert_eq!(
                caller.try_submit(url(link)),
                Ok(()),
                "there are 3 workers, and each link before this one is with a worker: it waits no longer, so this caller's only slot is free again"
            );
            settle().await;
        }
        // Now all workers are busy, and others take all the slots that are shared.
        assert_eq!(
            fill(&previews, 10).await,
            3,
            "3 links may wait, and none does"
        );
        let refused = previews.limited_to(1);
        let too_late = previews.limited_to(1);
        let gone = previews.limited_to(1);
        assert_eq!(
            refused.try_submit(url(20)),
            Err(Refused::Full(url(20))),
            "this caller has a slot of its own, but all the shared ones are taken"
        );
        let waited = too_late.submit_within(url(21), SECOND / 10);
        assert_eq!(
            within("the end of the wait", waited).await,
            Err(Refused::Full(url(21))),
            "this caller has a slot of its own, but all the shared ones are taken"
        );
        start_and_drop(3, || gone.submit(url(22))).await;
        start_and_drop(3, || gone.submit_within(url(22), 60 * SECOND)).await;
        sleep(SECOND + SECOND / 2).await;
        assert_eq!(
            site.overlap.now(),
            3,
            "three links waited, and meanwhile the pages before them were fetched: each of the 3 workers takes one of them at once"
        );
        for (caller, what) in [
            (refused, "`try_submit` found no shared slot and refused"),
            (too_late, "`submit_within` found no shared slot in time"),
            (gone, "calls of `submit` and `submit_within` were dropped"),
        ] {
            assert_eq!(
                caller.try_submit(url(30)),
                Ok(()),
                "{what}: has that kept the slot of this caller? There is a shared one for it now"
            );
        }
        drop((previews, caller));
        site.all_fetched(9).await;
    });
    check(|| async {
        for way in ["submit", "submit_within"] {
            let (fetch, site) = site();
            let previews = open(3, 1, fetch);
            busy(&previews, 1).await;
            let caller = previews.limited_to(1);
            assert_eq!(caller.try_submit(url(1)), Ok(()), "there are both slots");
            let handle = caller.clone();
            let mut call = Box::pin(async move {
                match way {
                    "submit" => handle.submit(url(2)).await.is_ok(),
                    _ => handle.submit_within(url(2), 60 * SECOND).await.is_ok(),
                }
            });
            let waits = poll_fn(|cx| Poll::Ready(call.as_mut().poll(cx).is_pending())).await;
            assert!(waits, "one link of this caller may wait, and one does");
            // Its turn comes, and nobody looks.
            sleep(5 * SECOND).await;
            drop(call);
            assert_eq!(
                caller.try_submit(url(3)),
                Ok(()),
                "a call of `{way}` waited for a slot of its caller's own. It was dropped when its turn had come, and before it looked: has it kept that slot?"
            );
            drop((previews, caller));
            site.all_fetched(3).await;
        }
    });
}

/// Step 4. A caller that waits for a slot of its own takes no shared one meanwhile.
///
/// Page: "A bound for each caller". The slip: the shared slot first, and then the caller's own.
#[test]
fn waiting_for_ones_own_slot_keeps_no_shared_one() {
    check(|| async {
        let (fetch, site) = site();
        let previews = open(4, 1, fetch);
        busy(&previews, 1).await;
        let noisy = previews.limited_to(1);
        assert_eq!(
            noisy.try_submit(url(1)),
            Ok(()),
            "the worker is busy, and one link of this caller may wait"
        );
        for link in 2..=3 {
            let noisy = noisy.clone();
            tokio::spawn(async move {
                let _ = match link % 2 {
                    0 => noisy.submit(url(link)).await.is_ok(),
                    _ => noisy.submit_within(url(link), 60 * SECOND).await.is_ok(),
                };
            });
            settle().await;
        }
        assert_eq!(
            fill(&previews, 10).await,
            3,
            "4 links may wait, and one does. Two more of the same caller wait until that caller has a slot of its own again: what do they keep from others meanwhile?"
        );
        drop((previews, noisy));
        site.all_fetched(7).await;
    });
}

/// Step 4. Waiting for a slot of one's own costs nothing.
///
/// Page: "A bound for each caller". The slip: trying again and again with a sleep in between.
#[test]
fn waiting_for_ones_own_slot_costs_nothing() {
    check(|| async {
        let fetch = Fetch::new(|_| sleep(2 * HOUR));
        let previews = open(5, 1, fetch);
        busy(&previews, 1).await;
        let caller = previews.limited_to(1);
        assert_eq!(
            caller.try_submit(url(1)),
            Ok(()),
            "the worker is busy, and one link of this caller may wait"
        );
        let (one, other) = (caller.clone(), caller.clone());
        let one = tokio::spawn(async move { one.submit(url(2)).await.is_ok() });
        let other =
            tokio::spawn(async move { other.submit_within(url(3), 3 * HOUR).await.is_ok() });
        settle().await;
        let wake_ups = wake_ups_in_an_hour().await;
        assert!(
            wake_ups < 60,
            "two calls wait for a slot of their caller's own. In one hour the runtime woke up {wake_ups} times or more: something looks instead of waiting"
        );
        one.abort();
        other.abort();
        drop((previews, caller));
        // Both links that were accepted are fetched.
        sleep(4 * HOUR).await;
    });
}

/// Step 5. `submit_within` waits for both slots together, and not for each of them.
///
/// Page: "A bound for each caller". The slip: two waits one after the other, each as long as the caller allows for both.
#[test]
fn both_waits_end_together() {
    check(|| async {
        let (fetch, site) = site();
        let previews = open(1, 1, fetch);
        busy(&previews, 1).await;
        let caller = previews.limited_to(1);
        assert_eq!(
            caller.try_submit(url(1)),
            Ok(()),
            "the worker is busy, and one link may wait"
        );
        // Two others stand in line for the shared slot.
        for link in 2..=3 {
            let previews = previews.clone();
            tokio::spawn(async move { previews.submit(url(link)).await.is_ok() });
            settle().await;
        }
        // After one second, link 1 is with the worker: then the caller has its own slot, but the shared one goes to those in line.
        let start = Instant::now();
        let longest = SECOND + SECOND / 2;
        let refused = within("the end of the wait", caller.submit_within(url(4), longest)).await;
        assert_eq!(
            refused,
            Err(Refused::Full(url(4))),
            "the shared slot is free for this link after 3 seconds, and its caller waits 1.5 seconds"
        );
        let waited = start.elapsed();
        assert!(
            waited >= longest,
            "the caller waits {longest:?} for both slots together, whichever of them takes longer, and this call gave up after {waited:?}"
        );
        assert_eq!(
            waited, longest,
            "the caller waited one second for its own slot, and goes on waiting for a shared one: {longest:?} is for both waits together, and not for each"
        );
        drop((previews, caller));
        site.all_fetched(4).await;
    });
}

/// Step 5. The runtime of the service has ended, and handles are left: each call says so, and none waits.
///
/// Page: "Who waits, and who is refused". The slips: `Full` for every error; a wait for a slot that nobody gives back any more; a link
/// that is said to be accepted, and that nobody fetches.
#[test]
fn a_handle_may_outlive_the_service() {
    check(|| async {
        for full in [false, true] {
            let (previews, caller, waiting, within_a_time) =
                on_a_runtime_that_ends(move || async move {
                    let (fetch, _) = site();
                    let previews = open(2, 1, fetch);
                    let caller = previews.limited_to(1);
                    let mut waiting = Vec::new();
                    let mut within_a_time = Vec::new();
                    if full {
                        busy(&previews, 1).await;
                        let accepted = (caller.try_submit(url(1)), previews.try_submit(url(2)));
                        assert_eq!(
                            accepted,
                            (Ok(()), Ok(())),
                            "the worker is busy, and two links may wait"
                        );
                        for handle in [previews.clone(), caller.clone()] {
                            let mut call = Box::pin(async move { handle.submit(url(3)).await });
                            let waits =
                                poll_fn(|cx| Poll::Ready(call.as_mut().poll(cx).is_pending()))
                                    .await;
                            assert!(waits, "two links may wait, and two do");
                            waiting.push(call);
                        }
                        for longest in [10 * SECOND, Duration::MAX] {
                            let handle = previews.clone();
                            let mut call =
                                Box::pin(
                                    async move { handle.submit_within(url(3), longest).await },
                                );
                            let waits =
                                poll_fn(|cx| Poll::Ready(call.as_mut().poll(cx).is_pending()))
                                    .await;
                            assert!(waits, "two links may wait, and two do");
                            within_a_time.push(call);
                        }
                    }
                    (previews, caller, waiting, within_a_time)
                });
            if full {
                // The call of the same caller that waits has got the slot that came back, and has not looked yet.
                assert_eq!(
                    caller.try_submit(url(9)),
                    Err(Refused::Closed(url(9))),
                    "the service has ended. Another call of this caller has its slot at this moment, and waits for nothing any more: the answer is `Closed` and not `Full`"
                );
            }
            // All of them look again, each for itself.
            let waiting: Vec<_> = waiting.into_iter().map(tokio::spawn).collect();
            let within_a_time: Vec<_> = within_a_time.into_iter().map(tokio::spawn).collect();
            for call in waiting {
                assert_eq!(
                    in_no_time("an answer to a call that waits for a slot", call)
                        .await
                        .expect("the call does not panic"),
                    Err(Closed),
                    "the service ended while this call waited"
                );
            }
            for call in within_a_time {
                assert_eq!(
                    in_no_time("an answer to a `submit_within` that waits for a slot", call)
                        .await
                        .expect("the call does not panic"),
                    Err(Refused::Closed(url(3))),
                    "the service ended while this call waited: no slot will come, however long it waits"
                );
            }
            for handle in [previews, caller] {
                let submitted = handle.submit(url(4));
                assert_eq!(
                    in_no_time(
                        "`Closed` from `submit`, after the end of the service,",
                        submitted
                    )
                    .await,
                    Err(Closed),
                    "the service has ended, and fetches no more"
                );
                assert_eq!(
                    handle.try_submit(url(5)),
                    Err(Refused::Closed(url(5))),
                    "the service has ended, and fetches no more: trying again is of no use"
                );
                let submitted = handle.submit_within(url(6), SECOND);
                assert_eq!(
                    in_no_time(
                        "`Closed` from `submit_within`, after the end of the service,",
                        submitted
                    )
                    .await,
                    Err(Refused::Closed(url(6))),
                    "the service has ended, and fetches no more: trying again is of no use"
                );
            }
        }
    });
}

/// Step 6. What is served in the longest wait that is acceptable may wait, and no more.
///
/// Page: "Choose the capacity". The slips: a round number; whole seconds only; a calculation that panics when a number is very large, or none.
#[test]
fn the_capacity_follows_from_rate_and_wait() {
    check(|| async {
        expect_panics("");
        let seconds = Duration::from_secs_f64;
        for (per_second, longest_wait, expected) in [
            (10.0, seconds(2.0), 20),
            (10.0, seconds(0.3), 3),
            (3.0, seconds(0.5), 1),
            (3.3, seconds(2.0), 6),
            (2.5, seconds(2.0), 5),
            (0.5, seconds(1.0), 1),
            // Not far below a whole number, but below it.
            (2.995, seconds(1.0), 2),
            (2.999_999, seconds(1.0), 2),
            (2000.0, seconds(0.25), 500),
            (4_000_000.0, Duration::from_micros(250), 1000),
            // More than an f32 can tell apart.
            (3.0, Duration::from_secs(10_000_001), 30_000_003),
            // A wait of less than a microsecond.
            (1e9, Duration::from_nanos(999), 999),
            // One is served in 3 nanoseconds and a third.
            (3e8, Duration::from_nanos(1001), 300),
            // The extremes of both.
            (0.0, seconds(2.0), 1),
            (-2.0, seconds(2.0), 1),
            (f64::NAN, seconds(2.0), 1),
            (10.0, Duration::ZERO, 1),
            (0.0, Duration::MAX, 1),
            (f64::INFINITY, seconds(2.0), usize::MAX),
            (f64::INFINITY, Duration::ZERO, 1),
            (10.0, Duration::MAX, usize::MAX),
            (f64::MAX, Duration::MAX, usize::MAX),
        ] {
            let capacity = panic::catch_unwind(|| capacity_for(per_second, longest_wait));
            assert_eq!(
                capacity.ok(),
                Some(expected),
                "{per_second} links are served in a second, and nobody should wait longer than {longest_wait:?}. (`None` means a panic.)"
            );
        }
        // A product of floats may be a hair below 29.
        let capacity = capacity_for(100.0, Duration::from_millis(290));
        assert!(
            (28..=29).contains(&capacity),
            "100 links are served in a second, and nobody should wait longer than 290 ms: 29 may wait, or 28 for a product of floats, and not {capacity}"
        );
    });
}

/// Step 6. The numbers that `open` and `limited_to` are given are the only ones: nothing else bounds how much waits, runs, or is fetched in all.
///
/// Page: "The idea". The slips: a bound of one's own beside them; a service that has done, or seen panic, enough; memory for
/// all slots before there is a link.
#[test]
fn no_other_number_bounds_anything() {
    check(|| async {
        expect_panics("this page panics");
        let site = Site::default();
        let at = site.clone();
        let fetch = Fetch::new(move |link| {
            let at = at.clone();
            async move {
                assert!(!link.0.ends_with("/panics"), "this page panics");
                at.fetch(link).await;
            }
        });
        let previews = open(3_001, 10_000, fetch);
        for round in 1..=4 {
            for link in 0..2_500 {
                let submitted = previews.try_submit(url(link));
                assert_eq!(
                    submitted,
                    Ok(()),
                    "3,001 links may wait, and {link} do: there is a slot for one more"
                );
            }
            settle().await;
            assert_eq!(
                site.overlap.now(),
                round * 2_500,
                "there are 10,000 workers, so {} links are fetched at the same time",
                round * 2_500
            );
        }
        let caller = previews.limited_to(2_003);
        let accepted = (0..5_000).take_while(|link| caller.try_submit(url(*link)).is_ok());
        assert_eq!(
            accepted.count(),
            2_003,
            "all workers are busy, and of 3,001 links that may wait, 2,003 may be of this caller"
        );
        let callers: Vec<_> = (0..999).map(|_| previews.limited_to(1)).collect();
        let accepted = callers
            .iter()
            .take_while(|caller| caller.try_submit(url(1)).is_ok());
        assert_eq!(
            accepted.count(),
            998,
            "3,001 links may wait, and 2,003 do. Of 999 callers, each with one slot of its own, the last one finds no shared one"
        );
        site.all_fetched(13_001).await;
        assert_eq!(
            site.overlap.most(),
            10_000,
            "there are 10,000 workers, and there were more links: so many are fetched at the same time, and not more"
        );
        for _ in 0..3_000 {
            let panics = Url("https://example.org/panics".to_owned());
            assert_eq!(previews.try_submit(panics), Ok(()), "the service goes on");
        }
        settle().await;
        assert_eq!(
            previews.try_submit(url(1)),
            Ok(()),
            "13,001 links were fetched and 3,000 fetches panicked: the service goes on"
        );
        drop((previews, caller, callers));
        site.all_fetched(13_002).await;
    });
    check(|| async {
        let (fetch, site) = site();
        let opened = tokio::spawn(async { open(Semaphore::MAX_PERMITS, 1, fetch) }).await;
        let previews = opened.expect(
            "`Semaphore::MAX_PERMITS` slots are allowed, and nobody uses them yet: what needs memory for all of them at once?",
        );
        let caller = previews.limited_to(Semaphore::MAX_PERMITS);
        assert_eq!(caller.try_submit(url(1)), Ok(()), "there is a slot");
        drop((previews, caller));
        site.all_fetched(1).await;
    });
    // Two services at the same time.
    check(|| async {
        let (fetch, site) = site();
        let services = [open(1, 2, fetch.clone()), open(1, 2, fetch)];
        for previews in &services {
            busy(previews, 2).await;
        }
        assert_eq!(
            site.overlap.now(),
            4,
            "there are two services with two workers each, and each was given two links: 4 are fetched at the same time"
        );
        for previews in &services {
            assert_eq!(
                previews.try_submit(url(1)),
                Ok(()),
                "there are two services, and one link may wait in each"
            );
        }
        drop(services);
        site.all_fetched(6).await;
    });
    // Many links that wait, by many slots of one caller.
    check(|| async {
        let links = 70_000;
        let fetched = Arc::new(Mutex::new(0));
        let counts = fetched.clone();
        let fetch = Fetch::new(move |_| {
            *counts.lock().expect("nobody panicked") += 1;
            async {}
        });
        // A power of two: its lower 32 bits are all 0.
        let slots = Semaphore::MAX_PERMITS / 2 + 1;
        let previews = open(slots, 1, fetch);
        let caller = previews.limited_to(slots);
        let accepted = (0..links).take_while(|link| caller.try_submit(url(*link)).is_ok());
        assert_eq!(
            accepted.count(),
            links,
            "{slots} links may wait, and as many of this caller"
        );
        let callers = Vec::from_iter((0..10_000).map(|_| previews.limited_to(1)));
        let one_more = callers.last().expect("there are 10,000");
        let accepted = [1, 2].map(|link| one_more.try_submit(url(link)).is_ok());
        assert_eq!(
            accepted,
            [true, false],
            "10,000 callers have a slot of their own each. The last of them submits two links, of which one may wait. (`true`: it was accepted)"
        );
        drop((caller, callers));
        sleep(60 * SECOND).await;
        let alive = alive_tasks().await;
        assert!(
            alive < 100,
            "10,000 limited handles were made and dropped again, and no link or call waits. There is one worker, and yet {alive} tasks are alive: does `limited_to` start one that stays when the handle is gone?"
        );
        drop(previews);
        sleep(60 * SECOND).await;
        let (fetched, links) = (*fetched.lock().expect("nobody panicked"), links + 1);
        assert_eq!(
            fetched, links,
            "{links} links were accepted, and their pages take no time: all of them are fetched"
        );
    });
}

/// Step 6. A handle works on another runtime as well, and what was accepted is fetched when that one has ended.
///
/// Page: "Work beside the mailbox". The slip: a worker that the call itself starts, by `tokio::spawn`, where the caller happens to run.
#[test]
fn the_service_stays_on_its_runtime() {
    check(|| async {
        let (fetch, site) = site();
        let previews = open(8, 2, fetch);
        let caller = previews.limited_to(4);
        on_a_runtime_that_ends(move || async move {
            for (handle, first) in [(previews, 10), (caller, 20)] {
                let submitted = handle.submit(url(first));
                assert_eq!(within("a slot for a link", submitted).await, Ok(()));
                assert_eq!(handle.try_submit(url(first + 1)), Ok(()));
                let submitted = handle.submit_within(url(first + 2), SECOND);
                assert_eq!(within("a slot for a link", submitted).await, Ok(()));
            }
        });
        sleep(60 * SECOND).await;
        assert_eq!(
            site.fetched(),
            6,
            "6 links were accepted from callers on another runtime, which has ended. The one on which `open` ran goes on: on which of them do the workers run?"
        );
    });
    // Only `open` needs a runtime around it.
    check(|| async {
        expect_panics("");
        let (fetch, site) = site();
        let previews = open(8, 2, fetch);
        let accepted = on_a_runtime_that_ends(move || {
            // Before the future, no runtime is around.
            let accepted = panic::catch_unwind(AssertUnwindSafe(|| {
                let caller = previews.limited_to(4);
                (previews.try_submit(url(1)), caller.try_submit(url(2)))
            }));
            async { accepted.ok() }
        });
        assert_eq!(
            accepted,
            Some((Ok(()), Ok(()))),
            "`limited_to` and `try_submit` were called where no runtime is: only `open` is to be called inside of one. (`None` means a panic.)"
        );
        site.all_fetched(2).await;
    });
}

/// Step 6. Whatever callers do, in any order, the promises hold: 400 short stories that nobody wrote down, made by a machine (tests/scenarios/mod.rs).
/// One that fails is shortened and told.
#[test]
fn your_promises_hold_whatever_callers_do() {
    harness::scenarios::<scenarios::Previews>(400);
}

/// A web site whose pages take a second, and which counts.
#[derive(Clone, Default)]
struct Site {
    overlap: Overlap,
    fetched: Arc<Mutex<Vec<Url>>>,
}

fn site() -> (Fetch, Site) {
    let site = Site::default();
    let at = site.clone();
    let fetch = Fetch::new(move |url| {
        let at = at.clone();
        async move { at.fetch(url).await }
    });
    (fetch, site)
}

impl Site {
    async fn fetch(&self, url: Url) {
        self.overlap.run(sleep(SECOND)).await;
        self.fetched.lock().expect("nobody panicked").push(url);
    }

    fn fetched(&self) -> usize {
        self.fetched.lock().expect("nobody panicked").len()
    }

    async fn all_fetched(&self, count: usize) {
        let all = async {
            while self.fetched() < count {
                sleep(SECOND / 10).await;
            }
        };
        let done = timeout(600 * SECOND, all).await;
        assert!(
            done.is_ok(),
            "{count} links were accepted, but ten minutes later only {} are fetched",
            self.fetched()
        );
    }
}

/// How often the runtime woke up in one virtual hour: a few times, for the hour's own timer. When it is often, a minute is enough.
async fn wake_ups_in_an_hour() -> u64 {
    let before = wake_ups_so_far();
    for minutes in [1, 59] {
        sleep(60 * minutes * SECOND).await;
        if wake_ups_so_far() - before > 60 {
            break;
        }
    }
    wake_ups_so_far() - before
}

/// Gives each worker a link, so that the next ones have to wait.
async fn busy(previews: &PreviewsHandle, workers: usize) {
    for worker in 0..workers {
        in_no_time("a slot for a link", previews.submit(url(1000 + worker)))
            .await
            .expect("the service has ended early");
        settle().await;
    }
}

/// Submits links until one is refused, a hundred at the most. Returns how many were accepted.
async fn fill(previews: &PreviewsHandle, first: usize) -> usize {
    let mut accepted = 0;
    while accepted < 100 && previews.try_submit(url(first + accepted)).is_ok() {
        accepted += 1;
        // A worker that is free takes its link out of the mailbox now.
        settle().await;
    }
    accepted
}

fn url(number: usize) -> Url {
    Url(format!("https://example.org/{number}"))
}
