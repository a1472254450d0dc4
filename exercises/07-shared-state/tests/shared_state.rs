//! What the lobby promises, step by step. Each test says what it wants and which slip it is there to catch.
//!
//! The tests run in virtual time, on a runtime of their own (see exercises/harness): a lookup takes one virtual second, unless a
//! test says something else. When a test's body ends, all its handles are dropped, and then every task has to end as well.

#![allow(clippy::drop_non_drop)] // a Member has nothing to drop before step 3

mod scenarios;

use harness::{
    Calls, alive_tasks, answered_at_once, check, expect_panics, in_no_time, on_a_runtime_that_ends,
    settle, start_and_drop, wait_in_line, wake_ups_so_far, within,
};
use shared_state::{JoinError, Lobby, LobbyHandle, Member, MemberId};
use std::{
    collections::BTreeSet,
    fs, panic,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    task::Poll,
    thread,
    time::Duration,
};
use tokio::{
    sync::Semaphore,
    task::{JoinSet, yield_now},
    time::{Instant, sleep, sleep_until},
};
use world::{Lookup, PANICS, World, can_be_spawned, guest, joining, may_panic, poll_once};

const SECOND: Duration = Duration::from_secs(1);
/// A night. No round number: somebody may have a time-out.
const LONG: Duration = Duration::from_millis(36_717_310);

/// Step 1. A member is found by name, and counted.
///
/// Page: "An owner". The slips: state that each handle has for itself; members that are counted and never kept.
#[test]
fn a_member_is_found_and_counted() {
    check(|| async {
        let (lobby, _world) = open(10);
        assert_eq!(count(&lobby).await, 0, "nobody has joined yet");
        assert_eq!(
            find(&lobby, "guest 7").await,
            None,
            "nobody has joined yet, and guest 7 is found"
        );
        let seven = join(&lobby, "guest 7").await.expect("there is a seat");
        assert_eq!(
            seven.id(),
            MemberId(7),
            "a member has the number of its account"
        );
        let clone = lobby.clone();
        let eight = join(&clone, "guest 8").await.expect("there is a seat");
        for (handle, whose) in [(&lobby, "the first handle"), (&clone, "its clone")] {
            assert_eq!(
                find(handle, "guest 7").await,
                Some(MemberId(7)),
                "{whose} asks for guest 7, who has joined by the first handle. All handles ask the same lobby"
            );
            assert_eq!(
                find(handle, "guest 8").await,
                Some(MemberId(8)),
                "{whose} asks for guest 8, who has joined by the clone. All handles ask the same lobby"
            );
            assert_eq!(count(handle).await, 2, "{whose} counts two members");
        }
        let (other, _) = open(10);
        assert_eq!(
            count(&other).await,
            0,
            "another lobby has been opened, and nobody has joined that one. Is there something that all lobbies share?"
        );
        drop((seven, eight));
    });
}

/// Step 1. A join that is refused says why, and the lobby goes on.
///
/// Page: "A reply of its own". The slips: an error that ends the owner; a `?` that leaves before the reply is sent.
#[test]
fn a_refusal_says_why() {
    check(|| async {
        let (lobby, _world) = open(100);
        let one = join(&lobby, "guest 1").await.expect("there is a seat");
        assert_eq!(
            error(join(&lobby, "nobody").await),
            JoinError::Unknown,
            "there is no account of that name, and the lobby lives. Closed would say that it has ended: is the reply dropped without an answer when the lookup fails? (A `?` leaves the function, with the reply in it.)"
        );
        assert_eq!(
            error(join(&lobby, "guest 1").await),
            JoinError::Taken,
            "guest 1 is in the lobby already"
        );
        let two = join(&lobby, "guest 2").await;
        assert_eq!(
            two.as_ref().map(Member::id),
            Ok(MemberId(2)),
            "two people were refused, and there are seats: the lobby goes on"
        );
        drop((one, two));
    });
    check(|| async {
        let (lobby, world) = open(2);
        let members = [
            join(&lobby, "guest 1").await.expect("there are two seats"),
            join(&lobby, "guest 2").await.expect("there are two seats"),
        ];
        for name in ["guest 3", "nobody"] {
            assert_eq!(
                error(in_no_time("a join when all seats are taken", lobby.join(name)).await),
                JoinError::Full,
                "both seats are taken, and {name:?} wants to join"
            );
        }
        assert_eq!(
            world.asked(),
            2,
            "two people have got a seat, and two have not: an account is looked up for those who have one"
        );
        drop(members);
        let (closed, _world) = open_extreme(0, "mpsc bounded channel requires buffer").await;
        assert_eq!(
            error(in_no_time("a join where there is no seat", closed.join("guest 1")).await),
            JoinError::Full,
            "a lobby with 0 seats is always full"
        );
    });
}

/// Step 1. Any name, and as many seats as there may be.
///
/// Page: "An owner". The slips: names that are trimmed, compared loosely or hashed by hand; memory for all seats at once; a bound of your own.
#[test]
fn each_name_is_a_name_of_its_own() {
    check(|| async {
        let (lobby, world) =
            open_extreme(Semaphore::MAX_PERMITS, "Hash table capacity overflow").await;
        world.all(Lookup::Takes(0));
        let long = ["x", "y"].map(|last| "x".repeat(70_000) + last);
        let names = [
            "ann", "Ann", "ann ", "", " ", "ann\n", "\0", "\u{e9}", "e\u{301}", "Aa", "BB",
            &long[0], &long[1],
        ];
        let guests: Vec<_> = (1..=3_007).map(guest).collect();
        let all: Vec<_> = guests.iter().map(String::as_str).chain(names).collect();
        let mut members = Vec::new();
        for name in &all {
            match within("a join", lobby.join(name)).await {
                Ok(member) => members.push(member),
                Err(refused) => panic!(
                    "{:?} ({} bytes) is refused: {refused:?}. {} others have joined, there are seats enough, and nobody has that name",
                    name.get(..40).unwrap_or(name),
                    name.len(),
                    members.len()
                ),
            }
        }
        assert_eq!(count(&lobby).await, all.len(), "all of them are members");
        for (name, member) in all.iter().zip(&members) {
            assert_eq!(
                find(&lobby, name).await,
                Some(member.id()),
                "{:?} ({} bytes) is found by exactly this name",
                name.get(..40).unwrap_or(name),
                name.len()
            );
        }
        assert_eq!(
            find(&lobby, "ANN").await,
            None,
            "nobody has joined as \"ANN\""
        );
    });
}

