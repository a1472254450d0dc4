//! What a room's board promises, step by step. Each test says what it wants and which slip it is there to catch.
//!
//! The tests run in virtual time, on a runtime of their own (see exercises/harness): drawing a topic takes one virtual second.
//! When a test's body ends, all its handles are dropped, and then every task has to end as well.

mod scenarios;

use channels::{Board, BoardHandle, Event, Events, Screen, Seen, Topic, show_topic};
use harness::{alive_tasks, check, in_no_time, settle, wake_ups, within};
use std::{cell::Cell, future::poll_fn, pin::pin, sync::Arc, task::Poll, time::Duration};
use tokio::{
    join,
    sync::{mpsc, watch},
    task::{JoinSet, coop::unconstrained},
    time::sleep,
};

const SECOND: Duration = Duration::from_secs(1);
/// A night. No round number: somebody may have a time-out.
const LONG: Duration = Duration::from_millis(36_717_310);

/// Step 1. The current topic is there for a reader that comes late.
///
/// Page: "Watch". The slips: a channel of its own for each reader; topics that are sent as messages, to those who were there; a topic that is
/// put in order, or passed over, before it is set.
#[test]
fn a_late_reader_sees_the_topic_at_once() {
    check(|| async {
        let board = open(4);
        assert_eq!(topic_of(&board), "topic 0", "the board opens with a topic");
        let early = board.topic();
        board.set_topic(topic(1));
        assert_eq!(
            topic_of(&board),
            "topic 1",
            "a reader that came after the change has the topic that is set now"
        );
        assert_eq!(
            early.borrow().0,
            "topic 1",
            "a reader that came before the change has the topic that is set now. Do all receivers belong to one channel?"
        );
        let clone = board.clone();
        clone.set_topic(topic(2));
        assert_eq!(
            topic_of(&board),
            "topic 2",
            "a clone of the handle sets the topic of the same board"
        );
        for text in ["Rust", "rust", " rust\n", "", "rust"] {
            board.set_topic(Topic(text.to_owned()));
            assert_eq!(
                topic_of(&board),
                text,
                "the topic {text:?} was set, and that is what there is to see: any text may be a topic, also one that is much like the last one, or none at all"
            );
        }
    });
}

/// Step 1. A topic that is set while nobody watches is kept.
///
/// Page: "Watch". The slip: `send`, which stores nothing when there is no receiver.
#[test]
fn a_topic_that_nobody_watches_is_kept() {
    check(|| async {
        let board = open(4);
        board.set_topic(topic(1));
        assert_eq!(
            topic_of(&board),
            "topic 1",
            "nobody watched when the topic was set, and it is lost. What does `send` do when there is no receiver, and is there a call that stores it in any case?"
        );
        drop(board.topic());
        board.set_topic(topic(2));
        assert_eq!(
            topic_of(&board),
            "topic 2",
            "the only reader had gone when the topic was set, and it is lost"
        );
    });
}

/// Step 1. A reader has seen the topic that it begins with, and waits for the next one.
///
/// Page: "Watch". The slips: a receiver that is kept and cloned, and has never seen anything; a task that sets the same topic again.
#[test]
fn a_new_reader_waits_for_the_next_topic() {
    check(|| async {
        let board = open(4);
        board.set_topic(topic(1));
        let mut reader = board.topic();
        settle().await;
        assert!(
            waits(reader.changed()).await,
            "a reader that has just got the topic is told that it has changed. A clone of a receiver has seen what its original has seen"
        );
        let changed = tokio::spawn(async move { reader.changed().await.map(|()| reader) });
        settle().await;
        board.set_topic(topic(2));
        let reader = in_no_time("the news of a new topic", changed)
            .await
            .expect("it does not panic")
            .expect("the board is open");
        assert_eq!(reader.borrow().0, "topic 2", "the newest topic");
    });
}

