//! What the delivery promises, step by step. Each test says what it wants and which slip it is there to catch.
//!
//! The tests run in virtual time, on a runtime of their own (see exercises/harness): a delivery takes one virtual second.
//! When a test's body ends, all its handles are dropped, and then every task has to end as well.

mod scenarios;

use harness::{
    alive_tasks, check, on_a_runtime_that_ends, settle, start_and_drop, wake_ups, within,
};
use select::{Closed, ControlHandle, Event, PostsHandle, open};
use std::{future::poll_fn, pin::Pin, task::Poll, time::Duration};
use tokio::{
    sync::mpsc::{self, UnboundedReceiver},
    task::{JoinSet, coop::unconstrained},
    time::{Instant, sleep},
};

/// Step 1. Posts are delivered one at a time, in their order.
///
/// Page: "Two mailboxes". The slip: a task for each post, so that they overtake each other.
#[test]
fn posts_are_delivered_in_order() {
    check(|| async {
        let (posts, _control, mut events) = start();
        let start = Instant::now();
        for text in ["a", "b", "c"] {
            post(&posts, text).await;
            assert!(
                text != "a" || start.elapsed().is_zero(),
                "the first post found a free slot, and `post` took {:?}: it accepts a post, and does not wait until that is delivered, nor for any timer",
                start.elapsed()
            );
        }
        for text in ["a", "b", "c"] {
            next(
                &mut events,
                delivered(text),
                "posts are delivered in the order in which they came",
            )
            .await;
        }
        assert_eq!(
            start.elapsed().as_secs(),
            3,
            "three deliveries of one second take three seconds: one at a time, and nothing in between"
        );
    });
}

/// Step 1. Callers that wait for a slot in the mailbox wait in line: the one that has waited longest gets the next slot.
///
/// Page: "Two mailboxes". The slip: all callers that wait are told that a slot is free, and try again; one that comes at that moment is first.
#[test]
fn callers_stand_in_line() {
    check(|| async {
        let (posts, _control, mut events) = start();
        let mut line = JoinSet::new();
        let mut accepted = 0;
        // More callers have to wait than there are slots, however many of these become free at once.
        while line.len() < accepted + 10 {
            assert!(
                accepted < 2_000,
                "{accepted} posts were accepted, and nobody had to wait for a slot: what bounds the posts that wait?"
            );
            for n in line.len()..line.len() + 20 {
                let posts = posts.clone();
                line.spawn(async move { posts.post(n.to_string()).await });
            }
            settle().await;
            for posted in std::iter::from_fn(|| line.try_join_next()) {
                assert!(
                    matches!(posted, Ok(Ok(()))),
                    "a caller that found no free slot was told Closed: it waits for one, however many wait already"
                );
                accepted += 1;
            }
        }
        let newcomer = posts.clone();
        let newcomer = tokio::spawn(async move {
            for _ in 0..3 {
                let report = within("the report of a delivery", events.recv()).await;
                assert!(
                    matches!(report, Some(Event::Delivered(_))),
                    "{report:?} was reported where a delivery comes next: there are handles, posts wait, and nobody has paused"
                );
                let accepted = start_and_drop(1, || newcomer.post("b".to_owned())).await;
                assert_eq!(
                    accepted, 0,
                    "somebody heard of a delivery, posted at that moment, and got the slot that had just become free. Others have waited longer: callers wait in line"
                );
            }
            events
        });
        let events = newcomer.await;
        line.shutdown().await;
        drop(posts);
        sleep(Duration::from_secs(5_000)).await;
        assert!(events.is_ok());
    });
}