/// Step 1. The lobby's tasks end with its last handle, also while there are members.
///
/// Page: chapter 1. The slips: a task that holds a handle of its own lobby; a member that keeps the lobby open.
#[test]
fn the_lobby_ends_with_its_last_handle() {
    check(|| async {
        let (lobby, _world) = open(10);
        let one = join(&lobby, "guest 1").await.expect("there is a seat");
        let clone = lobby.clone();
        drop(lobby);
        let two = join(&clone, "guest 2").await;
        assert!(
            two.is_ok(),
            "one of two handles is gone, and the lobby runs on"
        );
        drop(clone);
        let alive = alive_tasks().await;
        assert_eq!(
            alive, 0,
            "the last handle is gone, and tasks are alive. Who holds a Sender of the mailbox: the owner itself, or a Member? Two members are still there, and they do not keep the lobby open"
        );
        drop((one, two));
    });
}

/// Step 1. Only so many messages wait for the owner.
///
/// Page: "An owner". The slip: an unbounded mailbox.
#[test]
fn the_mailbox_is_bounded() {
    const CALLS: usize = 5_000;
    check(|| async {
        let (lobby, _world) = open(10);
        // Without an owner (behind a lock, say) nothing waits: each call is done at its first poll.
        if start_and_drop(1, || lobby.count()).await == 1 {
            return;
        }
        settle().await;
        let answered = answered_at_once(CALLS, || lobby.count()).await;
        assert!(
            answered < CALLS / 2,
            "{CALLS} callers asked before the lobby got to run, and the messages of {answered} went in at once: the mailbox has no bound that anybody would feel"
        );
    });
}

/// Step 2. `join` can be spawned, and a member can go to another task.
///
/// Page: "When a lock is right". The slip: the guard of a std Mutex that is held across the lookup.
#[test]
fn it_can_be_spawned() {
    check(|| async {
        let (lobby, _world) = open(10);
        can_be_spawned(&lobby);
        let one = join(&lobby, "guest 1").await.expect("there is a seat");
        tokio::spawn(async move { drop(one) });
    });
}

/// Step 2. Lookups go on side by side.
///
/// Page: "An owner that waits". The slips: a lookup in the owner's loop; a lock that is held across it.
#[test]
fn ten_joins_take_as_long_as_one() {
    for (joins, lookup) in [(10, 1_000), (10, 1_000), (700, 7_300)] {
        check(move || async move {
            let (lobby, world) = open(joins);
            can_be_spawned(&lobby);
            world.all(Lookup::Takes(lookup));
            let (mut calls, mut members) = (Calls::new(), Vec::new());
            for number in 1..=joins {
                let joined = calls.start(number, joining(&lobby, guest(number))).await;
                members.extend(joined);
            }
            let time = Duration::from_millis(lookup);
            let just_after = Duration::from_millis(1);
            calls
                .rest(time + just_after, |_, joined| members.push(joined))
                .await;
            no_full_while_there_are_seats(&members, joins);
            let (done, most) = (members.len(), world.lookups.most());
            assert_eq!(
                done, joins,
                "{joins} people join in one moment, and a lookup takes {time:?}. After {time:?} all of them have joined, and it is {done}. At the most {most} lookups were under way at a time: what does the next one wait for?"
            );
            assert_eq!(
                members.iter().filter(|joined| joined.is_ok()).count(),
                joins,
                "{joins} people join {joins} seats, and some are refused. There is a seat, and a name, for each of them"
            );
        });
    }
}

/// Step 2. While accounts are looked up, everybody else is answered at once.
///
/// And whoever has been looked up is told, however many others ask meanwhile.
///
/// Page: "An owner that waits". The slips: a lookup in the owner's loop; a lock that is held across it; an owner that answers when the lookups are done;
/// one that never looks at its lookups while there is a message (`biased`).
#[test]
fn others_are_answered_while_accounts_are_looked_up() {
    check(|| async {
        let (lobby, world) = open(10);
        can_be_spawned(&lobby);
        let one = join(&lobby, "guest 1").await.expect("there is a seat");
        world.on("guest 2", Lookup::Never);
        let mut calls = Calls::new();
        for number in 2..=9 {
            calls.start(number, joining(&lobby, guest(number))).await;
        }
        // Now their lookups begin.
        calls.rest(Duration::from_millis(10), |_, _| ()).await;
        let start = Instant::now();
        let at_once = |what: &str| {
            let took = start.elapsed();
            assert!(
                took.is_zero(),
                "{what} was answered only after {took:?}: the owner, or a lock, waits for the lookup of somebody else"
            );
        };
        let found = find(&lobby, "guest 1").await;
        at_once("find");
        assert_eq!(found, Some(MemberId(1)), "guest 1 has joined");
        let members = count(&lobby).await;
        at_once("count");
        assert_eq!(
            members, 1,
            "one has joined, and eight are just joining: those are not counted yet"
        );
        assert_eq!(
            find(&lobby, "guest 3").await,
            None,
            "guest 3 is just joining, and is no member yet"
        );
        let refused = error(within("a join by a name that is taken", lobby.join("guest 1")).await);
        at_once("a join by a name that is taken");
        assert_eq!(refused, JoinError::Taken, "guest 1 is in the lobby");
        // A whole night, for one of them.
        let mut members = Vec::new();
        calls.rest(LONG, |_, joined| members.push(joined)).await;
        assert_eq!(
            members.len(),
            7,
            "seven of those who joined had their lookup in a second; one waits for hers all night"
        );
        drop(one);
    });
    check(|| async {
        const ASKERS: usize = 3_000;
        let (lobby, world) = open(1);
        can_be_spawned(&lobby);
        world.all(Lookup::Takes(0));
        let answers = Arc::new(AtomicUsize::new(0));
        // More than the mailbox has slots, and whoever is answered asks again: it is never empty.
        let mut asking = JoinSet::new();
        for _ in 0..ASKERS {
            let (lobby, answers) = (lobby.clone(), answers.clone());
            asking.spawn(async move {
                while answers.load(Relaxed) < 20 * ASKERS {
                    lobby.count().await;
                    answers.fetch_add(1, Relaxed);
                    yield_now().await;
                }
            });
        }
        yield_now().await;
        let member = join(&lobby, "guest 1").await;
        let answers = answers.swap(usize::MAX / 2, Relaxed);
        assert!(
            answers < 20 * ASKERS,
            "{ASKERS} people ask how many there are, again and again. Guest 1 joins among them, and its lookup takes no time. {answers} answers later it is still not told. Does the owner ever look at the other side while there are messages? (`biased` polls the first branch first, each time)"
        );
        asking.join_all().await;
        assert!(
            member.is_ok(),
            "there is a seat, and guest 1 is told {member:?}"
        );
    });
}