/// Step 1. Of many changes, a reader may see the last one alone.
///
/// Page: "Four policies". The slip: a queue of topics, which a reader has to work through.
#[test]
fn a_thousand_changes_may_be_seen_as_one() {
    check(|| async {
        let board = open(4);
        let mut reader = board.topic();
        for number in 1..=1000 {
            board.set_topic(topic(number));
        }
        within("a change of the topic", reader.changed())
            .await
            .expect("the board is open");
        assert_eq!(
            reader.borrow_and_update().0,
            "topic 1000",
            "a reader that looks once, late, finds the newest topic and none before it"
        );
        settle().await;
        assert!(
            waits(reader.changed()).await,
            "the newest topic has been seen: nothing is left to see"
        );
        for number in 1001..=10_000 {
            board.set_topic(topic(number));
            assert_eq!(
                topic_of(&board),
                format!("topic {number}"),
                "the topic that was set last, however many there were before"
            );
        }
    });
}

/// Step 1. The last handle closes the topic, and the last topic is still seen.
///
/// Page: "How a watch ends". The slips: a `Sender` that is kept for ever, in a task or a static; a new channel for each clone.
#[test]
fn the_topic_closes_with_the_last_handle() {
    check(|| async {
        let board = open(4);
        let clone = board.clone();
        let mut reader = board.topic();
        drop(board);
        settle().await;
        assert!(
            waits(reader.changed()).await,
            "one handle is left, so the board is open"
        );
        clone.set_topic(topic(1));
        drop(clone);
        within("the last topic", reader.changed()).await.expect(
            "the topic that was set before the end has not been seen yet, so `changed` brings it",
        );
        assert_eq!(reader.borrow_and_update().0, "topic 1", "the last topic");
        assert!(
            within("the end of the board", reader.changed())
                .await
                .is_err(),
            "the last handle is gone, so there is nothing to wait for"
        );
        assert_eq!(
            reader.borrow().0,
            "topic 1",
            "the last topic can still be read"
        );
    });
}

/// Step 2. The screen shows the topic that is set when it begins.
///
/// Page: "Watch". The slip: `changed` first, which waits for the next topic, since the first one counts as seen.
#[test]
fn the_current_topic_is_drawn_at_once() {
    check(|| async {
        let board = open(4);
        let (screen, mut drawn) = screen();
        let reader = board.topic();
        let shown = async {
            sleep(SECOND + SECOND / 2).await;
            assert_eq!(
                all(&mut drawn),
                ["topic 0"],
                "drawing takes a second, and nobody has changed the topic. Does the screen wait for a change first?"
            );
            drop(board);
        };
        show_until_the_end(reader, screen, shown).await;
    });
}

/// Step 2. It can be spawned.
///
/// Page: "A borrow is a lock". The slip: a guard of `borrow` that is held while the screen draws. It is not `Send`, and it blocks the thread
/// of everybody who sets the topic.
#[test]
fn it_can_be_spawned() {
    check(|| async {
        can_be_spawned();
        let board = open(4);
        let (screen, _drawn) = screen();
        let reader = board.topic();
        let change = async {
            sleep(SECOND / 2).await;
            board.set_topic(topic(1));
            drop(board);
        };
        show_until_the_end(reader, screen, change).await;
    });
}