/// Step 1. Deliveries go on for hours.
///
/// Page: "Two mailboxes". The slips: anything that is counted and never given back; a queue that drops what is too much; anything that
/// becomes another actor after so many posts.
#[test]
fn ten_thousand_posts_are_delivered() {
    check(|| async {
        let (posts, control, mut events) = start();
        let start = Instant::now();
        let posting = tokio::spawn(async move {
            for n in 1..=10_000 {
                post(&posts, &n.to_string()).await;
            }
            posts
        });
        for n in 1..=10_000 {
            let event = within(&format!("post {n} of 10000"), events.recv()).await;
            assert!(
                event == Some(delivered(&n.to_string())),
                "post {n} of 10000 is next, and what was reported is {event:?}"
            );
        }
        assert!(
            start.elapsed().as_secs() >= 9_999,
            "10000 deliveries were done in {:?}: each takes a second, and there is one at a time, to the last one",
            start.elapsed()
        );
        assert!(
            start.elapsed().as_secs() <= 10_002,
            "10000 deliveries, with posts waiting all the time, were done in {:?}: each takes a second, and nothing comes in between. For what does the actor wait after a delivery?",
            start.elapsed()
        );
        let posts = posting.await.expect("the caller has posted all");
        pause(&control).await;
        next(&mut events, Event::Paused, "a pause is reported").await;
        post(&posts, "one more").await;
        sleep(Duration::from_secs(10)).await;
        assert_eq!(
            taken(&mut events),
            [],
            "after 10000 deliveries a pause holds nothing back any more"
        );
        resume(&control).await;
        next(&mut events, Event::Resumed, "a resume is reported").await;
        next(
            &mut events,
            delivered("one more"),
            "what was posted during the pause is delivered after it",
        )
        .await;
    });
}

/// Step 2. A pause holds back what has not begun; a resume lets it go on.
///
/// Page: "Patterns turn branches off". The slips: a pattern that knows one message only, and swallows the other; a pause that throws posts away.
#[test]
fn nothing_begins_while_paused() {
    check(|| async {
        let (posts, control, mut events) = start();
        pause(&control).await;
        next(&mut events, Event::Paused, "a pause is reported").await;
        post(&posts, "a").await;
        sleep(Duration::from_secs(10)).await;
        assert_eq!(
            taken(&mut events),
            [],
            "ten seconds after a pause, nothing may have been delivered"
        );
        resume(&control).await;
        next(
            &mut events,
            Event::Resumed,
            "the resume was not heard: does your pattern drop it?",
        )
        .await;
        next(
            &mut events,
            delivered("a"),
            "what was posted during the pause is delivered after it",
        )
        .await;
    });
}

/// Step 2. Every press is reported, also when one comes right after another; and one resume ends the pause.
///
/// Page: "Two mailboxes". The slips: a channel that keeps the newest value only; a handle that does not wait for a slot, or waits for
/// more than that; a slot that is lost with a caller that gave up; pauses that are counted.
#[test]
fn every_press_is_reported() {
    check(|| async {
        let (_posts, control, mut events) = start();
        let button = control.clone();
        let pressed = at_once(async move { button.resume().await }).await;
        assert!(pressed.is_ok(), "{PRESS_WAITS}");
        next(&mut events, Event::Resumed, "each press is reported").await;
        for gives_up_later in [false, true] {
            let mut found_a_slot = 0;
            let mut line = Vec::new();
            for _ in 0..3_000 {
                let button = control.clone();
                // Polled once, while the actor does not get to run: what can it wait for, but a slot?
                match at_once(async move { button.pause().await }).await {
                    Ok(pressed) => {
                        assert!(pressed.is_ok(), "{PRESS_REFUSED}");
                        found_a_slot += 1;
                    }
                    Err(call) if gives_up_later => line.push(call),
                    Err(_) => {}
                }
            }
            // The turn of some may come now; they do not look.
            settle().await;
            drop(line);
            settle().await;
            // Later there may be none: slots that were lost are what the end looks for.
            assert!(found_a_slot > 0 || gives_up_later, "{PRESS_WAITS}");
            let reported = taken(&mut events);
            assert!(
                reported == vec![Event::Paused; found_a_slot],
                "3000 pressed pause before the actor looked: {found_a_slot} found a slot, and the others gave up while they waited. {} presses were reported{}: who gives up has pressed nothing, all others count",
                reported.len(),
                if reported.is_empty() {
                    ", though the actor had its turn (does it wait for a press with `recv().await`, or look now and then?)"
                } else {
                    ""
                }
            );
        }
        for _ in 0..2_000 {
            let pressed = within(
                "a slot for a press, after thousands of callers gave up while they waited for one,",
                control.resume(),
            )
            .await;
            assert!(pressed.is_ok(), "{PRESS_REFUSED}");
        }
    });
    check(|| async {
        let (posts, control, mut events) = start();
        for _ in 0..20 {
            for _ in 0..2 {
                pause(&control).await;
            }
            resume(&control).await;
        }
        settle().await;
        use Event::{Paused, Resumed};
        assert_eq!(
            taken(&mut events),
            vec![[Paused, Paused, Resumed]; 20].concat(),
            "pause, pause, resume, twenty times: each press is reported"
        );
        for _ in 0..2_500 {
            pause(&control).await;
            resume(&control).await;
        }
        settle().await;
        let reported = taken(&mut events);
        assert!(
            reported == vec![[Paused, Resumed]; 2_500].concat(),
            "pause and resume, 2500 times: each press is reported, and {} reports came for 5000",
            reported.len()
        );
        for _ in 0..300 {
            pause(&control).await;
        }
        resume(&control).await;
        settle().await;
        let reported = taken(&mut events);
        assert!(
            reported == [vec![Paused; 300], vec![Resumed]].concat(),
            "300 times pause and then one resume: each press is reported, and {} reports came for 301",
            reported.len()
        );
        post(&posts, "a").await;
        next(
            &mut events,
            delivered("a"),
            "one resume ends a pause, however often it was pressed",
        )
        .await;
        pause(&control).await;
        next(&mut events, Paused, "each press is reported").await;
        post(&posts, "b").await;
        sleep(Duration::from_secs(10)).await;
        assert_eq!(
            taken(&mut events),
            [],
            "after some thousand presses a pause is reported, and holds nothing back any more"
        );
    });
}