/// Step 2. As many as there are seats, however many come at once.
///
/// Those get one who came first, also where they had to wait for a slot in the mailbox.
///
/// Page: "The trouble first". The slips: count, then join; look up first, and then see whether there is a seat; a full mailbox that is told
/// as a full lobby; the newest call first; `try_send` again and again, so that the one who happens to try first is the first.
#[test]
fn a_hundred_for_ten_seats() {
    for (seats, people) in [(10, 100), (1, 2), (10, 3_000)] {
        check(move || async move {
            let (lobby, world) = open(seats);
            can_be_spawned(&lobby);
            let (mut calls, mut members, mut refused) = (Calls::new(), Vec::new(), Vec::new());
            let mut note = |_, joined| match joined {
                Ok(member) => members.push(member),
                Err(error) => refused.push(error),
            };
            for number in 1..=people {
                let known = calls.start(number, joining(&lobby, guest(number))).await;
                known.into_iter().for_each(|outcome| note(number, outcome));
            }
            calls.rest(Duration::from_millis(10), &mut note).await;
            calls.rest(100 * SECOND, &mut note).await;
            assert!(
                members.len() >= seats,
                "{people} people join {seats} seats in one moment, {} get one, and {} are refused. A seat stays free: is a full mailbox told as Full? `send` waits for a slot; `try_send` does not",
                members.len(),
                refused.len()
            );
            assert_eq!(
                members.len(),
                seats,
                "{people} people join {seats} seats in one moment, and so many get one. Is the seat taken in the same message in which it is found free?"
            );
            assert_eq!(
                refused.len(),
                people - seats,
                "all others are told in the end"
            );
            let others = refused.iter().find(|error| **error != JoinError::Full);
            assert_eq!(others, None, "all others are told that the lobby is full");
            let first: BTreeSet<_> = (1..=seats as u64).collect();
            let seated: BTreeSet<_> = members.iter().map(|member| member.id().0).collect();
            assert_eq!(
                seated, first,
                "{people} people join {seats} seats, one call after the other, and the seats belong to those who called first. Does the owner handle its messages in the order in which they come?"
            );
            assert_eq!(
                world.asked(),
                seats,
                "{seats} of {people} people get a seat: so many accounts are looked up, and none for somebody who has no seat"
            );
            assert_eq!(
                count(&lobby).await,
                seats,
                "so many members are in the lobby"
            );
        });
    }
    check(|| async {
        let (other, _world) = open(1);
        // Where nobody has to be asked, nobody waits for a slot.
        let slots = match start_and_drop(1, || other.count()).await {
            0 => {
                settle().await;
                answered_at_once(5_000, || other.count()).await
            }
            _ => 0,
        };
        let people = 2 * slots + 1;
        let (lobby, world) = open(people);
        world.all(Lookup::Takes(0));
        let mut number = 0;
        let line = wait_in_line(people, Duration::ZERO, || {
            number += 1;
            joining(&lobby, guest(number))
        })
        .await;
        for (place, answer) in (1..=people).zip(&line.answers) {
            assert!(
                matches!(answer, Some(Ok(_))),
                "{people} people stood in line, there is a seat for each of them, and one more came later. Number {place} of the line is told {answer:?}: whoever comes later does not go before those who wait"
            );
        }
    });
}