/// Step 2. What is set while the screen draws comes next, the newest only; a drawing is finished.
///
/// Page: "Watch". The slips: a drawing that begins anew, or is cut off, with each change; a queue of topics; `borrow` where it has to be
/// `borrow_and_update`.
#[test]
fn what_changed_meanwhile_is_drawn_once_the_newest() {
    check(|| async {
        can_be_spawned();
        let board = open(4);
        let (screen, mut drawn) = screen();
        let reader = board.topic();
        board.set_topic(topic(1));
        let changes = async {
            for number in 2..=9 {
                sleep(Duration::from_millis(300)).await;
                board.set_topic(topic(number));
            }
            // 2.4 s. Drawn by now: topic 1, and what was set in its second, topic 4.
            assert_eq!(
                all(&mut drawn),
                ["topic 1", "topic 4"],
                "a topic was set every 0.3 s, and a drawing takes 1 s: a drawing is finished, and then the newest topic is drawn, once"
            );
            sleep(10 * SECOND).await;
            assert_eq!(
                all(&mut drawn),
                ["topic 7", "topic 9"],
                "the newest topic after each drawing, down to the last one, and nothing twice"
            );
            drop(board);
        };
        show_until_the_end(reader, screen, changes).await;
        assert_eq!(
            all(&mut drawn),
            [""; 0],
            "the board was closed, and the screen drew again what it had drawn. Which call tells you of the end, and what do you draw after it has told you?"
        );
    });
    check(|| async {
        let board = open(4);
        let (screen, mut drawn) = screen();
        // A topic that this reader has not seen yet.
        let reader = board.topic();
        board.set_topic(topic(1));
        let rest = async {
            sleep(10 * SECOND).await;
            drop(board);
        };
        show_until_the_end(reader, screen, rest).await;
        assert_eq!(
            all(&mut drawn),
            ["topic 1"],
            "nobody has changed the topic since the screen began: it is drawn once. Which call reads a topic, and marks it as seen?"
        );
    });
    check(|| async {
        let board = open(4);
        let (screen, mut drawn) = screen();
        let reader = board.topic();
        let back = async {
            for number in [1, 0, 1] {
                sleep(10 * SECOND).await;
                board.set_topic(topic(number));
            }
            drop(board);
        };
        show_until_the_end(reader, screen, back).await;
        assert_eq!(
            all(&mut drawn),
            ["topic 0", "topic 1", "topic 0", "topic 1"],
            "a topic that was drawn once may be set again after another one: it is the newest topic then, and it is drawn"
        );
    });
    check(|| async {
        let board = open(4);
        let (screen, mut drawn) = screen();
        let reader = board.topic();
        let many = async {
            sleep(2 * SECOND).await;
            all(&mut drawn);
            for number in 1..=300 {
                board.set_topic(topic(number));
                sleep(SECOND + SECOND / 2).await;
                assert_eq!(
                    all(&mut drawn),
                    [topic(number).0],
                    "topic {number} was set while the screen had nothing to draw: a second later it is drawn, however many there were before"
                );
            }
            drop(board);
        };
        show_until_the_end(reader, screen, many).await;
    });
}

/// Step 2. It ends with the board, after the last topic.
///
/// Page: "How a watch ends". The slips: an error of `changed` that nobody looks at (it spins); leaving before the last topic is drawn; a look at
/// the end before the first drawing.
#[test]
fn the_screen_ends_with_the_board_after_the_last_topic() {
    check(|| async {
        can_be_spawned();
        for moment in [0, 500, 1500] {
            let board = open(4);
            let (screen, mut drawn) = screen();
            let reader = board.topic();
            let end = async {
                sleep(Duration::from_millis(moment)).await;
                board.set_topic(topic(1));
                drop(board);
            };
            show_until_the_end(reader, screen, end).await;
            let mut topics = all(&mut drawn);
            topics.dedup();
            assert_eq!(
                topics.last().map(String::as_str),
                Some("topic 1"),
                "topic 1 was set {moment} ms after the screen began, and then the board was closed: it is the last topic, and it is drawn"
            );
        }
    });
    check(|| async {
        for last in [0, 1] {
            let board = open(4);
            let (screen, mut drawn) = screen();
            let reader = board.topic();
            if last > 0 {
                board.set_topic(topic(last));
            }
            drop(board);
            within(
                "the end of `show_topic`, of a board that was closed before,",
                show_topic(reader, screen),
            )
            .await;
            assert_eq!(
                all(&mut drawn),
                [topic(last).0],
                "the board was closed before the screen began, and its last topic is drawn all the same, once. When that is done, `show_topic` returns"
            );
        }
    });
}