/// Step 2. Posts pile up, above all in a pause, but not without end: then `post` has to wait.
///
/// Page: "Two mailboxes". The slips: an unbounded channel; a queue in the actor that takes in whatever comes.
#[test]
fn posting_waits_while_too_many_wait() {
    check(|| async {
        for when in [
            "at once",
            "during a pause",
            "during a pause that began in a delivery",
            "without control",
            "while nobody listens",
        ] {
            let (posts, control, events) = start();
            let (mut control, mut events) = (Some(control), Some(events));
            match when {
                "at once" => {}
                "without control" => control = None,
                "while nobody listens" => events = None,
                _ => {
                    if when.ends_with("delivery") {
                        post(&posts, "under way").await;
                        settle().await;
                    }
                    pause(control.as_ref().expect("nobody has dropped it")).await;
                }
            }
            settle().await;
            let mut posting = JoinSet::new();
            for _ in 0..2_000 {
                let posts = posts.clone();
                posting.spawn(async move { posts.post("a".to_owned()).await });
            }
            settle().await;
            let done: Vec<_> = std::iter::from_fn(|| posting.try_join_next()).collect();
            let accepted = done
                .iter()
                .filter(|posted| matches!(posted, Ok(Ok(()))))
                .count();
            assert_eq!(
                accepted,
                done.len(),
                "2000 posted {when}, and some were told Closed: a caller that finds no free slot waits for one, however many wait already"
            );
            assert!(
                accepted < 2_000,
                "{accepted} of 2000 posts were accepted {when}, and none of them waited for a slot: what bounds the posts that wait?{}",
                match when {
                    "while nobody listens" => {
                        " (Or are they thrown away, since nobody would hear of their delivery? It takes its second all the same.)"
                    }
                    _ => "",
                }
            );
            // Another delivery has slots of its own.
            let (others, _control, mut reports) = start();
            let posted = within(
                "a slot for a post in another delivery",
                others.post("b".to_owned()),
            )
            .await;
            assert!(posted.is_ok());
            sleep(Duration::from_secs(2)).await;
            assert_eq!(
                taken(&mut reports),
                [delivered("b")],
                "a post in another delivery, where nobody has paused and nothing waits, takes a second. What do the two share: a `static`?"
            );
            // However many they are, they are delivered.
            drop((posts, control, posting));
            sleep(Duration::from_secs(2_500)).await;
            drop(events);
        }
    });
}

