//! What a room promises, whatever it is built on. Each test says what it wants and which slip it is there to catch.
//!
//! Nothing in here knows of Kameo: the tests of steps 1 to 3 run with the room by hand (by_hand/mod.rs) first, and then with yours. In
//! virtual time, on a runtime of their own (see exercises/harness). When a test's body ends, all its handles are dropped, and then every task
//! has to end as well.

#![allow(clippy::drop_non_drop)] // the stub's handles are empty

mod by_hand;
mod scenarios;

use by_hand::ByHand;
use harness::{
    Calls, alive_tasks, answered_at_once, check, expect_panics, in_no_time, on_a_runtime_that_ends,
    settle, start_and_drop, until_half_are_answered,
};
use libraries::{Member, Moderator, OnKameo, Refused, Rooms, Screen, Status, Supervised};
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::time::sleep;

/// Step 1. Posts get the numbers 1, 2, 3, through whichever clone they come, and are shown in this order.
///
/// Page: "The same room". The slips: a room for each handle; a reply that is made up.
#[test]
fn posts_are_numbered_and_shown() {
    numbered_and_shown::<ByHand>();
    numbered_and_shown::<OnKameo>();
}

fn numbered_and_shown<R: Rooms>() {
    check(|| async {
        let shown = Shown::default();
        let (member, _moderator) = R::open(shown.screen()).await;
        assert!(
            alive_tasks().await > 0,
            "no async task is running: who owns the room's state?"
        );
        for (member, number) in [(&member, 1), (&member.clone(), 2), (&member, 3)] {
            assert_eq!(
                post(member, &format!("text {number}")).await,
                Ok(number),
                "posts are numbered 1, 2, 3, whichever clone they come from. (A second 1 comes from a second room)"
            );
        }
        assert_eq!(
            shown.lines(),
            ["1 text 1", "2 text 2", "3 text 3"],
            "what was posted is on the room's screen, each post once: `Room::post` shows it"
        );
        let (other, _moderator) = R::open(Shown::default().screen()).await;
        assert_eq!(
            post(&other, "a").await,
            Ok(1),
            "nobody has posted in the second room: rooms share nothing"
        );
    });
}

/// Step 1. A caller that gives up is no concern of the room. What it has sent is in the room.
///
/// Page: "The same room". The slip: a `Result` as the answer to a message that nobody asked, which Kameo takes for a panic.
#[test]
fn a_caller_that_gives_up_does_no_harm() {
    giving_up::<ByHand>();
    giving_up::<OnKameo>();
}

fn giving_up<R: Rooms>() {
    check(|| async {
        let shown = Shown::default();
        let (member, _moderator) = R::open(shown.screen()).await;
        settle().await;
        start_and_drop(1, || member.post("of somebody who has left".to_owned())).await;
        assert!(
            alive_tasks().await > 0,
            "somebody posted and did not wait for the number, and the room died of it: a reply that nobody waits for is no error of the actor"
        );
        assert_eq!(
            post(&member, "of somebody who stays").await,
            Ok(2),
            "a post was in the mailbox when its caller gave up, so it is in the room: it has number 1, and the next post should get 2"
        );
    });
}

/// Step 1. When posts come faster than they are handled, their callers wait. All handles share that one bound.
///
/// Page: "What the library decides for you". The slips: `mailbox::unbounded()`; a task for each post; a post that is refused when the mailbox
/// is full.
#[test]
fn the_mailbox_is_bounded() {
    bounded::<ByHand>();
    bounded::<OnKameo>();
}