/// Step 2. While nothing changes, the screen waits.
///
/// Page: "Watch". The slips: to look again and again; to give up after a long time without a change.
#[test]
fn the_screen_waits_quietly() {
    check(|| async {
        let board = open(4);
        let (screen, mut drawn) = screen();
        let reader = board.topic();
        let quiet = async {
            sleep(2 * SECOND).await;
            let wake_ups = wake_ups().await;
            assert!(
                wake_ups < 30,
                "nobody changed the topic for a minute, and the screen woke up {wake_ups} times: `changed` waits, and needs no timer"
            );
            sleep(LONG).await;
            board.set_topic(topic(1));
            drop(board);
        };
        show_until_the_end(reader, screen, quiet).await;
        assert_eq!(
            all(&mut drawn),
            ["topic 0", "topic 1"],
            "the topic that was set at first, and the one that came after a night"
        );
    });
}

/// Step 3. Every subscriber gets every event, in their order.
///
/// Page: "Broadcast". The slips: one mailbox that all share, where each event goes to one of them; a `watch`, which keeps the newest; an event
/// that is left out because the one before it was the same.
#[test]
fn every_subscriber_gets_every_event_in_order() {
    check(|| async {
        let board = open(8);
        let clone = board.clone();
        let mut subscribers = [board.subscribe(), clone.subscribe(), board.subscribe()];
        for number in 1..=6 {
            [&board, &clone][number % 2].publish(event(number));
        }
        for (i, events) in subscribers.iter_mut().enumerate() {
            for number in 1..=6 {
                assert_eq!(
                    next(events).await,
                    Some(Seen::Event(event(number))),
                    "subscriber {i} of three gets each of the six events, in the order in which they were published"
                );
            }
        }
    });
    check(|| async {
        let board = open(8);
        let mut events = board.subscribe();
        let hello = event(1);
        // Two clones of one event, one that is equal to them, and two without a text.
        let published = [
            hello.clone(),
            hello,
            event(1),
            Event("".into()),
            Event("".into()),
        ];
        for event in &published {
            board.publish(event.clone());
        }
        for (i, event) in published.into_iter().enumerate() {
            assert_eq!(
                soon(events.next()).await,
                Poll::Ready(Some(Seen::Event(event))),
                "the same thing may happen twice, and a subscriber sees it twice: this is number {} of five events, some of them equal to the one before",
                i + 1
            );
        }
    });
}

/// Step 3. A subscriber that waits gets an event at once.
///
/// Page: "Broadcast". The slips: a `next` that sleeps and looks; one subscriber of many is woken; a silence that is taken for the end.
#[test]
fn everybody_who_waits_is_woken() {
    check(|| async {
        let board = open(4);
        let mut waiting = JoinSet::new();
        let mut wait = || {
            let mut events = board.subscribe();
            waiting.spawn(async move { events.next().await });
        };
        wait();
        let wake_ups = wake_ups().await;
        assert!(
            wake_ups < 30,
            "nothing was published for a minute, and a subscriber woke up {wake_ups} times: a receiver waits by itself, and needs no timer"
        );
        (1..1000).for_each(|_| wait());
        sleep(LONG).await;
        board.publish(event(1));
        for seen in in_no_time("the event, for all thousand,", waiting.join_all()).await {
            assert_eq!(
                seen,
                Some(Seen::Event(event(1))),
                "a thousand subscribers waited through the night: each gets the event in the morning"
            );
        }
    });
}

/// Step 3. To publish, nobody needs to be there.
///
/// Page: "Broadcast". The slip: `unwrap` on `send`, which fails when there is no receiver.
#[test]
fn an_event_may_be_published_to_nobody() {
    check(|| async {
        let board = open(4);
        board.publish(event(1));
        drop(board.subscribe());
        board.publish(event(2));
        let mut events = board.subscribe();
        board.publish(event(3));
        assert_eq!(
            next(&mut events).await,
            Some(Seen::Event(event(3))),
            "a subscriber sees what is published after it has subscribed, and nothing from before"
        );
    });
}