/// Step 2. The actor goes on when nobody listens to its reports.
///
/// Page: "Where it ends". The slips: `unwrap` on the report; ending when nobody listens; a pause, or a delivery, that depends on the report.
#[test]
fn it_goes_on_when_nobody_listens() {
    check(|| async {
        let (posts, control, events) = start();
        drop(events);
        pause(&control).await;
        resume(&control).await;
        for _ in 0..300 {
            let posted = within("a slot for a post", posts.post("a".to_owned())).await;
            assert_eq!(
                posted,
                Ok(()),
                "nobody listens to the reports, and the actor has ended with its listener"
            );
        }
        sleep(Duration::from_secs(10)).await;
        let pressed = within("a slot for a pause", control.pause()).await;
        assert_eq!(
            pressed,
            Ok(()),
            "nobody listens to the reports, and the actor has ended with its listener"
        );
        // What still waits, in however large a mailbox, is delivered.
        drop((posts, control));
        sleep(Duration::from_secs(400)).await;
    });
    check(|| async {
        // Without reports, the slots tell what is delivered.
        let (posts, control, events) = start();
        drop(events);
        let mut line = JoinSet::new();
        for _ in 0..3_000 {
            let posts = posts.clone();
            line.spawn(async move { posts.post("a".to_owned()).await });
        }
        settle().await;
        let served = |line: &mut JoinSet<_>| std::iter::from_fn(|| line.try_join_next()).count();
        let slots = served(&mut line);
        sleep(Duration::from_secs(100)).await;
        let in_time = served(&mut line);
        assert!(
            !line.is_empty() && in_time <= 100 + slots,
            "nobody listens to the reports, and in 100 seconds {} posts were taken in: each is delivered all the same, and takes its second",
            slots + in_time
        );
        pause(&control).await;
        // What is under way is finished, and what was taken in may move up.
        sleep(Duration::from_secs(10)).await;
        served(&mut line);
        sleep(Duration::from_secs(1_000)).await;
        let in_pause = served(&mut line);
        assert_eq!(
            in_pause, 0,
            "nobody listens to the reports, somebody pressed pause, and {in_pause} more posts got a slot: a pause holds, whether it can be reported or not"
        );
        drop(control);
        sleep(Duration::from_secs(2_000)).await;
        assert!(
            served(&mut line) > 0,
            "nobody listens to the reports, and the last ControlHandle was dropped during a pause: nobody can resume any more, so delivery has to go on"
        );
        drop((posts, line));
        sleep(Duration::from_secs(3_000)).await;
    });
}

/// Step 2. An actor without messages waits; it does not look again and again.
///
/// Page: "A closed channel answers at once". The slips: `try_recv` and a sleep in a loop; a delivery that is looked at now and then.
#[test]
fn waiting_costs_nothing() {
    check(|| async {
        let (_posts, control, _events) = start();
        for when in ["quiet minute", "minute of a pause"] {
            settle().await;
            let wake_ups = wake_ups().await;
            assert!(
                wake_ups < 30,
                "in one {when} the runtime woke up {wake_ups} times: something keeps looking for messages instead of waiting for them"
            );
            pause(&control).await;
        }
        let (posts, _control, _events) = start();
        let posting = tokio::spawn(async move {
            for _ in 0..50 {
                post(&posts, "a").await;
            }
            posts
        });
        settle().await;
        let in_deliveries = wake_ups().await;
        assert!(
            in_deliveries < 400,
            "in one minute of deliveries the runtime woke up {in_deliveries} times: something keeps looking whether the delivery is over instead of waiting for that"
        );
        drop(posting.await);
    });
}

