//! What the room and the relay promise, step by step. Each test says what it wants and which slip it is there to catch.
//!
//! The tests run in virtual time, on a runtime of their own (see exercises/harness): nothing in here has to take time, so
//! a time-out as a cure is found out. When a test's body ends, every task has to end as well.

mod scenarios;

use deadlocks::{Closed, Refused, RelayHandle, RoomHandle, open, relay};
use harness::{
    alive_tasks, answered_at_once, check, count_polls, expect_panics, in_no_time,
    on_a_runtime_that_ends, one_schedule, settle, wake_ups_so_far, within,
};
use std::{future::poll_fn, pin::Pin, task::Poll, time::Duration};
use tokio::{
    sync::mpsc::{self, Receiver},
    task::{JoinSet, yield_now},
    time::sleep,
};

/// Step 1. One post, one answer.
///
/// Page: "Two actors that ask each other". The slips: a larger mailbox, or one without a bound: the room does not wait for a slot,
/// it waits for an answer. A time-out around the question.
#[test]
fn a_post_gets_its_number() {
    check(|| async {
        let room = open(1, 3);
        for expected in 1..=2 {
            let post = in_no_time("the answer to a post", room.post("ann", "hello")).await;
            assert_eq!(post, Ok(expected), "posts are numbered from 1");
        }
    });
}

/// Step 1. The moderator counts what an author has posted, and refuses what is too much.
///
/// Page: "Cut one edge". The slips: a refused post counts all the same; a count that all rooms share.
#[test]
fn nobody_posts_more_than_allowed() {
    check(|| async {
        let room = open(1, 2);
        let mut answers = Vec::new();
        for author in ["ann", "bob", "ann", "ann", "bob", "bob"] {
            answers.push(in_no_time("the answer to a post", room.post(author, "hello")).await);
        }
        assert_eq!(
            answers,
            [Ok(1), Ok(2), Ok(3), Err(Refused), Ok(4), Err(Refused)],
            "each author may post twice; what is refused gets no number"
        );
        assert_eq!(
            in_no_time("the number of ann's posts", room.posts_by("ann")).await,
            2,
            "a refused post does not count"
        );
        assert_eq!(
            in_no_time("the number of eve's posts", room.posts_by("eve")).await,
            0,
            "an author who has not posted has posted 0"
        );
    });
    check(|| async {
        let (first, second) = (open(1, 2), open(1, 1));
        for (room, which, expected) in [
            (&first, "first", 1),
            (&first, "first", 2),
            (&second, "second", 1),
        ] {
            let post = in_no_time("the answer to a post", room.post("ann", "hello")).await;
            assert_eq!(
                post,
                Ok(expected),
                "ann posts twice in one room, and then once in another: each room has numbers and counts of its own, and this is the {which} one"
            );
        }
        for (room, which, expected) in [(first, "first", 2), (second, "second", 1)] {
            let posts = in_no_time("the number of ann's posts", room.posts_by("ann")).await;
            assert_eq!(
                posts, expected,
                "ann has posted twice in one room, and once in another: this is the {which} one"
            );
        }
    });
}