fn bounded<R: Rooms>() {
    check(|| async {
        let (member, _moderator) = R::open(Shown::default().screen()).await;
        let refused = Mutex::new(None);
        let accepted = answered_at_once(5_000, || {
            let (member, refused) = (member.clone(), &refused);
            async move {
                if let Err(why) = member.post("a".to_owned()).await {
                    *refused.lock().unwrap() = Some(why);
                }
            }
        })
        .await;
        assert_eq!(
            refused.into_inner().unwrap(),
            None,
            "5000 posts came in one moment, more than a mailbox holds, and one was refused (left). The room is open, and there is no slow mode: a post waits for its slot"
        );
        assert!(
            accepted <= 2_000,
            "{accepted} of 5000 posts went in while nobody read them: the mailbox has no bound. How long may it get, and who has said so?"
        );
        let (member, _moderator) = R::open(Shown::default().screen()).await;
        let half = until_half_are_answered(5_000, || {
            let member = member.clone();
            async move { member.post("a".to_owned()).await }
        });
        let answered = in_no_time("the answers to half of 5000 posts", half).await;
        let last = post(&member, "last").await;
        let Ok(last) = last else {
            panic!("5000 posted, half of them gave up, and one more post gets {last:?}")
        };
        assert!(
            last - answered as u64 <= 2_001,
            "5000 posted while the room worked. When {answered} of them had their answers and the others gave up, {} more had been taken in: behind the mailbox \
             messages wait without a bound. An actor takes the next message when it is done with the last one",
            last - answered as u64 - 1
        );
    });
}

/// Step 2. The moderator sees what members do, and makes more of them.
///
/// Page: "Ask, tell, and their errors". The slips: `member()` that opens a room; an actor that asks itself.
#[test]
fn the_moderator_looks_after_the_same_room() {
    looks_after::<ByHand>();
    looks_after::<OnKameo>();
}

fn looks_after<R: Rooms>() {
    check(|| async {
        let (member, moderator) = R::open(Shown::default().screen()).await;
        let invited = moderator.member();
        for (member, number) in [(&member, 1), (&invited, 2)] {
            assert_eq!(
                post(member, &format!("text {number}")).await,
                Ok(number),
                "a member that the moderator has made posts in the same room"
            );
        }
        let expected = Status {
            posts: 2,
            refused: 0,
            last: Some("text 2".to_owned()),
            per_minute: None,
        };
        assert_eq!(
            status(&moderator).await,
            expected,
            "two posts were accepted: the moderator asks the actor that the members post to"
        );
        start_and_drop(1, || moderator.status()).await;
        assert!(
            alive_tasks().await > 0,
            "the moderator asked for the status and did not wait for it, and the room died of it"
        );
    });
}

/// Step 2. Messages are handled in the order in which they were sent, whichever kind of handle sent them. A post that slow mode refuses says
/// so, and does the room no harm.
///
/// Page: "Ask, tell, and their errors". The slips: a tell that is sent by a task of its own; an ask where nothing comes back; every error
/// taken for `Closed`; a `Result` that nobody takes, which ends the actor.
#[test]
fn order_is_kept_across_handles() {
    for _ in 0..16 {
        in_order::<ByHand>();
        in_order::<OnKameo>();
    }
}

fn in_order<R: Rooms>() {
    check(|| async {
        let (member, moderator) = R::open(Shown::default().screen()).await;
        settle().await;
        assert_eq!(
            start_and_drop(1, || moderator.slow_mode(u32::MAX)).await,
            1,
            "the mailbox is empty, and `slow_mode` waits all the same (0 calls returned at once, left): nothing comes back, so it returns when its message is in the mailbox, as a tell does"
        );
        settle().await;
        let mut calls = Calls::new();
        let poster = member.clone();
        calls
            .start(0, async move { poster.post("a".to_owned()).await })
            .await;
        slow_mode(&moderator, 0).await;
        settle().await;
        assert_eq!(
            calls.look().await.pop().map(|(_, answer)| answer),
            Some(Ok(1)),
            "a post was sent, and then slow mode was set to 0: the post came first, and slow mode has overtaken it. (None: the post has no answer.)"
        );
        // The tell has returned, so it is in the mailbox: what is sent now comes behind it.
        slow_mode(&moderator, 1).await;
        assert_eq!(
            post(&member, "b").await,
            Ok(2),
            "slow mode was set to 1, and then a post was sent: the post has overtaken it"
        );
        assert_eq!(
            post(&member, "c").await,
            Err(Refused::TooFast),
            "slow mode allows one post a minute, and this was the second: the room's own `Err` is the answer"
        );
        assert!(
            alive_tasks().await > 0,
            "a post was refused, and the room has ended: an `Err` is an answer, and no reason to end. (Kameo takes it for a failure of the actor when nobody has asked for it: the answer to a tell)"
        );
        start_and_drop(1, || member.post("of somebody who has left".to_owned())).await;
        let status = status(&moderator).await;
        assert_eq!(
            (status.posts, status.refused, status.per_minute),
            (2, 2, Some(1)),
            "two posts were accepted, two refused, and the room goes on, whether anybody waits for the answer or not"
        );
        sleep(Duration::from_secs(60)).await;
        assert_eq!(post(&member, "d").await, Ok(3), "the next minute has begun");
    });
}