/// Step 2. Of two who join by the same name, one gets it.
///
/// Page: "The trouble first". The slips: a name that is looked for before the lookup, and taken after it; a result that is taken for that of whoever
/// has the name by now.
#[test]
fn a_name_is_given_once() {
    check(|| async {
        let (lobby, world) = open(10);
        can_be_spawned(&lobby);
        let mut calls = Calls::new();
        let (mut joined, mut refused) = (Vec::new(), Vec::new());
        let mut note = |_, outcome: Result<Member, JoinError>| match outcome {
            Ok(member) => joined.push(member),
            Err(error) => refused.push(error),
        };
        for number in 1..=3 {
            let known = calls.start(number, joining(&lobby, guest(7))).await;
            known.into_iter().for_each(|outcome| note(number, outcome));
        }
        calls.rest(Duration::from_millis(10), &mut note).await;
        let (lookups, waiting) = (world.asked(), calls.waiting().len());
        calls.rest(10 * SECOND, &mut note).await;
        assert_eq!(
            joined.len(),
            1,
            "three people join by the name of guest 7 in one moment, and one of them gets it: a name is taken as soon as somebody is joining by it"
        );
        assert_eq!(
            refused,
            [JoinError::Taken; 2],
            "the two others are told that the name is taken"
        );
        assert_eq!(
            (lookups, waiting),
            (1, 1),
            "so many accounts are looked up, and so many callers wait for that: that a name is taken is known without a lookup"
        );
        assert_eq!(count(&lobby).await, 1, "one member is in the lobby");
    });
    check(|| async {
        let (lobby, _world) = open(2);
        let one = join(&lobby, "guest 1").await.expect("there are two seats");
        let mut calls = Calls::new();
        let mut outcomes = Vec::new();
        for (number, name) in [(1, "guest 1"), (2, "guest 2")] {
            let known = calls.start(number, joining(&lobby, name.to_owned())).await;
            outcomes.extend(known.map(|outcome| (number, outcome)));
        }
        calls
            .rest(10 * SECOND, |number, outcome| {
                outcomes.push((number, outcome))
            })
            .await;
        outcomes.sort_by_key(|(number, _)| *number);
        let told: Vec<_> = outcomes
            .iter()
            .map(|(_, outcome)| outcome.as_ref().map(Member::id).map_err(|error| *error))
            .collect();
        assert_eq!(
            told,
            [Err(JoinError::Taken), Ok(MemberId(2))],
            "guest 1 is in the lobby, and one seat is free. In one moment, somebody joins by the name of guest 1, and after that guest 2. The first one is refused, and takes no seat, not even for a moment; the second one gets it"
        );
        drop(one);
    });
    // A lookup is over, and before the lobby has looked, its caller gives up, and somebody else joins by that name.
    for round in 0..16 {
        check(move || async move {
            let (lobby, world) = open(1);
            can_be_spawned(&lobby);
            world.on("guest 7", Lookup::Takes(1_000));
            let moment = Instant::now() + SECOND;
            let mut first = Box::pin(joining(&lobby, guest(7)));
            // Many others get to run between the end of a lookup and the lobby; this test does once in 61 of them.
            let mut others = JoinSet::new();
            let mut come = || (0..200).for_each(|_| drop(others.spawn(sleep_until(moment))));
            if round % 2 == 0 {
                come();
            }
            for _ in 0..3 {
                let _ = poll_once(first.as_mut()).await;
                settle().await;
            }
            if round % 2 == 1 {
                come();
            }
            sleep_until(moment).await;
            for _ in 0..round / 2 % 4 {
                yield_now().await;
            }
            world.on("guest 7", Lookup::Never);
            let mut second = pin!(joining(&lobby, guest(7)));
            drop(first);
            let _ = poll_once(second.as_mut()).await;
            settle().await;
            let _ = poll_once(second.as_mut()).await;
            settle().await;
            assert_eq!(
                count(&lobby).await,
                0,
                "guest 7 gave up when its lookup was over, and somebody else joins by that name, whose lookup is not over. (Or is refused, since that name is not free yet.) So many members are counted: whose result was that?"
            );
        });
    }
    // The name goes on to somebody else before the lobby has heard that its first owner is a member.
    check(|| async {
        let (lobby, world) = open(2);
        can_be_spawned(&lobby);
        let mut calls = Calls::new();
        world.on("guest 7", Lookup::Takes(1_000));
        let first = calls.start(1, joining(&lobby, guest(7))).await;
        settle().await;
        let mut outcomes: Vec<_> = first.into_iter().collect();
        outcomes.extend(calls.look().await.into_iter().map(|(_, outcome)| outcome));
        sleep(2 * SECOND).await;
        // All in one moment: somebody else asks for the name, the first one finds its account, and goes.
        world.on("guest 7", Lookup::Takes(1_000));
        let mut second = Calls::new();
        second.start(2, joining(&lobby, guest(7))).await;
        outcomes.extend(calls.look().await.into_iter().map(|(_, outcome)| outcome));
        drop(outcomes);
        settle().await;
        let mut joined = calls.look().await;
        joined.extend(second.look().await);
        let members = joined.iter().filter(|(_, outcome)| outcome.is_ok()).count();
        settle().await;
        assert_eq!(
            count(&lobby).await,
            members,
            "guest 7 joined and went, and somebody else asked for that name meanwhile, whose lookup is not over. So many members are counted (left), and so many are there (right). \
             Does a confirmation make a member of whoever has the name by now?"
        );
    });
}

/// Step 3. Seat and name are free when a member has gone: for a call that begins in the same moment, too.
///
/// Page: "What a caller leaves behind". The slips: nothing tells the lobby; it is told by a task of its own, and hears of it later; a list that
/// still holds the member; one that keeps the names of all who have gone.
#[test]
fn a_member_that_goes_frees_its_seat() {
    check(|| async {
        let (lobby, _world) = open(2);
        let one = join(&lobby, "guest 1").await.expect("there are two seats");
        let two = join(&lobby, "guest 2").await.expect("there are two seats");
        assert_eq!(count(&lobby).await, 2, "both have joined");
        drop(one);
        assert_eq!(
            count(&lobby).await,
            1,
            "guest 1 has gone, since its Member was dropped: one member is left. Is the owner told of the drop, and does it look who has left after a message has come, and before it handles it?"
        );
        assert_eq!(find(&lobby, "guest 1").await, None, "guest 1 has gone");
        assert_eq!(
            find(&lobby, "guest 2").await,
            Some(MemberId(2)),
            "guest 1 has gone, and guest 2 has not"
        );
        let again = join(&lobby, "guest 1").await;
        assert!(
            again.is_ok(),
            "guest 1 was dropped, and its seat and its name are free: it joins once more, and is told {again:?}"
        );
        assert_eq!(
            error(join(&lobby, "guest 3").await),
            JoinError::Full,
            "one member has gone, and one has come: both seats are taken"
        );
        drop((again, two));
    });
    check(|| async {
        let (lobby, world) = open(1);
        world.all(Lookup::Takes(0));
        let mut member = join(&lobby, &guest(0)).await.expect("there is a seat");
        for number in 1..=300 {
            // No task gets to run between the drop and the call.
            drop(member);
            let next = within("a join", lobby.join(&guest(number))).await;
            member = next.unwrap_or_else(|refused| {
                panic!("the only member has been dropped, and in the same moment guest {number} joins: {refused:?}. A call that begins after the drop finds the seat free. Is the owner told by a task, or by a channel that it looks at later? Or does a confirmation come after the drop, and take the seat again?")
            });
            let same = guest(number);
            drop(member);
            let next = within("a join", lobby.join(&same)).await;
            member = next.unwrap_or_else(|refused| {
                panic!("guest {number} has been dropped, and joins again in the same moment: {refused:?}. A call that begins after the drop finds the name free")
            });
        }
        assert_eq!(count(&lobby).await, 1, "one member is in the lobby");
    });
    check(|| async {
        const MEGABYTES: usize = 8;
        let (lobby, world) = open(1);
        world.all(Lookup::Takes(0));
        let mut grown = usize::MAX;
        // Other tests of this process need memory as well, at times; whoever keeps the names needs it each time.
        for round in 0..5 {
            let before = memory();
            for number in 0..100 * MEGABYTES {
                let long_name = format!("{round}{number:010000}");
                let one = join(&lobby, &long_name).await;
                drop(one.expect("there is a seat"));
            }
            assert_eq!(count(&lobby).await, 0, "all of them have gone");
            grown = grown.min(memory().saturating_sub(before) / 1_000_000);
            if grown < MEGABYTES / 2 {
                return;
            }
        }
        panic!(
            "people came and went, one after the other, by names of {MEGABYTES} million bytes together, and {grown} million bytes of memory more than before are in use, each time. What does the lobby keep of those who have gone?"
        );
    });
}