/// Step 2. Thousands of callers at once, on small mailboxes.
///
/// Page: "A larger mailbox hides it". The slips: a circle of bounded sends, whatever the size; a question asked beside the others, so that
/// two of them see the same count; a way back that has room for a thousand verdicts, and loses the others.
#[test]
fn thousands_at_once_on_small_mailboxes() {
    // Few first: their recording shows who waits for whom.
    for (mailbox, posts) in [(1, 60), (4, 60), (1, 700), (4, 700), (3000, 700)] {
        if mailbox == 3000 {
            one_schedule("this is about how many, not about when");
        }
        check(move || async move {
            let room = open(mailbox, 7);
            let mut posting = JoinSet::new();
            for author in ["ann", "bob", "cy", "dee", "eve"] {
                for _ in 0..posts {
                    let room = room.clone();
                    posting.spawn(async move { room.post(author, "hello").await });
                }
            }
            let what = format!("the answers to {} posts at once", 5 * posts);
            let answers = in_no_time(&what, posting.join_all()).await;
            let mut numbers: Vec<u64> = answers.iter().filter_map(|answer| answer.ok()).collect();
            numbers.sort_unstable();
            let accepted = numbers.len();
            assert_eq!(
                accepted, 35,
                "five authors posted {posts} times each, and seven are allowed: 35 posts should be accepted, and {accepted} were. \
                 When two posts of one author are judged at the same time, by which count is the second one judged?"
            );
            if let Some((expected, number)) = (1..).zip(&numbers).find(|(n, number)| n != *number) {
                panic!(
                    "35 posts are numbered 1 to 35, but there is no number {expected}: after {} comes {number}",
                    expected - 1
                );
            }
            for author in ["ann", "bob", "cy", "dee", "eve"] {
                let posts = in_no_time("the answer of `posts_by`", room.posts_by(author)).await;
                assert_eq!(
                    posts, 7,
                    "seven of {author}'s posts should be accepted, and `posts_by` says {posts}"
                );
            }
        });
    }
}

/// Step 2. As many posts wait for the room as `mailbox` says, and no more.
///
/// Page: "A larger mailbox hides it". The slips: a number of your own, because the small one hangs; a mailbox without a bound; a task that carries each
/// post, so that nobody waits.
#[test]
fn as_many_posts_wait_as_the_mailbox_says() {
    for mailbox in [1, 3, 1000] {
        check(move || async move {
            let room = open(mailbox, u32::MAX);
            let calls = mailbox + 57;
            let judged = answered_at_once(calls, || room.post("ann", "hello")).await;
            let post = in_no_time("the answer to one more post", room.post("bob", "hello")).await;
            assert!(post.is_ok(), "bob was refused, and he had not posted yet");
            // None at all: then the callers have more to do than to wait for the answer.
            assert!(
                judged == mailbox || judged == 0,
                "the room was opened with a mailbox of {mailbox}, and {calls} callers posted before it got to run: of those posts, {mailbox} should have waited in the mailbox, and {judged} did. Who gave it another bound, or takes posts out before it has time for them?"
            );
        });
        check(move || async move {
            let room = open(mailbox, u32::MAX);
            let calls = mailbox + 57;
            let mut number = 0;
            let mixed = answered_at_once(calls, || {
                number += 1;
                let (room, asks) = (&room, number % 2 == 0);
                async move {
                    if asks {
                        room.posts_by("ann").await;
                    } else {
                        let _ = room.post("ann", "hello").await;
                    }
                }
            })
            .await;
            assert!(
                mixed <= mailbox,
                "the room was opened with a mailbox of {mailbox}, and {calls} callers posted and asked by turns before it got to run. {mailbox} messages at the most should have waited in the mailbox, but it was {mixed}"
            );
        });
    }
}

/// Step 2. A caller that waits for a slot in the mailbox sleeps, and nobody works while nobody asks.
///
/// Page: "Time-outs with timeout". The slips: trying again and again (`try_send`, `yield_now`) until there is a slot; a room that looks now and then
/// whether all is well.
#[test]
fn waiting_costs_nothing() {
    check(|| async {
        let room = open(1, 3);
        let mut calls = JoinSet::new();
        for number in 0..200 {
            let room = room.clone();
            calls.spawn(async move {
                match number % 2 {
                    0 => count_polls(room.posts_by("ann")).await.1,
                    _ => count_polls(room.post("ann", "hello")).await.1,
                }
            });
        }
        let polls = in_no_time("the answers to 200 calls at once", calls.join_all()).await;
        let most = polls.into_iter().max().unwrap_or_default();
        assert!(
            most <= 20,
            "200 calls share a mailbox of 1, and one of them was polled {most} times: it looks again and again instead of waiting in line"
        );
        let wake_ups = wake_ups_in_an_hour().await;
        assert!(
            wake_ups < 30,
            "the room has nothing to do, but in one quiet hour the runtime woke up {wake_ups} times or more"
        );
    });
}