/// Step 3. The room lives as long as any of its handles, whatever its kind.
///
/// Page: "Who keeps it alive". The slips: an actor that holds its own `ActorRef`; a room that ends with its moderator.
#[test]
fn the_room_lives_as_long_as_any_handle() {
    lives_as_long::<ByHand>();
    lives_as_long::<OnKameo>();
}

fn lives_as_long<R: Rooms>() {
    check(|| async {
        let (member, moderator) = R::open(Shown::default().screen()).await;
        assert!(
            alive_tasks().await > 0,
            "there are handles, and no task: the room has ended as soon as it was opened. Who keeps it alive, and who keeps that one alive?"
        );
        drop(moderator);
        sleep(Duration::from_secs(11 * 3600)).await;
        assert_eq!(
            post(&member, "a").await,
            Ok(1),
            "the moderator has left without closing the room, and nobody posted for a night: members still can"
        );
        drop(member);
        assert_eq!(
            alive_tasks().await,
            0,
            "the last handle is gone, so nobody can reach the room any more, and it is still there: who else holds an `ActorRef`, or a sender of its mailbox?"
        );
        let (member, moderator) = R::open(Shown::default().screen()).await;
        drop(member);
        assert_eq!(
            post(&moderator.member(), "a").await,
            Ok(1),
            "the last member has left: the room is there for its moderator"
        );
        drop(moderator);
        assert_eq!(
            alive_tasks().await,
            0,
            "the moderator is gone, and there was no member: the room is still there"
        );
    });
}

/// Step 3. What was accepted before the last handle went is still done.
///
/// Page: "Who keeps it alive". The slips: `kill()` instead of an end; a handle that stops the actor when it is dropped.
#[test]
fn what_was_accepted_is_shown_after_the_last_handle_went() {
    accepted_is_shown::<ByHand>();
    accepted_is_shown::<OnKameo>();
}

fn accepted_is_shown<R: Rooms>() {
    check(|| async {
        let open = three_posts::<R>(false).await;
        let gone = three_posts::<R>(true).await;
        assert!(
            open.first().is_some_and(|line| line == "1 a"),
            "three posted and gave up, and the mailbox was empty: the first post at least was in it, and is shown. Shown are {open:?}"
        );
        assert_eq!(
            gone, open,
            "posts were in the mailbox when the last handle was dropped, and these were shown (left). With a handle left it was these (right): accepted is accepted"
        );
    });
}

/// What is shown when three post and give up. The last handle goes before the actor gets to run, or after it.
async fn three_posts<R: Rooms>(handles_go: bool) -> Vec<String> {
    let shown = Shown::default();
    let handles = R::open(shown.screen()).await;
    settle().await;
    start_and_drop(3, || handles.0.post("a".to_owned())).await;
    let kept = (!handles_go).then_some(handles);
    settle().await;
    drop(kept);
    shown.lines()
}

/// Step 3. `close` ends the room, though it has members. What was sent before it is handled first, and nothing that is sent behind it.
///
/// Page: "Who keeps it alive". The slips: `kill()`, which goes before the mailbox; a `close` that drops its own handle and no more.
#[test]
fn close_keeps_its_place_in_the_line() {
    for _ in 0..16 {
        close_in_line::<ByHand>();
        close_in_line::<OnKameo>();
    }
}