/// How many bytes of memory this process has in use. Only Linux tells it in a file, in pages; elsewhere it is 0, and nobody is accused.
fn memory() -> usize {
    let pages = fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let resident = pages.split(' ').nth(1).and_then(|pages| pages.parse().ok());
    resident.map_or(0, |pages: usize| pages * 4_096)
}

/// Step 3. It does not matter where a member is dropped, when, and how many at once.
///
/// Page: "What a caller leaves behind". The slips: a `Drop` that spawns, and needs a runtime; one that tries to send into a mailbox that is full;
/// one that blocks; one that panics when the lobby has ended.
#[test]
fn a_member_may_be_dropped_anywhere() {
    check(|| async {
        let (lobby, _world) = open(10);
        let member = join(&lobby, "guest 1").await.expect("there is a seat");
        let dropped = thread::spawn(move || drop(member)).join();
        assert!(
            dropped.is_ok(),
            "a Member was dropped on a thread without a runtime, and its Drop panicked. `tokio::spawn` needs a runtime; the `send` of an unbounded channel does not"
        );
        assert_eq!(
            count(&lobby).await,
            0,
            "the only member was dropped, on a thread of its own: nobody is left. Does the owner look who has left before it handles a message? Or does a confirmation come after the drop, and take the seat again?"
        );
    });
    check(|| async {
        let (lobby, world) = open(4_000);
        world.all(Lookup::Takes(0));
        let mut members = Vec::new();
        for number in 1..=4_000 {
            members.push(join(&lobby, &guest(number)).await.expect("there is a seat"));
        }
        // The mailbox is full of questions when they go, all in one moment.
        let mut calls = Calls::new();
        for number in 0..3_000 {
            let lobby = lobby.clone();
            calls
                .start(number, async move { lobby.count().await })
                .await;
        }
        drop(members);
        calls.rest(SECOND, |_, _| ()).await;
        let left = count(&lobby).await;
        assert_eq!(
            left, 0,
            "4,000 members were dropped while the mailbox was full, and {left} seats are not free again. A Drop cannot wait for a slot, and what it only tries gets lost"
        );
    });
    check(|| async {
        let (lobby, _world) = open(10);
        let member = join(&lobby, "guest 1").await.expect("there is a seat");
        drop(lobby);
        settle().await;
        // It must not panic.
        drop(member);
    });
}

/// Step 3. A lookup that fails leaves neither a seat nor a name behind.
///
/// Page: "What a caller leaves behind". The slips: a `?` between taking the seat and giving it back; a name that is given back twice, by a message
/// and by the guard.
#[test]
fn a_lookup_that_fails_frees_its_seat() {
    check(|| async {
        let (lobby, world) = open(1);
        can_be_spawned(&lobby);
        for round in 1..=3 {
            let refused = error(join(&lobby, "nobody").await);
            assert_eq!(
                refused,
                JoinError::Unknown,
                "there is one seat, and nobody has joined; there is no account of that name, in round {round} either. A lookup that fails has to give the seat and the name back"
            );
        }
        world.on("nobody", Lookup::Takes(1_000));
        let joined = join(&lobby, "nobody").await;
        assert!(
            joined.is_ok(),
            "the account has been made meanwhile, the only seat is free, and so is the name: {joined:?}"
        );
    });
    check(|| async {
        let (lobby, world) = open(3);
        can_be_spawned(&lobby);
        let moment = Instant::now() + SECOND;
        let mut first = pin!(joining(&lobby, "nobody".to_owned()));
        for _ in 0..3 {
            let _ = poll_once(first.as_mut()).await;
            settle().await;
        }
        sleep_until(moment).await;
        // The first lookup fails. In the same moment the account is made, and somebody else joins by that name.
        world.on("nobody", Lookup::Takes(1_000));
        let mut told = poll_once(first.as_mut()).await;
        let mut calls = Calls::new();
        let mut outcomes = Vec::new();
        for number in 2..=3 {
            let call = calls.start(number, joining(&lobby, "nobody".to_owned()));
            outcomes.extend(call.await);
            settle().await;
            if told.is_pending() {
                told = poll_once(first.as_mut()).await;
            }
            let looked = calls.look().await;
            outcomes.extend(looked.into_iter().map(|(_, outcome)| outcome));
        }
        calls
            .rest(5 * SECOND, |_, outcome| outcomes.push(outcome))
            .await;
        let members = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
        assert!(
            members <= 1,
            "a lookup failed, and in the same moment two others joined by that name, one after the other: {members} of them are members. The name was free for the first of \
             them. What made it free once more? A seat that is given back by a message, and by its guard as well?"
        );
        assert_eq!(
            count(&lobby).await,
            members,
            "a lookup failed, and in the same moment others joined by that name. So many members are counted (left), and so many are there (right)"
        );
    });
}