/// Step 2. A mailbox of 0 could hold nothing.
#[test]
fn a_mailbox_of_0_panics() {
    check(|| async {
        expect_panics("");
        let opened = tokio::spawn(async { drop(open(0, 3)) }).await;
        assert!(
            opened.is_err(),
            "`open` with a mailbox of 0 should panic, as src/lib.rs says"
        );
    });
}

/// Step 2. Whatever the limit is, and however many authors there are.
///
/// Page: "Back edges never wait". The slips: a limit of 0 as "no limit"; a limit or a count in a smaller type; names that are compared loosely; counts of authors
/// that are forgotten; a post that is refused for its text.
#[test]
fn each_author_is_counted_whatever_the_limit() {
    check(|| async {
        let room = open(3, 0);
        let post = in_no_time("the answer to a post", room.post("ann", "hello")).await;
        assert_eq!(post, Err(Refused), "with a limit of 0, nobody may post");

        let room = open(3, u32::MAX);
        let posts_by = async |author: &str| {
            in_no_time("the answer of `posts_by`", room.posts_by(author)).await
        };
        let guests: Vec<String> = (1..=6_007)
            .map(|number| format!("guest {number}"))
            .collect();
        let long = ["x", "y"].map(|last| "x".repeat(70_000) + last);
        let names = [
            "ann", "Ann", "ann ", "", "ann\n", "\0", "\0a", "\u{e9}", "e\u{301}", "Aa", "BB",
            &long[0], &long[1],
        ];
        let authors = guests.iter().map(String::as_str).chain(names);
        let texts = ["hello", "", " \r\n", "\0", &long[0]];
        // Ann posts more often than a byte can count, and always the same.
        for (expected, author) in (1..).zip(authors.chain([names[0]; 299])) {
            let text = match author {
                "ann" => "hello",
                _ => texts[expected as usize % texts.len()],
            };
            let post = in_no_time("the answer to a post", room.post(author, text)).await;
            assert_eq!(
                post,
                Ok(expected),
                "each of many authors posts once, then ann 299 times more, and {} are allowed: post {expected} is by {:?}, and its text is {:?} ({} bytes). Whatever the text, only the count decides",
                u32::MAX,
                author.get(..40).unwrap_or(author),
                text.get(..40).unwrap_or(text),
                text.len()
            );
        }
        for author in guests
            .iter()
            .map(String::as_str)
            .chain(names)
            .filter(|author| *author != "ann")
        {
            let posts = posts_by(author).await;
            assert_eq!(
                posts,
                1,
                "{:?} ({} bytes) has posted once, and `posts_by` says {posts}",
                author.get(..40).unwrap_or(author),
                author.len()
            );
        }
        assert_eq!(posts_by("ann").await, 300, "ann has posted 300 times");
    });
}

/// Step 2. Numbers and counts grow beyond 65,536.
///
/// Page: "Back edges never wait". The slip: a count in a smaller type than the one that is returned.
#[test]
fn no_count_is_too_large() {
    one_schedule("this is about how many, not about when");
    check(|| async {
        let room = open(328, u32::MAX);
        for _ in 0..200 {
            answered_at_once(328, || room.post("ann", "hello")).await;
        }
        let posts = in_no_time("the answer of `posts_by`", room.posts_by("ann")).await;
        assert_eq!(posts, 65_600, "ann has posted 65,600 times");
        let post = in_no_time("the answer to a post", room.post("bob", "hello")).await;
        assert_eq!(post, Ok(65_601), "65,600 posts came before this one");
    });
}