fn close_in_line<R: Rooms>() {
    check(|| async {
        let shown = Shown::default();
        let (member, moderator) = R::open(shown.screen()).await;
        settle().await;
        let mut calls = Calls::new();
        let (before, behind) = (member.clone(), member.clone());
        calls
            .start(0, async move { before.post("before".to_owned()).await })
            .await;
        let mut closing = Calls::new();
        closing.start(0, moderator.close()).await;
        calls
            .start(1, async move { behind.post("behind".to_owned()).await })
            .await;
        let (mut posted, mut status) = ([None, None], None);
        // With a mailbox of one message each of them has to wait for its slot.
        for _ in 0..4 {
            settle().await;
            for (call, answer) in calls.look().await {
                posted[call] = Some(answer);
            }
            if let Some((_, answer)) = closing.look().await.pop() {
                status = Some(answer);
            }
        }
        let Some(status) = status else {
            panic!(
                "`close` has not returned, and nobody is at work: does the actor ask itself, or wait for what only it can send?"
            );
        };
        assert_eq!(
            posted[0],
            Some(Ok(1)),
            "a post was sent, and then the room was closed: the post came first, and is in the room"
        );
        assert!(
            posted[1].is_some_and(is_gone),
            "the room was closed, and a post was sent before the actor had heard of it: it is behind `close`, and is refused or lost. It got {:?}. (`Ok(2)`: the room has not ended with the message that `close` is. `Ok(1)` comes from a new room: one that was closed stays closed. None: it waits for ever.)",
            posted[1]
        );
        assert_eq!(
            (status.posts, status.refused),
            (1, 0),
            "`close` returns how the room was when its turn came"
        );
        assert_eq!(
            post(&member, "later").await,
            Err(Refused::Closed),
            "the room is closed, and a member who is left posts: nobody takes it"
        );
        assert_eq!(shown.lines(), ["1 before"], "one post was accepted");
        assert_eq!(
            alive_tasks().await,
            0,
            "the room is closed, and a task of it is still there: all of them end with `close`, whoever still holds a handle"
        );
    });
}

/// Step 3. When the actor is gone, a call says so and does not wait: the screen has panicked, or the runtime has ended.
///
/// Page: "Ask, tell, and their errors". The slips: a tell whose error is thrown away; an answer that is made up.
#[test]
fn when_the_actor_is_gone_each_call_says_so() {
    gone::<ByHand>();
    gone::<OnKameo>();
}

fn gone<R: Rooms>() {
    check(|| async {
        expect_panics("");
        let (member, moderator) = R::open(broken_on(1)).await;
        assert_eq!(
            post(&member, "over which it panics").await,
            Err(Refused::Lost),
            "the room had the post, panicked over it, and nobody opens it again: the post is lost"
        );
        settle().await;
        calls_say_so(
            member,
            moderator,
            "the room has panicked, and nobody opens it again",
        )
        .await;
        let (member, moderator) =
            on_a_runtime_that_ends(|| async { R::open(Shown::default().screen()).await });
        calls_say_so(member, moderator, "the room's runtime has ended").await;
    });
}

async fn calls_say_so<M: Moderator>(member: M::Member, moderator: M, why: &str) {
    assert_eq!(
        post(&member, "later").await,
        Err(Refused::Closed),
        "{why}, and a member posts: nobody takes it"
    );
    assert_eq!(
        post(&moderator.member(), "later").await,
        Err(Refused::Closed),
        "{why}, and a new member posts: nobody takes it"
    );
    let moderator = Arc::new(moderator);
    let asks = moderator.clone();
    panics("status", why, async move { drop(asks.status().await) }).await;
    let tells = moderator.clone();
    panics("slow_mode", why, async move { tells.slow_mode(1).await }).await;
    settle().await;
    let moderator = Arc::into_inner(moderator).expect("the others are dropped");
    panics("close", why, async move { drop(moderator.close().await) }).await;
}

