//! What the room and the relay promise. Each test says what it wants and which slip it is there to catch.
//!
//! The tests run in virtual time, on a runtime of their own (see exercises/harness): nothing in here has to take time, so
//! a time-out as a cure is found out. When a test's body ends, every task has to end as well.

use deadlocks::{Closed, Refused, RelayHandle, RoomHandle, open, relay};
use harness::{alive_tasks, check, in_no_time, settle, wake_ups, within};
use tokio::{
    sync::mpsc::{self, Receiver},
    task::JoinSet,
};

/// One post, one answer.
///
/// Page: "Two actors that ask each other". The slips: a larger mailbox, or one without a bound: the room does not wait for a place,
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

/// The moderator counts what an author has posted, and refuses what is too much.
///
/// Page: "Cut one edge". The slip: a refused post counts all the same.
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
            "who has not posted has posted 0"
        );
    });
}

/// Hundreds of callers at once, on small mailboxes.
///
/// Page: "A larger mailbox hides it". The slips: a circle of bounded sends, whatever the size; a question asked beside the others, so that
/// two of them see the same count.
#[test]
fn hundreds_at_once_on_small_mailboxes() {
    for mailbox in [1, 4] {
        check(move || async move {
            let room = open(mailbox, 7);
            let mut posting = JoinSet::new();
            for author in ["ann", "bob", "cy", "dee", "eve"] {
                for _ in 0..60 {
                    let room = room.clone();
                    posting.spawn(async move { room.post(author, "hello").await });
                }
            }
            let answers = in_no_time("the answers to 300 posts at once", posting.join_all()).await;
            let mut numbers: Vec<u64> = answers.iter().filter_map(|answer| answer.ok()).collect();
            numbers.sort_unstable();
            assert_eq!(
                numbers.len(),
                35,
                "five authors posted 60 times each, and seven are allowed: 35 posts should be accepted, and the others refused. If it is more: were two posts of one author judged by the same count?"
            );
            assert!(
                numbers.iter().copied().eq(1..=35),
                "accepted posts are numbered 1 to 35, but got {numbers:?}"
            );
            assert_eq!(
                in_no_time("the number of ann's posts", room.posts_by("ann")).await,
                7,
                "seven of ann's posts were accepted"
            );
        });
    }
}

/// A question for the room is answered, also while it is being posted to.
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
            25
        );
    });
}

/// Room and moderator are two tasks, and both end with the last handle.
///
/// Page: chapter 9. The slip: a handle of the room inside of the moderator.
#[test]
fn room_and_moderator_end() {
    check(|| async {
        let room = open(1, 3);
        let _ = in_no_time("the answer to a post", room.post("ann", "hello")).await;
        assert!(
            alive_tasks().await >= 2,
            "room and moderator are two actors: who has taken over the moderator's work?"
        );
        drop(room);
        let alive = alive_tasks().await;
        assert_eq!(
            alive, 0,
            "the last handle is gone, but {alive} tasks live on: who still holds a Sender of whom?"
        );
    });
}

/// Part b. What goes in comes out, in its order, and at the end nothing is left.
///
/// Page: "Listening while you wait for a place". The slip: texts that overtake each other, or are forgotten.
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
        let got = in_no_time("the end of the relay's output", reader)
            .await
            .expect("the reader does not panic");
        assert_eq!(
            got,
            texts(20),
            "what is forwarded comes out, all of it and in its order"
        );
    });
}

/// Part b. While nobody reads its output, the relay answers.
///
/// Page: "Listening while you wait for a place". The slips: `out.send(..).await` in the handler; a send that is kept by reference
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

/// Part b. However often it is interrupted while it waits for a place, it loses nothing.
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
            // Each question comes while the relay waits for a place in its output.
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
                in_no_time("the next of five accepted texts (was it lost when the relay was asked something?)", out.recv())
                    .await
                    .expect("the relay has ended early"),
            );
        }
        assert_eq!(
            got,
            texts(5),
            "the relay was asked something while it waited for a place, and a text got lost or out of order"
        );
    });
}

/// Part b. What waits does so in one queue, not in a task for each text.
///
/// Page: "Spawning is no way out". The slip: `tokio::spawn(out.send(text))`: nothing says how many there may be, nor in which order.
#[test]
fn relay_needs_no_task_for_each_text() {
    check(|| async {
        let (relay, mut out) = start(1);
        for text in texts(300) {
            within("the end of `forward`", relay.forward(text))
                .await
                .expect("the relay has ended early");
            settle().await;
        }
        let tasks = alive_tasks().await;
        assert!(
            tasks <= 3,
            "300 texts wait for a place, and {tasks} tasks wait with them: a queue that you cannot see"
        );
        drop(relay);
        settle().await;
        let mut got = Vec::new();
        while let Some(text) = within("the rest of the output", out.recv()).await {
            got.push(text);
        }
        assert_eq!(
            got,
            texts(300),
            "300 texts were accepted, then the last handle was dropped: what still waits then is handed on first"
        );
    });
}

/// Part b. A text takes its place as soon as there is one, and nobody has to ask for it.
///
/// Page: "Listening while you wait for a place". The slips: looking for a place only when a message comes; a relay that spins while it has
/// nothing to hand on.
#[test]
fn relay_takes_a_place_as_soon_as_there_is_one() {
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
                "the next text, though nobody told the relay that there is a place",
                out.recv(),
            )
            .await;
            assert_eq!(
                got,
                Some(text),
                "nobody asked the relay for anything, and the texts come out otherwise than they went in"
            );
        }
        settle().await;
        let wake_ups = wake_ups().await;
        assert!(
            wake_ups < 30,
            "the relay has nothing to hand on, but in one quiet minute the runtime woke up {wake_ups} times"
        );
    });
}

/// Part b. Without a reader there is nothing to relay to.
///
/// Page: "Listening while you wait for a place". The slip: the error of a send or of `reserve` is ignored.
#[test]
fn relay_ends_without_a_reader() {
    check(|| async {
        let (relay, out) = start(1);
        drop(out);
        let _ = within("the end of `forward`", relay.forward("first".to_owned())).await;
        settle().await;
        let second = within("an answer to `forward`", relay.forward("second".to_owned())).await;
        assert_eq!(
            second,
            Err(Closed),
            "nobody reads the output any more, and the relay still accepts texts"
        );
        assert_eq!(
            within("an answer of the relay", relay.accepted()).await,
            Err(Closed)
        );
    });
}

fn start(capacity: usize) -> (RelayHandle, Receiver<String>) {
    let (out, texts) = mpsc::channel(capacity);
    (relay(out), texts)
}

fn texts(count: usize) -> Vec<String> {
    (1..=count).map(|number| format!("text {number}")).collect()
}

/// Handles can be cloned and sent to other tasks.
const _: fn() = || {
    fn is_handle<T: Clone + Send + Sync + 'static>() {}
    is_handle::<RoomHandle>();
    is_handle::<RelayHandle>();
};