/// Step 3. A question for the room is answered, also while it is being posted to.
///
/// Page: "Asking yourself". The slip: the room asks its own handle.
#[test]
fn questions_and_posts_at_once() {
    check(|| async {
        let room = open(1, 100);
        let mut callers = JoinSet::new();
        for caller in 0..50 {
            let room = room.clone();
            callers.spawn(async move {
                match caller % 2 {
                    0 => assert!(
                        room.post("ann", "hello").await.is_ok(),
                        "a post was refused, though 100 are allowed"
                    ),
                    _ => assert!(room.posts_by("ann").await <= 25, "25 posts at the most"),
                }
            });
        }
        in_no_time(
            "the answers to 25 posts and 25 questions at once",
            callers.join_all(),
        )
        .await;
        assert_eq!(
            in_no_time("the number of ann's posts", room.posts_by("ann")).await,
            25,
            "25 posts were accepted, and all of them are ann's"
        );
    });
}

/// Step 3. Room and moderator are two tasks, and both end with the last handle.
///
/// Page: chapter 9. The slip: a handle of the room inside of the moderator.
#[test]
fn room_and_moderator_end() {
    check(|| async {
        let room = open(1, 3);
        let _ = in_no_time("the answer to a post", room.post("ann", "hello")).await;
        let alive = alive_tasks().await;
        assert!(
            alive >= 2,
            "room and moderator stay two actors, each with a task of its own, and {alive} tasks are alive while there is a handle"
        );
        let clone = room.clone();
        drop(room);
        let post = in_no_time("the answer to a post", clone.post("ann", "hello")).await;
        assert_eq!(
            post,
            Ok(2),
            "one of two handles is gone, and the room lives on"
        );
        drop(clone);
        let alive = alive_tasks().await;
        assert_eq!(
            alive, 0,
            "the last handle is gone, but {alive} tasks live on: who still holds a Sender of whom?"
        );
    });
}

/// Step 3. A handle can outlive its room, when the room's runtime is gone. Its methods panic then, as src/lib.rs says.
///
/// Page: chapter 1. The slips: an answer that nobody has given: 0, or `Refused`; a line for slots that nobody tells of the end.
#[test]
fn a_room_that_has_ended_gives_no_answer() {
    check(|| async {
        expect_panics("");
        let (room, calls) = on_a_runtime_that_ends(|| async {
            let room = open(1, 3);
            let _ = within("the answer to a post", room.post("ann", "hello")).await;
            // The room does not get to run any more: one message waits in its mailbox, and the others for a slot.
            let calls = waiting(6, |number| {
                let room = room.clone();
                async move {
                    match number % 2 {
                        0 => format!("`post` returned {:?}", room.post("ann", "hello").await),
                        _ => format!("`posts_by` returned {}", room.posts_by("ann").await),
                    }
                }
            })
            .await;
            (room, calls)
        });
        for call in calls {
            let ended = in_no_time(
                "the panic of a call that waited for a slot, or for its answer, when its room ended",
                tokio::spawn(call),
            );
            if let Ok(answer) = ended.await {
                panic!("a call waited when its room ended, and {answer}: who has said that?");
            }
        }
        let post = {
            let room = room.clone();
            tokio::spawn(async move { room.post("ann", "hello").await })
        };
        if let Ok(answer) = in_no_time("the panic of `post`, whose room has ended", post).await {
            panic!("the room has ended, and `post` returned {answer:?}: who has judged that?");
        }
        let posts_by = tokio::spawn(async move { room.posts_by("ann").await });
        if let Ok(count) =
            in_no_time("the panic of `posts_by`, whose room has ended", posts_by).await
        {
            panic!("the room has ended, and `posts_by` returned {count}: who has counted that?");
        }
    });
}

/// Step 3. Whatever callers do, in any order, the room keeps its promises: 400 short stories that nobody wrote down, made by a machine
/// (tests/scenarios/room.rs). One that fails is shortened and told.
#[test]
fn your_promises_hold_whatever_callers_do() {
    harness::scenarios::<scenarios::room::Opened>(400);
}