/// Step 2. When the actor is gone and a handle is not, each call says so.
///
/// Page: "Where it ends". The slips: an error that is thrown away; a button that reports by itself, so that no actor hears it;
/// a caller in line whom nobody wakes.
#[test]
fn without_the_actor_each_call_says_closed() {
    check(|| async {
        let (out, mut events) = mpsc::unbounded_channel();
        // As when `main` returns: the runtime is shut down, and its tasks with it.
        let (posts, control, waits) = on_a_runtime_that_ends(move || async move {
            let (posts, control) = open(out);
            start_and_drop(2_000, || posts.post("b".to_owned())).await;
            start_and_drop(2_000, || control.pause()).await;
            // One more of each is in the middle of its call.
            let (handle, button) = (posts.clone(), control.clone());
            let mut waits = Vec::new();
            let call = at_once(async move { handle.post("c".to_owned()).await });
            waits.extend(call.await.err().map(|call| ("post", call)));
            let call = at_once(async move { button.pause().await });
            waits.extend(call.await.err().map(|call| ("pause", call)));
            (posts, control, waits)
        });
        let calls = [
            (
                "post",
                within(
                    "an answer to `post`, after the runtime of the actor was shut down,",
                    posts.post("a".to_owned()),
                )
                .await,
            ),
            (
                "pause",
                within(
                    "an answer to `pause`, after the runtime of the actor was shut down,",
                    control.pause(),
                )
                .await,
            ),
            (
                "resume",
                within(
                    "an answer to `resume`, after the runtime of the actor was shut down,",
                    control.resume(),
                )
                .await,
            ),
        ];
        for (name, call) in waits {
            let what = format!(
                "an answer to a `{name}` that waited for a slot when the runtime of the actor was shut down"
            );
            assert_eq!(
                within(&what, call).await,
                Err(Closed),
                "the runtime of the actor was shut down while a `{name}` waited for a slot, and it does not say that what was sent cannot arrive"
            );
        }
        for (call, result) in calls {
            assert_eq!(
                result,
                Err(Closed),
                "the runtime of the actor was shut down, and `{call}` does not say that what was sent cannot arrive"
            );
        }
        assert_eq!(
            taken(&mut events),
            [],
            "the actor is gone, and something was reported: only the actor may report"
        );
    });
}

/// Step 3. Without any PostsHandle, the buttons work on.
///
/// Page: "A closed channel answers at once". The slips: breaking out when either channel is closed; a `None` that comes again and
/// again, so that the loop spins.
#[test]
fn control_works_on_without_posts() {
    check(|| async {
        let (posts, control, mut events) = start();
        drop(posts);
        settle().await;
        let paused = control.pause().await;
        assert!(
            paused.is_ok(),
            "all PostsHandles are gone, and the actor ended with them: there is still a ControlHandle"
        );
        next(
            &mut events,
            Event::Paused,
            "all PostsHandles are gone, and a press is still reported",
        )
        .await;
        // Paused, and no post will ever come: there is still somebody who may press.
        let resumed = control.resume().await;
        assert!(
            resumed.is_ok(),
            "all PostsHandles are gone, and the actor ended in a pause: there is still a ControlHandle"
        );
        next(&mut events, Event::Resumed, "a resume is reported").await;
        sleep(HOURS).await;
        assert!(
            control.pause().await.is_ok(),
            "hours after the last PostsHandle was dropped, `pause` said Closed: the actor lives as long as there is a ControlHandle"
        );
        next(
            &mut events,
            Event::Paused,
            "hours after the last PostsHandle was dropped, a press is still reported",
        )
        .await;
    });
}

/// Step 3. Without any ControlHandle, posts are delivered on.
///
/// Page: "A closed channel answers at once". The slips: as before.
#[test]
fn posts_go_on_without_control() {
    check(|| async {
        let (posts, control, mut events) = start();
        drop(control);
        settle().await;
        let posted = posts.post("a".to_owned()).await;
        assert!(
            posted.is_ok(),
            "all ControlHandles are gone, and the actor ended with them: there is still a PostsHandle"
        );
        next(
            &mut events,
            delivered("a"),
            "all ControlHandles are gone, and posts are delivered on. (Nobody had pressed anything, so there is no press to report)",
        )
        .await;
        sleep(HOURS).await;
        let posted = within("a slot for a post", posts.post("b".to_owned())).await;
        assert!(
            posted.is_ok(),
            "hours after the last ControlHandle was dropped, `post` said Closed: the actor lives as long as there is a PostsHandle"
        );
        next(
            &mut events,
            delivered("b"),
            "hours after the last ControlHandle was dropped, posts are still delivered",
        )
        .await;
    });
}