/// Step 4. A supervised room is a room: all that was promised so far holds for it.
///
/// Page: "A supervisor". The slips: a supervisor that nobody ends; a room that is opened again after it was closed; an actor that dies with
/// the supervisor that nobody holds.
#[test]
fn a_supervised_room_is_a_room() {
    lives_as_long::<Supervised>();
    numbered_and_shown::<Supervised>();
    giving_up::<Supervised>();
    bounded::<Supervised>();
    looks_after::<Supervised>();
    in_order::<Supervised>();
    accepted_is_shown::<Supervised>();
    close_in_line::<Supervised>();
    check(|| async {
        expect_panics("");
        let (member, moderator) =
            on_a_runtime_that_ends(|| async { Supervised::open(Shown::default().screen()).await });
        calls_say_so(member, moderator, "the room's runtime has ended").await;
    });
}

/// Step 4. The room is opened again when it panics, behind the handles that are there. One post is lost, the one over which it panicked.
///
/// Page: "A supervisor". The slips: a handle that holds the old actor; a link that takes the handles' room down with the first one; a post
/// that waits for ever.
#[test]
fn a_room_that_panics_is_opened_again() {
    check(|| async {
        expect_panics(BROKEN);
        let (member, moderator) = Supervised::open(broken_on(2)).await;
        let old = member.clone();
        assert_eq!(post(&member, "a").await, Ok(1), "nothing has panicked yet");
        for time in 1..=5 {
            slow_mode(&moderator, 2).await;
            assert_eq!(
                post(&member, "over which it panics").await,
                Err(Refused::Lost),
                "the room had the post and panicked over it: it is lost, and the room is not closed"
            );
            let after =
                format!("the room has panicked {time} times, without a pause, and survives five");
            assert_eq!(
                post(&member, "a").await,
                Ok(1),
                "{after}: this handle is older than the room that is there now, and has to reach it. It is a new one, and its first post has number 1"
            );
            let expected = Status {
                posts: 1,
                refused: 0,
                last: Some("a".to_owned()),
                per_minute: None,
            };
            assert_eq!(
                status(&moderator).await,
                expected,
                "{after}: the moderator's handle reaches the new room, too, which has one post and no slow mode"
            );
        }
        drop((member, old));
        assert!(
            alive_tasks().await > 0,
            "the members have left, and the moderator has not: the room has ended"
        );
        drop(moderator);
        assert_eq!(
            alive_tasks().await,
            0,
            "the last handle is gone after five panics, and a task is still there: who holds the supervisor, or a sender of the room's mailbox?"
        );
    });
}

/// Step 4. What waits in the mailbox when the room panics is handled by the next room, in its order.
///
/// Page: "A supervisor". The slips: a new mailbox for each room; messages that are thrown away; callers that wait for ever.
#[test]
fn what_waits_in_the_mailbox_outlives_a_panic() {
    check(|| async {
        expect_panics(BROKEN);
        let shown = Shown::default();
        let (member, moderator) = Supervised::open(shown.broken_on("panic")).await;
        settle().await;
        for round in ["first", "second"] {
            let mut calls = Calls::new();
            for (call, text) in ["a", "panic", "b", "c", "d"].iter().enumerate() {
                let member = member.clone();
                calls
                    .start(call, async move { member.post((*text).to_owned()).await })
                    .await;
            }
            let mut posted = [None; 5];
            for _ in 0..8 {
                settle().await;
                for (call, answer) in calls.look().await {
                    posted[call] = Some(answer);
                }
            }
            let a = if round == "first" { 1 } else { 4 };
            let lost = Some(Err(Refused::Lost));
            assert_eq!(
                posted,
                [Some(Ok(a)), lost, Some(Ok(1)), Some(Ok(2)), Some(Ok(3))],
                "{round} round: \"a\", \"panic\", \"b\", \"c\" and \"d\" were posted at once, and the room panics over \"panic\". That post is lost, and those behind it are \
                 handled by the next room, since the mailbox outlives the panic. (None: that post waits for ever.)"
            );
        }
        assert_eq!(
            shown.lines(),
            ["1 a", "1 b", "2 c", "3 d", "4 a", "1 b", "2 c", "3 d"],
            "what was accepted is shown in its order, each post once"
        );
        drop(moderator);
    });
}