/// Step 4. What goes in comes out, in its order, and at the end nothing is left.
///
/// Page: "One actor, and a full output". The slips: texts that overtake each other, or are forgotten; a text that is not handed on as it
/// is; a count that all relays share.
#[test]
fn relay_hands_on_everything_in_order() {
    check(|| async {
        let (relay, mut out) = start(1);
        let reader = tokio::spawn(async move {
            let mut texts = Vec::new();
            while let Some(text) = out.recv().await {
                texts.push(text);
            }
            texts
        });
        for text in texts(20) {
            in_no_time("the end of `forward`", relay.forward(text))
                .await
                .expect("the relay has ended early");
        }
        drop(relay);
        let got = in_no_time(
            "the end of the relay's output (it comes when no task holds a `Sender` of it any more)",
            reader,
        )
        .await
        .expect("the reader does not panic");
        assert_came_out(&got, 20);
    });
    check(|| async {
        let ((first, mut out), (second, _other)) = (start(1), start(1));
        in_no_time("the end of `forward`", first.forward("first".to_owned()))
            .await
            .expect("the relay has ended early");
        let text = in_no_time("the text that was forwarded", out.recv()).await;
        assert_eq!(
            text.as_deref(),
            Some("first"),
            "one text is forwarded, by one of two relays"
        );
        let accepted = in_no_time("the answer of `accepted`", second.accepted()).await;
        assert_eq!(
            accepted,
            Ok(0),
            "one of two relays has accepted a text, and the other one none: this is the other one"
        );
    });
}

/// Step 4. Without a reader there is nothing to relay to.
///
/// Page: "One actor, and a full output". The slips: the error of a send or of `reserve` is ignored; the relay notices only when the next
/// message comes.
#[test]
fn relay_ends_without_a_reader() {
    check(|| async {
        let (relay, out) = start(1);
        drop(out);
        // Both are right: the relay need not have noticed yet. With a text in hand it has to.
        if let Ok(()) = within("the end of `forward`", relay.forward("first".to_owned())).await {
            settle().await;
            assert_closed(&relay, WITHOUT_READER).await;
        }
        drop(relay);

        let (relay, out) = start(1);
        for text in texts(3) {
            within("the end of `forward`", relay.forward(text))
                .await
                .expect("the relay has ended early");
        }
        settle().await;
        drop(out);
        let alive = alive_tasks().await;
        assert!(
            alive == 0,
            "two texts wait, and their reader has gone: the relay should end at once (tasks alive: {alive})"
        );
        assert_closed(&relay, WITHOUT_READER).await;
    });
}

/// Step 4. A handle can outlive its relay, when the relay's runtime is gone.
///
/// Page: chapter 1. The slips: a text that is put where nobody will take it; a count that is kept beside the relay; a line for slots
/// that nobody tells of the end.
#[test]
fn relay_is_closed_when_its_runtime_is_gone() {
    check(|| async {
        let (out, _texts) = mpsc::channel(1);
        let (relay, calls) = on_a_runtime_that_ends(|| async {
            let relay = relay(out);
            let _ = within("the end of `forward`", relay.forward("first".to_owned())).await;
            // The relay does not get to run any more, and no mailbox of it has room for all of them.
            let calls = waiting(60, |number| {
                let relay = relay.clone();
                async move {
                    match number % 2 {
                        0 => relay.forward("late".to_owned()).await.map(|()| 0),
                        _ => relay.accepted().await,
                    }
                }
            })
            .await;
            (relay, calls)
        });
        for call in calls {
            let answer = in_no_time(
                "the end of a call that waited for a slot, or for its answer, when the relay's runtime went",
                call,
            )
            .await;
            assert!(
                answer == Err(Closed),
                "a call waited when the relay's runtime went: it should say Closed, and said {answer:?}"
            );
        }
        assert_closed(&relay, "the runtime of the relay is gone").await;
    });
}

/// Step 5. While nobody reads its output, the relay answers.
///
/// Page: "Listening while the output is full". The slips: `out.send(..).await` in the handler; a send that is kept by reference
/// while the handler sends again.
#[test]
fn relay_listens_while_its_output_is_full() {
    check(|| async {
        let (relay, _out) = start(1);
        for (count, text) in (1..).zip(texts(4)) {
            within("the end of `forward`", relay.forward(text))
                .await
                .expect("the relay has ended early");
            settle().await;
            let accepted = in_no_time(
                "an answer from the relay while its output is full",
                relay.accepted(),
            )
            .await;
            assert_eq!(
                accepted,
                Ok(count),
                "the relay has accepted {count} texts so far"
            );
        }
    });
}