/// Step 4. Whoever gives up leaves nothing behind: at no time.
///
/// Page: "What a caller leaves behind". The slips: a reply that nobody takes, and a seat that nobody has; a seat that is free when the lookup is done.
#[test]
fn a_caller_that_gives_up_frees_its_seat() {
    check(|| async {
        let (lobby, world) = open(1);
        can_be_spawned(&lobby);
        // How far it gets before it gives up: so often it is polled, whenever it could go on.
        for (polls, lookup, looks_away) in (1..=8).flat_map(|polls| {
            [(0, false), (0, true), (1_000, false), (1_000, true)]
                .map(|(lookup, looks_away)| (polls, lookup, looks_away))
        }) {
            world.on("guest 1", Lookup::Takes(lookup));
            let mut last = Poll::Pending;
            {
                let mut call = pin!(lobby.join("guest 1"));
                for poll in 1..=polls {
                    if last.is_pending() {
                        last = poll_once(call.as_mut()).await;
                    }
                    // Its turn may come after the last look.
                    if poll < polls || looks_away {
                        sleep(SECOND / 3).await;
                        settle().await;
                    }
                }
                if let Poll::Ready(Err(refused)) = &last {
                    panic!(
                        "guest 1 joins, after others have given up before: {refused:?}. There is one seat, and nobody is in it"
                    );
                }
            }
            drop(last);
            settle().await;
            let (seat, asked) = (count(&lobby).await, world.lookups.now());
            assert_eq!(
                (seat, asked),
                (0, 0),
                "so many members are in the lobby, and so many lookups are under way, after a caller was polled {}, with a lookup of {lookup} ms, and gave up. Nothing of it may be left. Who drops the seat when nobody takes the answer? And can the seat be dropped while its confirmation is still in the mailbox?",
                times(polls)
            );
            let next = world.joins_at_once(&lobby, "guest 2").await;
            assert!(
                next.is_ok(),
                "guest 1 was polled {}, with a lookup of {lookup} ms, and gave up. The only seat has to be free, and guest 2 is told {next:?}. Is there a moment in which no guard stands for the seat: in the reply, too?",
                times(polls)
            );
            drop(next);
            let same = world.joins_at_once(&lobby, "guest 1").await;
            assert!(
                same.is_ok(),
                "guest 1 was polled {}, with a lookup of {lookup} ms, and gave up, and guest 2 has joined and gone since. Guest 1 joins once more, and is told {same:?}. Does the owner look who has left before it decides? Or does a confirmation come after the drop, and take the seat again?",
                times(polls)
            );
        }
    });
    check(|| async {
        let (lobby, world) = open(1);
        world.on("guest 1", Lookup::Takes(1_000));
        let mut calls = Calls::new();
        {
            let mut call = pin!(lobby.join("guest 1"));
            for _ in 0..3 {
                let _ = poll_once(call.as_mut()).await;
                settle().await;
            }
            sleep(2 * SECOND).await;
            // The lookup is done, and what comes next finds the mailbox full.
            for number in 0..3_000 {
                let lobby = lobby.clone();
                calls
                    .start(number, async move { lobby.count().await })
                    .await;
            }
            let _ = poll_once(call.as_mut()).await;
        }
        drop(calls);
        settle().await;
        let next = world.joins_at_once(&lobby, "guest 2").await;
        assert!(
            next.is_ok(),
            "guest 1 gave up after its lookup, while the mailbox was full. The only seat has to be free, and guest 2 is told {next:?}. Is there an `.await` during which no guard stands for the seat?"
        );
    });
}

/// Step 4. A lookup for nobody ends, and none is begun for a caller that is gone.
///
/// Page: "Those who give up". The slips: a lookup in a task that nobody ends; a seat that is taken until its lookup is done, which may be never.
#[test]
fn nobody_looks_up_for_a_caller_that_is_gone() {
    check(|| async {
        let (lobby, world) = open(4);
        can_be_spawned(&lobby);
        world.all(Lookup::Never);
        let mut calls = Calls::new();
        for number in 1..=4 {
            calls.start(number, joining(&lobby, guest(number))).await;
        }
        calls.rest(SECOND, |_, _| ()).await;
        assert_eq!(
            world.lookups.now(),
            4,
            "four people are joining, and so many lookups are under way"
        );
        while calls.give_up_oldest().is_some() {}
        settle().await;
        let under_way = world.lookups.now();
        assert_eq!(
            under_way, 0,
            "four callers gave up during their lookups, and {under_way} of the lookups are still under way, for nobody. They may take as long as they like, and their seats are taken meanwhile"
        );
        let next = world.joins_at_once(&lobby, "guest 5").await;
        assert!(
            next.is_ok(),
            "four callers gave up, and all four seats are free. Guest 5 is told {next:?}"
        );
        start_and_drop(3, || lobby.join("guest 6")).await;
        // Where nobody has to be asked, it was their turn at once.
        let before = world.asked();
        settle().await;
        sleep(SECOND).await;
        assert_eq!(
            (world.asked() - before, world.lookups.now()),
            (0, 0),
            "so many accounts were looked up, and so many lookups are under way, for callers that had given up before it was their turn"
        );
        drop(next);
    });
}