/// Step 4. A room that goes on panicking is given up: after the sixth panic without a pause it is gone for good.
///
/// Page: "A supervisor". The slips: no limit; a count that begins anew with each post that goes well; callers that then wait for ever; a supervisor that stays.
#[test]
fn a_room_that_goes_on_panicking_is_given_up() {
    check(|| async {
        expect_panics("");
        let (member, moderator) = Supervised::open(broken_on(1)).await;
        for time in 1..=6 {
            assert_eq!(
                post(&member, "over which it panics").await,
                Err(Refused::Lost),
                "the room has panicked {} times, and survives five: it takes this post, and panics over it",
                time - 1
            );
        }
        settle().await;
        assert_eq!(
            alive_tasks().await,
            0,
            "the room has panicked for the sixth time without a pause, and a task is still there: what panics each time is not cured by opening it again"
        );
        calls_say_so(member, moderator, "the room has panicked six times").await;
        let (member, _moderator) = Supervised::open(broken_on(2)).await;
        for _ in 1..=6 {
            assert_eq!(post(&member, "a").await, Ok(1), "it survives five panics");
            let broken = post(&member, "over which it panics").await;
            assert_eq!(broken, Err(Refused::Lost), "the room panics over it");
        }
        settle().await;
        assert_eq!(
            post(&member, "later").await,
            Err(Refused::Closed),
            "the room has panicked six times, with a good post between any two: a post that goes well is no pause, and the room is gone for good"
        );
    });
}

/// Step 4. All of it, whatever callers do: by hand, on Kameo, and supervised.
///
/// Page: all of it. The slips: those that nobody thought of.
#[test]
fn your_promises_hold_whatever_callers_do() {
    harness::scenarios::<scenarios::Evenings<ByHand, false>>(20);
    harness::scenarios::<scenarios::Evenings<OnKameo, false>>(120);
    harness::scenarios::<scenarios::Evenings<Supervised, true>>(160);
}

/// Posts as they were shown.
#[derive(Clone, Default)]
struct Shown(Arc<Mutex<Vec<String>>>);

/// With what the screens of these tests panic.
const BROKEN: &str = "the screen is broken";

impl Shown {
    fn screen(&self) -> Screen {
        let shown = self.clone();
        Screen::new(move |number, text| shown.show(number, text))
    }

    /// Panics over this text.
    fn broken_on(&self, bad: &'static str) -> Screen {
        let shown = self.clone();
        Screen::new(move |number, text| {
            assert!(text != bad, "{BROKEN}");
            shown.show(number, text);
        })
    }

    fn show(&self, number: u64, text: &str) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.push(format!("{number} {text}"));
    }

    fn lines(&self) -> Vec<String> {
        let lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.clone()
    }
}

/// Panics over the post with this number.
fn broken_on(bad: u64) -> Screen {
    Screen::new(move |number, _| assert!(number != bad, "{BROKEN}"))
}

fn is_gone(answer: Result<u64, Refused>) -> bool {
    matches!(answer, Err(Refused::Closed | Refused::Lost))
}

async fn post(member: &impl Member, text: &str) -> Result<u64, Refused> {
    in_no_time("the answer to a post", member.post(text.to_owned())).await
}

async fn status(moderator: &impl Moderator) -> Status {
    in_no_time("the room's status", moderator.status()).await
}

async fn slow_mode(moderator: &impl Moderator, per_minute: u32) {
    in_no_time("the end of `slow_mode`", moderator.slow_mode(per_minute)).await;
}

/// `call` has to panic, in a task of its own, and not to wait for what cannot come.
async fn panics(what: &str, why: &str, call: impl Future<Output = ()> + Send + 'static) {
    let end = format!("the end of `{what}`, though {why},");
    let called = in_no_time(&end, tokio::spawn(call)).await;
    let Err(panic) = called else {
        panic!(
            "`{what}` returned, and {why}: nobody has done or said anything. It has to panic, so `expect` what Kameo gives you"
        );
    };
    let panic = panic.into_panic();
    let words = panic.downcast_ref::<&str>().copied();
    assert!(
        !words.is_some_and(|words| words.starts_with("not yet implemented")),
        "`{what}` is still to be written"
    );
}