/// Step 5. However often it is interrupted while it waits for a slot, it loses nothing.
///
/// Page: "What select! drops". The slips: `send(text)` as a branch of `select!`: another branch is taken, the future is dropped, and
/// the text with it. `try_send`, and what does not fit is forgotten.
#[test]
fn relay_loses_nothing_when_it_is_interrupted() {
    check(|| async {
        let (relay, mut out) = start(1);
        for text in texts(5) {
            within("the end of `forward`", relay.forward(text))
                .await
                .expect("the relay has ended early");
        }
        let mut got = Vec::new();
        for _ in 0..5 {
            // Each question comes while the relay waits for a slot in its output.
            for _ in 0..3 {
                settle().await;
                let accepted = in_no_time(
                    "an answer from the relay while its output is full",
                    relay.accepted(),
                )
                .await;
                assert_eq!(accepted, Ok(5), "the relay has accepted five texts");
            }
            got.push(
                in_no_time(
                    "the next of five accepted texts (the relay was asked for its count, and then its reader came)",
                    out.recv(),
                )
                .await
                .expect("the relay has ended early"),
            );
        }
        assert_came_out(&got, 5);
    });
}

/// Step 5. A text goes out as soon as there is a slot for it, and nobody has to ask for that.
///
/// Page: "Listening while the output is full". The slips: looking for a slot only when a message comes; a relay that spins while it has
/// nothing to hand on; a relay that hands nothing on while more is coming in (`biased;`, and the mailbox first); a permit that is given
/// back before the text is sent, so that somebody else gets the slot.
#[test]
fn relay_hands_on_as_soon_as_there_is_a_slot() {
    check(|| async {
        let (relay, mut out) = start(1);
        for text in texts(5) {
            within("the end of `forward`", relay.forward(text))
                .await
                .expect("the relay has ended early");
        }
        settle().await;
        for text in texts(5) {
            let got = in_no_time(
                "the next text, though nobody told the relay that there is a slot",
                out.recv(),
            )
            .await;
            assert_eq!(
                got,
                Some(text),
                "five texts come out in the order in which they went in"
            );
        }
        settle().await;
        let wake_ups = wake_ups_in_an_hour().await;
        assert!(
            wake_ups < 30,
            "the relay has nothing to hand on, but in one quiet hour the runtime woke up {wake_ups} times or more"
        );
    });
    check(|| async {
        let (relay, mut out) = start(1);
        for number in 1..=6_007 {
            let text = format!("text {number}");
            within("the end of `forward`", relay.forward(text.clone()))
                .await
                .expect("the relay has ended early");
            let got = in_no_time("the only text that waits", out.recv()).await;
            assert_eq!(
                got,
                Some(text),
                "each text is read before the next one is forwarded"
            );
        }
    });
    // Somebody else sends to the output as well, and waits in line for a slot.
    check(|| async {
        let (out, mut output) = mpsc::channel(1);
        let relay = relay(out.clone());
        let other = tokio::spawn(async move {
            for number in 1..=12 {
                let sent = out.send(format!("of somebody else, {number}")).await;
                sent.expect("the output has a reader");
            }
        });
        for text in texts(6) {
            within("the end of `forward`", relay.forward(text))
                .await
                .expect("the relay has ended early");
        }
        let mut got = Vec::new();
        for round in 1..=6 {
            settle().await;
            // Not each time: whoever is asked may go to the end of the line.
            if round % 3 == 2 {
                let accepted = in_no_time(
                    "an answer from the relay while somebody else waits for a slot in its output, too",
                    relay.accepted(),
                )
                .await;
                assert_eq!(accepted, Ok(6), "the relay has accepted six texts");
            }
            got.extend(in_no_time("the next text", output.recv()).await);
        }
        drop(relay);
        while let Some(text) = in_no_time("the rest of the output", output.recv()).await {
            got.push(text);
        }
        in_no_time("the end of the other sender", other)
            .await
            .expect("the other sender does not panic");
        got.retain(|text| !text.starts_with("of somebody else"));
        if let Some(lost) = texts(6).iter().find(|text| !got.contains(text)) {
            panic!(
                "{lost:?} was accepted, and never came out of an output that somebody else sends to as well: a permit that is given back goes to the next one in line. What does the relay send with?"
            );
        }
        assert_came_out(&got, 6);
    });
    one_schedule("another one may put off the relay until all is forwarded");
    check(|| async {
        let (relay, mut out) = start(1);
        let mut callers = JoinSet::new();
        for _ in 0..3 {
            let relay = relay.clone();
            callers.spawn(async move {
                for text in 1..=7_000 {
                    let forwarded = relay.forward(text.to_string()).await;
                    forwarded.expect("the relay has ended early");
                    // So that the others get to run, also when `forward` never waits.
                    if text % 100 == 0 {
                        yield_now().await;
                    }
                }
            });
        }
        for _ in 0..10 {
            let text = in_no_time("the next text, while callers forward more", out.recv()).await;
            text.expect("the relay has ended early");
        }
        assert!(
            callers.try_join_next().is_none(),
            "three callers forward 7,000 texts each, and a reader takes what comes: it had not got ten texts when one of the callers was done. \
             A text goes out as soon as there is a slot, also while more come: when does your relay look for a slot?"
        );
        drop(relay);
        while within("the rest of the output", out.recv()).await.is_some() {}
    });
}