/// Step 3. Subscribers get what is left, and then `None`, each time.
///
/// Page: "How a broadcast ends". The slips: a subscriber that holds a `Sender`; an end that throws away what was left.
#[test]
fn events_end_with_the_last_handle_after_what_was_left() {
    check(|| async {
        let board = open(4);
        let clone = board.clone();
        let mut events = board.subscribe();
        drop(board);
        settle().await;
        assert!(
            waits(events.next()).await,
            "one handle of two is left, so the board is open, and nothing was published: `next` waits. The board is closed with its last handle, and not with any"
        );
        clone.publish(event(1));
        clone.publish(event(2));
        drop(clone);
        for number in 1..=2 {
            assert_eq!(
                next(&mut events).await,
                Some(Seen::Event(event(number))),
                "the board is closed, and two events were published before: they are still seen"
            );
        }
        assert_eq!(
            soon(events.next()).await,
            Poll::Ready(None),
            "the last handle is gone, and nothing is left. (Pending: it waits, so somebody still has a Sender of the events. A subscriber?)"
        );
        for _ in 0..3 {
            assert_eq!(
                soon(events.next()).await,
                Poll::Ready(None),
                "`next` has said None, and is called once more: a board that is closed stays closed, so each call gives None at once"
            );
        }
        let board = open(4);
        let mut events = board.subscribe();
        let waiting = tokio::spawn(async move { events.next().await });
        settle().await;
        drop(board);
        let end = in_no_time("the end of the events, for one who waits for one,", waiting).await;
        assert_eq!(end.ok(), Some(None), "the board is closed");
        assert_eq!(alive_tasks().await, 0, "the board is gone, with its tasks");
    });
}

/// Step 4. A sleeper is told how many events it missed, and goes on.
///
/// Page: "Broadcast". The slips: `while let Ok` and `.ok()`, which take `Lagged` for the end; a `Lagged` that is passed over in silence; a
/// queue without a bound for each subscriber.
#[test]
fn a_sleeper_is_told_how_many_it_missed_and_goes_on() {
    check(|| async {
        for (capacity, published) in [
            (1, 2),
            (1, 100),
            (3, 10),
            (4, 9),
            (20, 1000),
            (1000, 4001),
            (4, 70_000),
        ] {
            let board = open(capacity);
            let mut events = board.subscribe();
            for number in 1..=published {
                board.publish(event(number));
            }
            let told = look(&mut events).await;
            assert!(
                !told.ended,
                "the board is open, and a subscriber that had slept was told None, which is the end. It was too slow, and that is another error than the end: it is told so, and goes on"
            );
            account(&told, 0, published);
            assert!(
                told.missed > 0,
                "`capacity` is {capacity}, and {published} events were published while a subscriber slept: it got each of them, and fewer than {} are to be kept. What bounds the memory that one sleeper takes?",
                2 * capacity
            );
            assert!(
                (capacity..2 * capacity).contains(&told.events()),
                "`capacity` is {capacity}, and {published} events were published while a subscriber slept: {} were kept for it. At least {capacity} are, and fewer than {}",
                told.events(),
                2 * capacity
            );
            board.publish(event(published + 1));
            assert_eq!(
                next(&mut events).await,
                Some(Seen::Event(event(published + 1))),
                "the sleeper is awake again, and sees what comes next"
            );
        }
    });
}

/// Step 4. No more is kept than may wait, also while nobody looks.
///
/// Page: "What a slow one costs". The slips: a queue that is cut when its subscriber looks; a log that only its readers cut, and there is none;
/// a list of queues from which nobody is ever taken.
#[test]
fn nothing_piles_up_while_nobody_looks() {
    check(|| async {
        for (capacity, sleepers) in [(1, 1), (4, 1), (100, 3), (4, 0)] {
            let board = open(capacity);
            let sleeping: Vec<Events> = (0..sleepers).map(|_| board.subscribe()).collect();
            drop(board.subscribe());
            let published: Vec<Event> = (1..=1000).map(event).collect();
            for event in &published {
                board.publish(event.clone());
            }
            settle().await;
            let texts = published.iter().map(|Event(text)| text);
            let kept = texts.filter(|text| Arc::strong_count(text) > 1).count();
            assert!(
                kept < 2 * capacity,
                "`capacity` is {capacity}, and 1000 events were published while {}: {kept} of them are still in memory, and fewer than {} are to be kept. \
                 What throws the others away, and when, if nobody calls `next`?",
                match sleepers {
                    0 => "nobody was subscribed".to_owned(),
                    1 => "the subscriber slept".to_owned(),
                    n => format!("all {n} subscribers slept"),
                },
                2 * capacity
            );
            drop(sleeping);
        }
    });
    check(|| async {
        let board = open(4);
        let left: Vec<Events> = (0..100).map(|_| board.subscribe()).collect();
        let published: Vec<Event> = (1..=10).map(event).collect();
        let (before, after) = published.split_at(4);
        before.iter().for_each(|event| board.publish(event.clone()));
        settle().await;
        drop(left);
        after.iter().for_each(|event| board.publish(event.clone()));
        settle().await;
        let texts = published.iter().map(|Event(text)| text);
        let kept: usize = texts.map(|text| Arc::strong_count(text) - 1).sum();
        assert!(
            kept < 8,
            "a hundred subscribers have gone, 6 events were published since, and {kept} are kept, for nobody. Who forgets a subscriber that is dropped, with what was kept for it?"
        );
    });
}