/// Step 3. Without any PostsHandle, a pause is still a pause: what was posted waits for its end.
///
/// Page: "What else does not cover". The slip: a condition that ends the pause with the posts' channel.
#[test]
fn a_pause_holds_without_posts() {
    check(|| async {
        let (posts, control, mut events) = start();
        pause(&control).await;
        next(&mut events, Event::Paused, "a pause is reported").await;
        post(&posts, "a").await;
        drop(posts);
        settle().await;
        pause(&control).await;
        sleep(Duration::from_secs(10)).await;
        assert_eq!(
            taken(&mut events),
            [Event::Paused],
            "all PostsHandles are gone, but nobody has resumed: the pause goes on for what was posted"
        );
        resume(&control).await;
        next(&mut events, Event::Resumed, "a resume is reported").await;
        next(
            &mut events,
            delivered("a"),
            "the post was accepted, and the pause is over",
        )
        .await;
    });
}

/// Step 3. Paused, and nobody left to resume: the pause is over.
///
/// Page: "What else does not cover". The slip: posts wait for a resume that cannot come, or are thrown away.
#[test]
fn a_pause_is_over_when_nobody_can_resume() {
    check(|| async {
        let (posts, control, mut events) = start();
        pause(&control).await;
        next(&mut events, Event::Paused, "a pause is reported").await;
        post(&posts, "a").await;
        drop(control);
        sleep(Duration::from_secs(10)).await;
        assert_eq!(
            deliveries(&taken(&mut events)),
            ["a"],
            "the last ControlHandle was dropped during a pause: nobody can resume any more, so delivery has to go on"
        );
        let (posts, control, mut events) = start();
        post(&posts, "a").await;
        settle().await;
        pause(&control).await;
        post(&posts, "b").await;
        drop(control);
        sleep(Duration::from_secs(10)).await;
        assert_eq!(
            deliveries(&taken(&mut events)),
            ["a", "b"],
            "the last ControlHandle was dropped during a pause, while a delivery was under way: that is finished, and then the pause is over"
        );
    });
}

/// Step 3. Posts that were accepted are delivered, also when all handles are gone. Then the task ends.
///
/// Page: "Where it ends". The slips: `break` as soon as one channel is closed; a branch that is always there (a tick), so that
/// `else` never runs.
#[test]
fn accepted_posts_are_delivered_before_the_end() {
    check(|| async {
        let (posts, control, mut events) = start();
        for text in ["a", "b", "c"] {
            post(&posts, text).await;
        }
        drop((posts, control));
        sleep(Duration::from_secs(10)).await;
        assert_eq!(
            deliveries(&taken(&mut events)),
            ["a", "b", "c"],
            "three posts were accepted, and `post` said Ok to each"
        );
        assert_eq!(
            alive_tasks().await,
            0,
            "all handles are gone and all posts delivered, but a task is still there: what is its loop waiting for?"
        );
    });
}

/// Step 3. The same in a pause: when nobody can resume, what was accepted is delivered.
///
/// Page: "What else does not cover". The slip: all branches are off, `else` runs, and the posts in the mailbox are lost.
#[test]
fn accepted_posts_survive_a_pause_at_the_end() {
    check(|| async {
        let (posts, control, mut events) = start();
        pause(&control).await;
        next(&mut events, Event::Paused, "a pause is reported").await;
        post(&posts, "a").await;
        settle().await;
        drop((posts, control));
        sleep(Duration::from_secs(10)).await;
        assert_eq!(
            deliveries(&taken(&mut events)),
            ["a"],
            "a post was accepted during a pause, then all handles went: it is lost"
        );
    });
}