/// Step 5. A caller that waits for a slot in the relay's mailbox sleeps.
///
/// Page: "Listening while the output is full". The slips: trying again and again (`try_send`, `yield_now`) until there is a slot.
/// A relay that stops listening when its queue is long.
#[test]
fn relay_callers_wait_in_line() {
    check(|| async {
        let (relay, mut out) = start(1);
        let mut calls = JoinSet::new();
        for text in texts(600) {
            let relay = relay.clone();
            calls.spawn(async move { count_polls(relay.forward(text)).await.1 });
        }
        let polls = in_no_time(
            "the end of 600 `forward` at once, while nobody reads the output",
            calls.join_all(),
        )
        .await;
        let most = polls.into_iter().max().unwrap_or_default();
        assert!(
            most <= 20,
            "600 texts are forwarded at once, and one of the calls was polled {most} times: it looks again and again instead of waiting in line"
        );
        drop(relay);
        while within("the rest of the output", out.recv()).await.is_some() {}
    });
}

/// Step 6. However many texts wait, they wait in one queue, and not in a task for each of them.
///
/// Page: "Spawning is no way out". The slips: `tokio::spawn(out.send(text))`: nothing says how many there may be, nor in which order. A queue
/// that takes so many and no more, though the relay promises to keep what it is given.
#[test]
fn relay_needs_no_task_for_each_text() {
    check(|| async {
        let (relay, mut out) = start(1);
        let mut texts = texts(65_607).into_iter();
        for (number, more) in [(300, 300), (30_300, 30_000), (65_607, 35_307)] {
            within("the end of `forward`", async {
                for text in texts.by_ref().take(more) {
                    let forwarded = relay.forward(text).await;
                    forwarded.expect("the relay has ended early");
                }
            })
            .await;
            let tasks = alive_tasks().await;
            assert!(
                tasks <= 3,
                "{number} texts wait for a slot, and {tasks} tasks wait with them: a queue that you cannot see"
            );
        }
        let accepted = in_no_time("the count of accepted texts", relay.accepted()).await;
        assert_eq!(accepted, Ok(65_607), "65,607 texts were accepted");
        drop(relay);
        settle().await;
        let mut got = Vec::new();
        within("the rest of the output", async {
            while let Some(text) = out.recv().await {
                got.push(text);
            }
        })
        .await;
        assert_came_out(&got, 65_607);
    });
}