/// Step 4. Nobody misses an event as long as no more than `capacity` wait.
///
/// Page: "Broadcast". The slips: a bound of its own, whatever `capacity` is; a `Missed` with nothing missed.
#[test]
fn as_many_as_the_capacity_may_wait() {
    check(|| async {
        // Up to the most that `open` promises: more than any bound of your own.
        for (capacity, rounds) in [(1, 3), (2, 3), (3, 3), (5, 3), (1000, 3), (100_000, 1)] {
            let board = open(capacity);
            let mut events = board.subscribe();
            for round in 0..rounds {
                let seen = round * capacity;
                for number in seen + 1..=seen + capacity {
                    board.publish(event(number));
                }
                let told = look(&mut events).await;
                account(&told, seen, seen + capacity);
                assert_eq!(
                    told.missed, 0,
                    "`capacity` is {capacity}, and {capacity} events were waiting: none of them is missed"
                );
            }
        }
    });
}

/// Step 4. A slow subscriber costs nobody else anything.
///
/// Page: "What a slow one costs". The slips: waiting for a subscriber in `publish`, or in a task that serves them all; one queue of which the
/// slowest decides what is dropped; starting over with a new receiver after each call.
#[test]
fn a_slow_subscriber_costs_nobody_else_anything() {
    check(|| async {
        let board = open(2);
        let mut sleeper = board.subscribe();
        let mut quick = board.subscribe();
        for number in 1..=1000 {
            board.publish(event(number));
            assert_eq!(
                in_no_time("an event, though another subscriber sleeps,", quick.next()).await,
                Some(Seen::Event(event(number))),
                "this subscriber keeps up, so it misses nothing, however slow another one is"
            );
        }
        let told = look(&mut sleeper).await;
        account(&told, 0, 1000);
        assert!(
            told.events() < 4,
            "`capacity` is 2, and 1000 events were published one by one while a subscriber slept: it got {} of them, and fewer than 4 are to be kept. Who keeps so many for it?",
            told.events()
        );
    });
}

/// Step 4. What was missed is told before the end.
///
/// Page: "How a broadcast ends". The slip: the end, or a wait, in place of the last `Missed`.
#[test]
fn what_was_missed_is_told_before_the_end() {
    check(|| async {
        for published in [3, 5, 50] {
            let board = open(2);
            let mut events = board.subscribe();
            for number in 1..=published {
                board.publish(event(number));
            }
            drop(board);
            let told = look(&mut events).await;
            assert!(told.ended, "the board is closed, so the events end");
            account(&told, 0, published);
        }
    });
}