/// Step 4. A pause goes before the posts that wait, always.
///
/// Page: "Order". The slip: `select!` without `biased;` picks a ready branch at random: half of the time it is the right one.
#[test]
fn a_pause_goes_before_waiting_posts() {
    for round in 1..=64 {
        check(move || async move {
            let (posts, control, mut events) = start();
            // In every second round the actor waits in its `select!` already when both come.
            if round % 2 == 0 {
                settle().await;
            }
            // Both are in their mailboxes before the actor gets to run. (A post that goes by way of another task is not: see the scenarios.)
            if start_and_drop(1, || posts.post("a".to_owned())).await == 0 {
                return;
            }
            pause(&control).await;
            sleep(Duration::from_secs(10)).await;
            assert_eq!(
                taken(&mut events),
                [Event::Paused],
                "a post and a pause were waiting, and in round {round} of 64 more happened than the pause. (What is listed was finished; it began earlier.) Which ready branch does `select!` take? (Or does the pause come by way of another task, and too late?)"
            );
        });
    }
    check(|| async {
        // So many times resume and pause fit into the mailbox before the actor gets to run.
        let (_posts, control, _events) = start();
        pause(&control).await;
        settle().await;
        let mut pairs = 0;
        while pairs < 600
            && start_and_drop(1, || control.resume()).await == 1
            && start_and_drop(1, || control.pause()).await == 1
        {
            pairs += 1;
        }
        let (posts, control, mut events) = start();
        pause(&control).await;
        post(&posts, "a").await;
        settle().await;
        for _ in 0..pairs {
            start_and_drop(1, || control.resume()).await;
            start_and_drop(1, || control.pause()).await;
        }
        sleep(Duration::from_secs(10)).await;
        let reported = taken(&mut events);
        assert_eq!(
            deliveries(&reported),
            [""; 0],
            "a post was waiting, and {} presses, the last one a pause: all of them go before the post, and it was delivered",
            2 * pairs
        );
    });
    check(|| async {
        let (posts, control, mut events) = start();
        for text in ["a", "b"] {
            post(&posts, text).await;
        }
        settle().await;
        sleep(Duration::from_secs(1)).await;
        // The first delivery is over, but the actor has not run since.
        let over = taken(&mut events);
        let pressed = start_and_drop(1, || control.pause()).await == 1;
        sleep(Duration::from_secs(10)).await;
        assert!(
            !over.is_empty() || !pressed || deliveries(&taken(&mut events)) == ["a"],
            "a delivery was over, and in that instant somebody pressed pause, before the actor looked. The next delivery began all the same: look at the button before each post, also after a delivery"
        );
    });
}

/// Step 5. A pause is heard at once, not after the delivery that is under way.
///
/// Page: "Handlers run alone". The slip: `deliver(..).await` in the handler of a branch.
#[test]
fn a_pause_is_heard_during_a_delivery() {
    check(|| async {
        let (posts, control, mut events) = start();
        for text in ["a", "b"] {
            post(&posts, text).await;
        }
        sleep(Duration::from_millis(500)).await;
        pause(&control).await;
        settle().await;
        assert_eq!(
            taken(&mut events),
            [Event::Paused],
            "half a second into a delivery somebody pressed pause, and the actor did not listen: what is it awaiting?"
        );
        sleep(Duration::from_secs(10)).await;
        assert_eq!(
            taken(&mut events),
            [delivered("a")],
            "the delivery under way is finished, and the next one does not begin. If nothing was delivered: was the delivery dropped by another branch, or is its branch off during the pause?"
        );
        resume(&control).await;
        next(&mut events, Event::Resumed, "a resume is reported").await;
        next(
            &mut events,
            delivered("b"),
            "the pause is over, and the second post waits",
        )
        .await;
    });
}