/// Step 6. Whatever its callers and its reader do, in any order, the relay keeps its promises: 400 short stories more (tests/scenarios/relay.rs).
#[test]
fn your_promises_hold_whatever_the_relays_reader_does() {
    harness::scenarios::<scenarios::relay::Output>(400);
}

/// How often the runtime woke up in one virtual hour: a few times, for the hour's own timer. When it is often, a minute is enough.
async fn wake_ups_in_an_hour() -> u64 {
    let before = wake_ups_so_far();
    for minutes in [1, 59] {
        sleep(Duration::from_secs(60 * minutes)).await;
        if wake_ups_so_far() - before > 60 {
            break;
        }
    }
    wake_ups_so_far() - before
}

/// Calls that have been polled once, and wait. Nobody else gets to run meanwhile.
async fn waiting<F>(times: usize, call: impl Fn(usize) -> F) -> Vec<Pin<Box<F>>>
where
    F: Future,
{
    let mut waiting = Vec::new();
    for number in 0..times {
        let mut call = Box::pin(call(number));
        if poll_fn(|cx| Poll::Ready(call.as_mut().poll(cx).is_pending())).await {
            waiting.push(call);
        }
    }
    waiting
}

const WITHOUT_READER: &str = "nobody reads the output any more, and the relay has a text to hand on, so it ends (an error of `send` or `reserve` tells it so)";

fn start(capacity: usize) -> (RelayHandle, Receiver<String>) {
    let (out, texts) = mpsc::channel(capacity);
    (relay(out), texts)
}

/// More calls than any mailbox has slots: none of them hangs.
async fn assert_closed(relay: &RelayHandle, why: &str) {
    for _ in 0..40 {
        let forward = in_no_time("the end of `forward`", relay.forward("late".to_owned())).await;
        assert!(
            forward == Err(Closed),
            "{why}: `forward` should say Closed, and said {forward:?}"
        );
        let accepted = in_no_time("the end of `accepted`", relay.accepted()).await;
        assert!(
            accepted == Err(Closed),
            "{why}: `accepted` should say Closed, and said {accepted:?}"
        );
    }
}

/// All texts came out, in the order in which they were forwarded.
fn assert_came_out(got: &[String], count: usize) {
    for (number, text) in texts(count).iter().enumerate() {
        match got.get(number) {
            None => panic!(
                "{count} texts were accepted, and the output ended after {number}: what still waits when the last handle is dropped is handed on first"
            ),
            Some(other) => assert!(
                other == text,
                "what is forwarded comes out, all of it and in its order: {:?} ({} bytes) was next, and {:?} ({} bytes) came out.\nThe one that was next {}",
                text.get(..40).unwrap_or(text),
                text.len(),
                other.get(..40).unwrap_or(other),
                other.len(),
                if got.contains(text) {
                    "came out later: it was overtaken."
                } else if !other.is_empty()
                    && text.contains(other.as_str())
                    && !texts(count).contains(other)
                {
                    "was cut: a text is handed on as it is."
                } else {
                    "never came out: it was lost. Which future, or which error, held it? (Page: \"Listening while the output is full\")"
                }
            ),
        }
    }
    if let Some(more) = got.get(count) {
        panic!("{count} texts were forwarded, and after them {more:?} came out");
    }
}

fn texts(count: usize) -> Vec<String> {
    // One has several lines, with spaces around, and one is long.
    (1..=count)
        .map(|number| match number {
            7 => " Text 7,\r\nand more\0 \n".to_owned(),
            13 => format!("text {}13", "x".repeat(70_000)),
            _ => format!("text {number}"),
        })
        .collect()
}

/// Handles can be cloned and sent to other tasks.
const _: fn() = || {
    fn is_handle<T: Clone + Send + Sync + 'static>() {}
    is_handle::<RoomHandle>();
    is_handle::<RelayHandle>();
};