/// Step 4. A call of `next` that is dropped loses nothing.
///
/// Page: "Broadcast". The slip: an event, or a count, that is in the hand of a future when it waits again.
#[test]
fn a_next_that_is_dropped_loses_nothing() {
    check(|| async {
        let board = open(2);
        let mut events = board.subscribe();
        {
            // It waits, then its turn comes, and nobody looks.
            let mut waiting = pin!(events.next());
            assert!(waits(waiting.as_mut()).await, "nothing was published");
            board.publish(event(1));
            settle().await;
        }
        assert_eq!(
            next(&mut events).await,
            Some(Seen::Event(event(1))),
            "a call was dropped when its event had come, and the next call gives that event"
        );
        for number in 2..=20 {
            board.publish(event(number));
        }
        settle().await;
        // Each call is polled once, and dropped unless it has something to tell.
        let mut told = Told::default();
        for _ in 0..40 {
            let mut call = pin!(events.next());
            if let Poll::Ready(seen) = poll_once(call.as_mut()).await {
                told.note(seen);
            }
            settle().await;
        }
        told.calls_were_dropped = true;
        account(&told, 1, 20);
    });
    check(|| async {
        let board = open(1000);
        let mut events = board.subscribe();
        for number in 1..=1000 {
            board.publish(event(number));
        }
        settle().await;
        // The same in one go, so that Tokio's budget for a task is used up now and then: any `.await` in `next` may have to wait.
        let mut told = Told {
            calls_were_dropped: true,
            ..Told::default()
        };
        for _ in 0..3000 {
            let mut call = pin!(events.next());
            match poll_fn(|cx| Poll::Ready(call.as_mut().poll(cx))).await {
                Poll::Ready(seen) => told.note(seen),
                Poll::Pending => settle().await,
            }
            if told.seen.len() >= 1000 {
                break;
            }
        }
        account(&told, 0, 1000);
    });
}

/// Step 4. All of it, in stories that nobody wrote.
///
/// Page: "Which channel". The slips: those that nobody thought of.
#[test]
fn your_promises_hold_whatever_callers_do() {
    harness::scenarios::<scenarios::Room>(300);
}

fn open(capacity: usize) -> BoardHandle {
    Board::open(topic(0), capacity)
}

fn topic(number: usize) -> Topic {
    Topic(format!("topic {number}"))
}

fn event(number: usize) -> Event {
    Event(format!("event {number}").into())
}

fn topic_of(board: &BoardHandle) -> String {
    board.topic().borrow().0.clone()
}

/// A screen that holds a guard of the topic while it draws lets every `set_topic` block this thread, and the test with it: better say so first.
fn can_be_spawned() {
    let (_topic, reader) = watch::channel(topic(0));
    assert!(
        Probe(show_topic(reader, screen().0)).is_send(),
        "`show_topic` cannot be spawned, since its future is not `Send`. Does it hold the guard that `borrow` gave it while it draws? Nobody can set the topic meanwhile. Clone the topic, and let go of the guard. (An `Rc` that is held across an `.await` is not `Send`, either.)"
    );
}

/// Asks whether a value is `Send`, without a compile error if it is not.
struct Probe<T>(T);

impl<T: Send> Probe<T> {
    fn is_send(&self) -> bool {
        true
    }
}

#[allow(dead_code)] // a right answer is `Send`
trait NotSend {
    fn is_send(&self) -> bool;
}

/// Found only when `T` is not `Send`.
impl<T> NotSend for Probe<T> {
    fn is_send(&self) -> bool {
        false
    }
}

fn screen() -> (Screen, mpsc::UnboundedReceiver<Topic>) {
    let (drawn, receiver) = mpsc::unbounded_channel();
    (Screen::new(drawn), receiver)
}

fn all(drawn: &mut mpsc::UnboundedReceiver<Topic>) -> Vec<String> {
    let mut topics = Vec::new();
    while let Ok(Topic(topic)) = drawn.try_recv() {
        topics.push(topic);
    }
    topics
}

/// Shows topics while `meanwhile` goes on, which closes the board in the end. Soon after that, the screen has to be done.
async fn show_until_the_end(
    reader: watch::Receiver<Topic>,
    screen: Screen,
    meanwhile: impl Future<Output = ()>,
) {
    let done = Cell::new(false);
    let shows = async {
        show_topic(reader, screen).await;
        done.set(true);
    };
    let ends = async {
        meanwhile.await;
        // A drawing may be under way, and the last topic may come after it.
        sleep(3 * SECOND).await;
        assert!(
            done.get(),
            "the board was closed 3 seconds ago, and the screen has not ended: it draws on, or waits. What does `changed` return when the board is closed, \
             and who looks at that? Or does it wait with a receiver that has not seen what is drawn? Then `changed` is ready each time"
        );
    };
    join!(shows, ends);
}