/// Step 5. A delivery takes its second, whatever is pressed meanwhile.
///
/// Page: "Handlers run alone". The slip: a branch that makes a new delivery in each turn of the loop.
#[test]
fn presses_do_not_delay_a_delivery() {
    check(|| async {
        let (posts, control, mut events) = start();
        post(&posts, "a").await;
        settle().await;
        let start = Instant::now();
        for _ in 0..2 {
            sleep(Duration::from_millis(300)).await;
            pause(&control).await;
            resume(&control).await;
        }
        loop {
            let event = within(r#"the report Delivered("a")"#, events.recv()).await;
            if event.expect("the actor has ended, but there are handles") == delivered("a") {
                break;
            }
        }
        assert_eq!(
            start.elapsed().as_millis() / 100,
            10,
            "buttons were pressed during a delivery, and it took {:?} instead of a second: does each press let it begin anew?",
            start.elapsed()
        );
    });
}

/// Step 5. The last ControlHandle goes during a delivery: it is finished.
///
/// Page: "Where it ends". The slip: a loop that is left, or begun anew, without what is under way.
#[test]
fn a_delivery_is_finished_without_control() {
    check(|| async {
        let (posts, control, mut events) = start();
        for text in ["a", "b"] {
            post(&posts, text).await;
        }
        sleep(Duration::from_millis(500)).await;
        drop(control);
        sleep(Duration::from_secs(10)).await;
        assert_eq!(
            deliveries(&taken(&mut events)),
            ["a", "b"],
            "the last ControlHandle was dropped in the middle of the first delivery: it has to be finished, and then comes the second one"
        );
    });
}

/// Whatever callers do, in any order, the promises hold: 500 short stories that nobody wrote down, made by a machine (tests/scenarios/mod.rs).
/// One that fails is shortened and told.
#[test]
fn your_promises_hold_whatever_callers_do() {
    harness::scenarios::<scenarios::Delivery>(500);
}

/// Longer than a time-out that somebody may have. A test as a whole may take a virtual day.
const HOURS: Duration = Duration::from_secs(11 * 3600 + 13);

fn start() -> (PostsHandle, ControlHandle, UnboundedReceiver<Event>) {
    let (out, events) = mpsc::unbounded_channel();
    let (posts, control) = open(out);
    (posts, control, events)
}

type Call = Pin<Box<dyn Future<Output = Result<(), Closed>> + Send>>;

/// Polls a call once, while no actor gets to run. The call itself, if it has to wait.
async fn at_once(
    call: impl Future<Output = Result<(), Closed>> + Send + 'static,
) -> Result<Result<(), Closed>, Call> {
    let mut call: Call = Box::pin(call);
    match unconstrained(poll_fn(|cx| Poll::Ready(call.as_mut().poll(cx)))).await {
        Poll::Ready(result) => Ok(result),
        Poll::Pending => Err(call),
    }
}

/// Waits for the next report, which has to be this one.
async fn next(events: &mut UnboundedReceiver<Event>, expected: Event, why: &str) {
    match within(&format!("the report {expected:?}"), events.recv()).await {
        Some(event) => assert!(
            event == expected,
            "{event:?} was reported where {expected:?} comes next: {why}"
        ),
        None => panic!(
            "the actor has ended before the report {expected:?}, but there are handles: which case made its loop break?"
        ),
    }
}

async fn post(posts: &PostsHandle, text: &str) {
    let posted = within(
        "the return of `post`, which waits for a slot and for nothing else,",
        posts.post(text.to_owned()),
    )
    .await;
    assert!(
        posted.is_ok(),
        "`post` said Closed, and there is a PostsHandle: the actor lives as long as it"
    );
}

async fn pause(control: &ControlHandle) {
    let pressed = within("a slot for a pause", control.pause()).await;
    assert!(pressed.is_ok(), "{PRESS_REFUSED}");
}

async fn resume(control: &ControlHandle) {
    let pressed = within("a slot for a resume", control.resume()).await;
    assert!(pressed.is_ok(), "{PRESS_REFUSED}");
}

const PRESS_WAITS: &str = "there was a free slot, and a press did not take it at once: the call waits for a slot, and for nothing else. For what does it wait? Until the actor has heard it, or for another task?";

const PRESS_REFUSED: &str = "a press was told Closed, and there is a ControlHandle: the actor lives as long as it, and a press waits when there is no slot for it";

/// What has been reported by now.
fn taken(events: &mut UnboundedReceiver<Event>) -> Vec<Event> {
    std::iter::from_fn(|| events.try_recv().ok()).collect()
}

fn delivered(text: &str) -> Event {
    Event::Delivered(text.to_owned())
}

fn deliveries(events: &[Event]) -> Vec<&str> {
    let texts = events.iter().filter_map(|event| match event {
        Event::Delivered(text) => Some(text.as_str()),
        Event::Paused | Event::Resumed => None,
    });
    texts.collect()
}