/// Step 4. A lookup that panics is the trouble of one caller.
///
/// Page: "Those who give up". The slips: the panic ends the owner; `unwrap` on the result of a task; a lock that is poisoned.
#[test]
fn a_lookup_that_panics_harms_nobody_else() {
    check(|| async {
        expect_panics(PANICS);
        let (lobby, world) = open(2);
        can_be_spawned(&lobby);
        let one = join(&lobby, "guest 1").await.expect("there is a seat");
        for lookup in [Lookup::PanicsAfter(1_000), Lookup::PanicsAtOnce] {
            world.on("guest 2", lookup);
            let joining = may_panic(joining(&lobby, guest(2)));
            // The panic may reach the caller, or not.
            if let Some(outcome) = within("the end of a join whose lookup panics", joining).await {
                let told = outcome.map(|member| member.id());
                let but = match told {
                    Err(JoinError::Closed) => {
                        "the lobby has not ended. Let the call panic, too, or tell Unknown"
                    }
                    Err(JoinError::Taken | JoinError::Full) => {
                        "only guest 1 is in the lobby. What has an earlier call of guest 2 left behind?"
                    }
                    _ => "no account was found. Let the call panic, too, or tell Unknown",
                };
                assert_eq!(
                    told,
                    Err(JoinError::Unknown),
                    "a lookup panicked, and its caller is told {told:?}, but {but}"
                );
            }
            assert_eq!(
                count(&lobby).await,
                1,
                "a lookup panicked, and the lobby, with guest 1 in it, goes on"
            );
            world.on("guest 2", Lookup::Takes(1_000));
            let again = join(&lobby, "guest 2").await;
            assert!(
                again.is_ok(),
                "a lookup panicked: its seat and its name have to be free again. Guest 2 joins once more, and is told {again:?}"
            );
        }
        drop(one);
    });
}

/// Step 4. Nobody works while nobody asks.
///
/// Page: "Those who give up". The slips: a loop that looks now and then whether something has changed; a `JoinSet` that is empty, and ready each time.
#[test]
fn waiting_costs_nothing() {
    check(|| async {
        let (lobby, world) = open(10);
        can_be_spawned(&lobby);
        let one = join(&lobby, "guest 1").await.expect("there is a seat");
        world.all(Lookup::Never);
        let mut calls = Calls::new();
        calls.start(2, joining(&lobby, guest(2))).await;
        calls.rest(SECOND, |_, _| ()).await;
        let before = wake_ups_so_far();
        sleep(LONG).await;
        let wake_ups = wake_ups_so_far() - before;
        assert!(
            wake_ups < 40,
            "one member is there, one waits for her lookup, and nothing happens all night, but the runtime woke up {wake_ups} times: who goes by a timer?"
        );
        assert_eq!(
            find(&lobby, "guest 1").await,
            Some(MemberId(1)),
            "guest 1 is still there after a night: nobody is sent away for being silent"
        );
        drop(one);
    });
}

/// Step 4. A handle can outlive the lobby, when its runtime has ended.
///
/// Page: "A reply of its own". The slips: `expect` on the answer, or on the send.
#[test]
fn a_handle_can_outlive_the_lobby() {
    check(|| async {
        expect_panics("");
        let (lobby, member, _world) = on_a_runtime_that_ends(|| async {
            let (lobby, world) = open(10);
            let member = join(&lobby, "guest 1").await.expect("there is a seat");
            (lobby, member, world)
        });
        can_be_spawned(&lobby);
        let joining = may_panic(joining(&lobby, guest(2)));
        let joined = within("a join when the lobby has ended", joining).await;
        let joined = joined.map(|joined| joined.map(|member| member.id()));
        // Where no task owns the seats, there is nothing that could have ended.
        assert!(
            matches!(joined, Some(Err(JoinError::Closed) | Ok(MemberId(2)))),
            "the runtime on which the lobby was opened has ended, and a handle is left. `join` gives Closed then, and not {joined:?}. (None: it panicked. Is there an `expect` on the answer?)"
        );
        let asking = may_panic(async move { (lobby.find("guest 3").await, lobby.count().await) });
        let asked = within("the answers of a lobby that has ended", asking).await;
        let (found, counted) = asked.unwrap_or_else(|| {
            panic!("the lobby has ended, and a call of `find` or `count` panicked. Is there an `expect` on the answer?")
        });
        assert_eq!(found, None, "the lobby has ended: nobody is found");
        assert!(
            counted <= 1,
            "the lobby has ended, and {counted} members are counted"
        );
        drop(member);
    });
}

/// Step 4. All of it, in stories that nobody wrote.
///
/// Page: "Those who give up". The slips: those that nobody thought of.
#[test]
fn your_promises_hold_whatever_callers_do() {
    harness::scenarios::<scenarios::Evening>(300);
}

/// A full mailbox is not a full lobby.
fn no_full_while_there_are_seats(outcomes: &[Result<Member, JoinError>], seats: usize) {
    let full = outcomes
        .iter()
        .filter(|outcome| matches!(outcome, Err(JoinError::Full)))
        .count();
    assert_eq!(
        full, 0,
        "{seats} people join {seats} seats, and {full} of them are told Full, though a seat is free. Is a full mailbox told as Full? `send` waits for a slot; `try_send` does not"
    );
}

/// How often, in words.
fn times(count: usize) -> String {
    match count {
        1 => "once".to_owned(),
        count => format!("{count} times"),
    }
}

fn open(seats: usize) -> (LobbyHandle, World) {
    let (accounts, world) = world::accounts();
    (Lobby::open(accounts, seats), world)
}

/// Opens a lobby with a number of seats that may not be a capacity. A capacity's panic begins with `words`, and does not speak of
/// seats: so it is the panic of a task here, and the test says what it means.
async fn open_extreme(seats: usize, words: &'static str) -> (LobbyHandle, World) {
    expect_panics(words);
    may_panic(async move { open(seats) }).await.unwrap_or_else(|| {
        panic!(
            "a lobby may have {seats} seats, and `open` panicked. Is the number of seats the capacity of a channel or of a map? Choose the channel's by itself, and let the map grow"
        )
    })
}

async fn join(lobby: &LobbyHandle, name: &str) -> Result<Member, JoinError> {
    within("a join", lobby.join(name)).await
}

fn error(outcome: Result<Member, JoinError>) -> JoinError {
    match outcome {
        Err(error) => error,
        Ok(member) => panic!("somebody has joined who should have been refused: {member:?}"),
    }
}

async fn find(lobby: &LobbyHandle, name: &str) -> Option<MemberId> {
    within("the answer of find", lobby.find(name)).await
}