async fn next(events: &mut Events) -> Option<Seen> {
    match soon(events.next()).await {
        Poll::Ready(seen) => seen,
        Poll::Pending => panic!(
            "an event was published, and a subscriber that was there before waits in `next`: it gets each event from `subscribe` on, whenever it calls `next`, and whoever else gets it. Has it one receiver of its own, from `subscribe` to the end?"
        ),
    }
}

/// What a call gives when all tasks have run.
async fn soon<F: Future>(call: F) -> Poll<F::Output> {
    let mut call = pin!(call);
    for _ in 0..2 {
        let polled = poll_once(call.as_mut()).await;
        if polled.is_ready() {
            return polled;
        }
        settle().await;
    }
    poll_once(call).await
}

async fn poll_once<F: Future>(call: F) -> Poll<F::Output> {
    let mut call = pin!(call);
    // Without the budget after which Tokio makes a task yield.
    unconstrained(poll_fn(|cx| Poll::Ready(call.as_mut().poll(cx)))).await
}

async fn waits<F: Future>(call: F) -> bool {
    poll_once(call).await.is_pending()
}

/// What came out of a few calls of `next`.
#[derive(Debug, Default)]
struct Told {
    seen: Vec<Seen>,
    /// All that it missed.
    missed: u64,
    ended: bool,
    calls_were_dropped: bool,
}

impl Told {
    fn note(&mut self, seen: Option<Seen>) {
        match seen {
            None => self.ended = true,
            Some(seen) => {
                if let Seen::Missed(missed) = seen {
                    self.missed = self.missed.saturating_add(missed);
                }
                self.seen.push(seen);
            }
        }
    }

    /// How many events it got.
    fn events(&self) -> usize {
        let events = self.seen.iter();
        events.filter(|seen| matches!(seen, Seen::Event(_))).count()
    }
}

/// Takes all that there is to tell now.
async fn look(events: &mut Events) -> Told {
    settle().await;
    let mut told = Told::default();
    // What never comes to an end is found by those who count.
    while !told.ended && told.seen.len() < 250_000 {
        match soon(events.next()).await {
            Poll::Ready(seen) => told.note(seen),
            Poll::Pending => break,
        }
    }
    told
}

/// Of the events after `from`, up to `to`, each was seen in its turn, or is counted where it is missing.
fn account(told: &Told, from: usize, to: usize) {
    let hint = match told.calls_were_dropped {
        true => {
            " (Each call that had to wait was dropped: is something in the hand of such a call, and lost with it?)"
        }
        false => "",
    };
    let mut last = from;
    for seen in &told.seen {
        match seen {
            Seen::Missed(missed) => {
                assert_ne!(
                    *missed, 0,
                    "after event {last}: nothing was missed, and it was told that 0 were"
                );
                assert!(
                    *missed <= (to - last) as u64,
                    "after event {last} it was told that it missed {missed}, and only {} more were published",
                    to - last
                );
                last += *missed as usize;
            }
            Seen::Event(Event(text)) => {
                assert!(
                    last < to,
                    "all {to} events are accounted for, and one more came: {text}"
                );
                last += 1;
                assert_eq!(
                    *text,
                    event(last).0,
                    "event {last} is next: it was neither seen nor counted as missed so far. But {text} came. Is each event that is missed counted, once, and told where it is missing?{hint}"
                );
            }
        }
    }
    assert_eq!(
        last,
        to,
        "{to} events were published, and a subscriber heard nothing after event {last}: the rest is neither seen nor told, and {}. What was thrown away, and who counted it?{hint}",
        if told.ended {
            "`next` gave None"
        } else {
            "the next call waits"
        }
    );
}