async fn count(lobby: &LobbyHandle) -> usize {
    within("the answer of count", lobby.count()).await
}

/// The accounts of the tests, and how they join.
mod world {
    use harness::Overlap;
    use shared_state::{Accounts, JoinError, LobbyHandle, Member, MemberId, NoAccount};
    use std::{
        collections::HashMap,
        future::{pending, poll_fn},
        pin::pin,
        sync::{Arc, Mutex, MutexGuard, PoisonError},
        task::Poll,
        time::Duration,
    };
    use tokio::{
        task::{LocalSet, coop::unconstrained},
        time::sleep,
    };

    /// What a lookup that panics says.
    pub const PANICS: &str = "the accounts cannot be read";

    /// What becomes of a lookup; times in milliseconds.
    #[derive(Debug, Clone, Copy)]
    pub enum Lookup {
        Takes(u64),
        FailsAfter(u64),
        PanicsAfter(u64),
        /// Before there is anything to await.
        PanicsAtOnce,
        Never,
    }

    impl Lookup {
        /// How long it takes; `None`: for ever.
        pub fn time(self) -> Option<Duration> {
            match self {
                Lookup::Takes(ms) | Lookup::FailsAfter(ms) | Lookup::PanicsAfter(ms) => {
                    Some(Duration::from_millis(ms))
                }
                Lookup::PanicsAtOnce => Some(Duration::ZERO),
                Lookup::Never => None,
            }
        }
    }

    /// The accounts, seen from the other side.
    #[derive(Clone, Default)]
    pub struct World {
        /// Those that are under way.
        pub lookups: Overlap,
        state: Arc<Mutex<State>>,
    }

    #[derive(Default)]
    struct State {
        asked: usize,
        by_name: HashMap<String, Lookup>,
        all: Option<Lookup>,
    }

    /// Accounts for everybody but nobody: "guest 7" has the number 7, and a lookup takes a second.
    pub fn accounts() -> (Accounts, World) {
        let world = World::default();
        let accounts = Accounts::new({
            let world = world.clone();
            move |name| {
                let lookup = world.begin(&name);
                if let Lookup::PanicsAtOnce = lookup {
                    panic!("{PANICS}, at once");
                }
                let lookups = world.lookups.clone();
                async move { lookups.run(look_up(name, lookup)).await }
            }
        });
        (accounts, world)
    }

    async fn look_up(name: String, lookup: Lookup) -> Result<MemberId, NoAccount> {
        match lookup {
            // Not even a timer.
            Lookup::Takes(0) => Ok(id(&name)),
            Lookup::Takes(time) => {
                sleep(Duration::from_millis(time)).await;
                Ok(id(&name))
            }
            Lookup::FailsAfter(time) => {
                sleep(Duration::from_millis(time)).await;
                Err(NoAccount)
            }
            Lookup::PanicsAfter(time) => {
                sleep(Duration::from_millis(time)).await;
                panic!("{PANICS}");
            }
            Lookup::PanicsAtOnce | Lookup::Never => pending().await,
        }
    }

    impl World {
        /// From now on, for this name.
        pub fn on(&self, name: &str, lookup: Lookup) {
            self.state().by_name.insert(name.to_owned(), lookup);
        }

        /// From now on, for all names for which nothing else was said.
        pub fn all(&self, lookup: Lookup) {
            self.state().all = Some(lookup);
        }

        /// How many lookups have been asked for.
        pub fn asked(&self) -> usize {
            self.state().asked
        }

        /// Somebody joins whose lookup takes no time.
        pub async fn joins_at_once(
            &self,
            lobby: &LobbyHandle,
            name: &str,
        ) -> Result<Member, JoinError> {
            self.on(name, Lookup::Takes(0));
            harness::within("a join", lobby.join(name)).await
        }

        fn begin(&self, name: &str) -> Lookup {
            let mut state = self.state();
            state.asked += 1;
            let lookup = state.by_name.get(name).copied().or(state.all);
            lookup.unwrap_or(match name {
                "nobody" => Lookup::FailsAfter(1_000),
                _ => Lookup::Takes(1_000),
            })
        }

        fn state(&self) -> MutexGuard<'_, State> {
            self.state.lock().unwrap_or_else(PoisonError::into_inner)
        }
    }

    pub fn guest(number: usize) -> String {
        format!("guest {number}")
    }

    /// The number of an account: that of a guest, and something else for other names.
    pub fn id(name: &str) -> MemberId {
        let number = name.strip_prefix("guest ").and_then(|n| n.parse().ok());
        MemberId(number.unwrap_or(u64::MAX - name.len() as u64))
    }

    /// A join that can be kept.
    pub fn joining(
        lobby: &LobbyHandle,
        name: String,
    ) -> impl Future<Output = Result<Member, JoinError>> + 'static {
        let lobby = lobby.clone();
        async move { lobby.join(&name).await }
    }

    /// A call that may panic, in a task of its own, which ends when this is dropped. `None`: it panicked. (A task of this thread, since a call
    /// that cannot be spawned has a test of its own.)
    pub async fn may_panic<T: 'static>(call: impl Future<Output = T> + 'static) -> Option<T> {
        let tasks = LocalSet::new();
        let call = tasks.spawn_local(call);
        tasks.run_until(call).await.ok()
    }

    /// Holds a lock of the standard library while it waits? Then the next caller blocks this thread, and the test with it: better say so first.
    pub fn can_be_spawned(lobby: &LobbyHandle) {
        assert!(
            Probe(lobby.join("")).is_send(),
            "`join` cannot be spawned, since its future is not `Send`. Does it hold the guard of a std Mutex across an `.await`? The next caller would block its thread meanwhile, and everybody on it"
        );
    }

    pub async fn poll_once<F: Future>(call: F) -> Poll<F::Output> {
        let mut call = pin!(call);
        // Without the budget after which Tokio makes a task yield.
        unconstrained(poll_fn(|cx| Poll::Ready(call.as_mut().poll(cx)))).await
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
}
