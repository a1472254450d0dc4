//! What the room promises, step by step. Each test says what it wants and which slip it is there to catch.
//!
//! The tests run in virtual time, on a runtime of their own (see exercises/harness). When a test's body ends, all its handles
//! are dropped, and then every task has to end as well.

#![allow(clippy::drop_non_drop)] // the stub's handles are empty

mod scenarios;

use handles::{MemberHandle, ModeratorHandle, Refused, Status, open};
use harness::{
    Calls, alive_tasks, answered_at_once, at_time, check, expect_panics, in_no_time,
    on_a_runtime_that_ends, settle, start_and_drop, until_half_are_answered, wake_ups_so_far,
};
use std::{cell::Cell, time::Duration};
use tokio::{spawn, task::JoinSet, time::sleep};

const SECOND: Duration = Duration::from_secs(1);

/// Step 1. Posts get the numbers 1, 2, 3, through whichever member they come, and the moderator's status knows of them.
///
/// Page: "The code". The slips: an actor for each kind of handle; `member()` that opens a room of its own.
#[test]
fn both_kinds_of_handles_reach_one_room() {
    check(|| async {
        let (member, moderator) = open();
        assert!(
            alive_tasks().await > 0,
            "no async task is running: who owns the room's state?"
        );
        let invited = moderator.member();
        for (member, number) in [(&member, 1), (&member.clone(), 2), (&invited, 3)] {
            let posted = post(member, &format!("text {number}")).await;
            assert_eq!(
                posted,
                Ok(number),
                "posts are numbered 1, 2, 3, whichever member of the room they come from. (A second 1 comes from a second room)"
            );
        }
        let expected = Status {
            posts: 3,
            refused: 0,
            last: Some("text 3".to_owned()),
            per_minute: None,
        };
        assert_eq!(
            status(&moderator).await,
            expected,
            "three posts were accepted: the moderator asks the actor that the members post to"
        );
        let (_member, other) = open();
        assert_eq!(
            status(&other).await.posts,
            0,
            "nobody has posted in the second room: rooms share nothing"
        );
    });
}

/// Step 1. A member has no way to do what a moderator does, and a moderator has no double. Types say so: nothing is checked at run time.
///
/// Page: "The idea". The slips: one handle with a flag in it; `Deref` to a handle that can do everything; a public message; `From` a member;
/// a moderator that is Clone.
#[test]
fn types_say_who_may_do_what() {
    check(|| async {
        rights::members_only_post();
        rights::nothing_leads_from_a_member_to_a_moderator();
        rights::nobody_outside_writes_messages();
        rights::there_is_one_moderator();
    });
}

/// Step 1. A caller that gives up is no concern of the room. What it has sent is in the room.
///
/// Page: "The code". The slip: `unwrap()` on sending a reply.
#[test]
fn a_caller_that_gives_up_does_no_harm() {
    check(|| async {
        let (member, moderator) = open();
        start_and_drop(1, || member.post("of somebody who has left".to_owned())).await;
        assert!(
            alive_tasks().await > 0,
            "somebody posted and did not wait for the number, and the room died of it: a reply that nobody waits for is no error of the actor"
        );
        start_and_drop(1, || moderator.status()).await;
        assert!(
            alive_tasks().await > 0,
            "the moderator asked for the status and did not wait for it, and the room died of it: a reply that nobody waits for is no error of the actor"
        );
        assert_eq!(
            post(&member, "of somebody who stays").await,
            Ok(2),
            "a post was in the mailbox when its caller gave up, so it is in the room: it has number 1, and the next post should get 2. Whether anybody waits for the reply is no matter"
        );
    });
}

/// Step 1. When posts come faster than they are handled, their callers wait. All handles share that one bound.
///
/// Page: "The code". The slips: an unbounded channel; a task for each `send`; a mailbox for each member; a queue in the actor.
#[test]
fn the_mailbox_is_bounded() {
    check(|| async {
        let (_member, moderator) = open();
        let refused = Cell::new(None);
        let accepted = answered_at_once(5_000, || {
            let (member, refused) = (moderator.member(), &refused);
            async move {
                if let Err(why) = member.post("a".to_owned()).await {
                    refused.set(Some(why));
                }
            }
        })
        .await;
        assert_eq!(
            refused.get(),
            None,
            "5000 posts came in one moment, more than a mailbox holds, and one was refused (left). The room is open, and there is no slow mode: a post waits for its slot"
        );
        assert!(
            accepted <= 2_000,
            "{accepted} of 5000 posts, each through a member of its own, went in while nobody read them: the mailbox has no bound, or there is one for each member"
        );
        let (member, moderator) = open();
        let half = until_half_are_answered(5_000, || {
            let member = member.clone();
            async move { member.post("a".to_owned()).await }
        });
        let answered = in_no_time("the answers to half of 5000 posts", half).await;
        let taken_in = status(&moderator).await.posts - answered as u64;
        assert!(
            taken_in <= 2_000,
            "5000 posted while the room worked. When {answered} of them had their answers and the others gave up, {taken_in} more had been taken in: behind the mailbox \
             messages wait without a bound. An actor takes the next message when it is done with the last one"
        );
    });
}

/// Step 2. In slow mode a minute has so many posts and no more. What is refused gets no number, and is counted.
///
/// Page: "A limit without a timer". The slips: a count in each handle; a limit of 0 that means none; minutes that are not 60 seconds; the
/// standard library's clock, which does not stand still in a test.
#[test]
fn slow_mode_limits_the_posts_of_a_minute() {
    check(|| async {
        let (member, moderator) = open();
        for number in 1..=5 {
            assert_eq!(
                post(&member, "a").await,
                Ok(number),
                "there is no slow mode"
            );
        }
        sleep(13 * SECOND).await;
        slow_mode(&moderator, 2).await;
        // The minute begins with `slow_mode`, and what was posted before it does not count.
        sleep(17 * SECOND).await;
        let when = "17 seconds after slow mode has begun, with 2 a minute";
        allows(&moderator, 6..=7, when).await;
        sleep(43 * SECOND - Duration::from_millis(1)).await;
        allows(&moderator, 8..8, "a millisecond before the minute is over").await;
        sleep(Duration::from_millis(1)).await;
        let when = "exactly 60 seconds after slow mode has begun, which is the first moment of the next minute, whenever somebody posted before, by Tokio's clock (in a test, that of the standard library stands still)";
        allows(&moderator, 8..=9, when).await;
        // Minutes go by whether somebody posts or not, and what one of them did not use is not kept.
        sleep(150 * SECOND).await;
        let when = "150 seconds later, after a whole minute in which nobody posted";
        allows(&moderator, 10..=11, when).await;
        sleep(30 * SECOND).await;
        let when = "180 seconds after slow mode has begun, where a minute begins (one does every 60 seconds from then on, whenever the last posts were)";
        allows(&moderator, 12..=13, when).await;
        let status = status(&moderator).await;
        assert_eq!(
            (status.posts, status.refused, status.per_minute),
            (13, 15, Some(2)),
            "13 posts were accepted, and 15 were refused (`posts`, `refused` and `per_minute` of the status)"
        );
        assert_eq!(
            status.last.as_deref(),
            Some("post 13"),
            "the last text is that of the last post that was accepted"
        );
    });
}

/// Step 2. Any number will do: none at all, and as many as there are. Setting it again begins a new minute.
///
/// Page: "A limit without a timer". The slips: 0 taken for "off"; arithmetic that overflows; a count that is kept from the last limit.
#[test]
fn any_limit_holds() {
    check(|| async {
        let (_member, moderator) = open();
        slow_mode(&moderator, 0).await;
        allows(&moderator, 1..1, "slow mode allows 0 posts a minute").await;
        sleep(61 * SECOND).await;
        allows(
            &moderator,
            1..1,
            "slow mode allows 0 posts in the next minute, too",
        )
        .await;
        slow_mode(&moderator, 1).await;
        allows(&moderator, 1..=1, "it was set to 1").await;
        slow_mode(&moderator, 3).await;
        allows(
            &moderator,
            2..=4,
            "it was set to 3, and a new minute begins with that",
        )
        .await;
        slow_mode(&moderator, 3).await;
        allows(
            &moderator,
            5..=7,
            "it was set to 3 again, and a new minute begins with that",
        )
        .await;
        slow_mode(&moderator, u32::MAX).await;
        settle().await;
        let member = moderator.member();
        for number in 8..=1_000 {
            assert_eq!(
                post(&member, "a").await,
                Ok(number),
                "slow mode allows {} posts a minute",
                u32::MAX
            );
        }
        slow_mode(&moderator, 10_500).await;
        allows(&moderator, 1_001..=11_500, "it was set to 10500").await;
    });
}

/// Step 2. Messages are handled in the order in which they were sent, whichever kind of handle sent them.
///
/// Page: "Order". The slips: a channel for each kind of handle; a tell that is sent by a task of its own.
#[test]
fn order_is_kept_across_handles() {
    // A `select!` without `biased;` is right every other time.
    for _ in 0..64 {
        check(|| async {
            let (member, moderator) = open();
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
            slow_mode(&moderator, 0).await;
            assert_eq!(
                post(&member, "c").await,
                Err(Refused::TooFast),
                "slow mode was set to 0, and then a post was sent: the post has overtaken it"
            );
            let poster = member.clone();
            calls
                .start(1, async move { poster.post("d".to_owned()).await })
                .await;
            assert_eq!(
                status(&moderator).await.refused,
                2,
                "a post was sent, and then the moderator looked: the post came first, and the status does not know of it. Where does it come from? (Or is it that the moderator's question has overtaken it?)"
            );
        });
    }
}

/// Step 3. The room lives as long as any of its handles, whatever its kind, and does nothing while nobody calls.
///
/// Page: "Who keeps it alive". The slips: an actor that ends with its moderator, or with its members; a timer that counts the minutes.
#[test]
fn the_room_lives_as_long_as_any_handle() {
    check(|| async {
        let (member, moderator) = open();
        slow_mode(&moderator, 3).await;
        // Over a night, too. The clock goes on in a few steps, which wake the runtime as well.
        for silence in [60 * SECOND, 11 * 3600 * SECOND + 777 * SECOND] {
            let before = wake_ups_so_far();
            sleep(silence).await;
            let wake_ups = wake_ups_so_far() - before;
            assert!(
                wake_ups < 24,
                "in {} of silence timers woke the runtime {wake_ups} times: something works although nobody calls. To know the minute, look at the clock when a post comes",
                at_time(silence)
            );
            assert!(
                alive_tasks().await > 0,
                "nobody called for {}, and the room has ended: as long as there are handles somebody may still call, however long it takes",
                at_time(silence)
            );
        }
        drop(moderator);
        assert!(
            alive_tasks().await > 0,
            "the moderator has left without closing the room: its members go on, and the room has ended"
        );
        assert_eq!(
            post(&member, "a").await,
            Ok(1),
            "the moderator has left without closing the room: its members go on"
        );
        drop(member);
        assert_eq!(
            alive_tasks().await,
            0,
            "the last member is gone, and so is the moderator: nobody can reach the room any more, and it is still there"
        );

        let (member, moderator) = open();
        drop(member);
        assert!(
            alive_tasks().await > 0,
            "the last member has left: the room is there for its moderator, and it has ended"
        );
        assert_eq!(
            status(&moderator).await.posts,
            0,
            "the last member has left: the room is there for its moderator"
        );
        assert_eq!(
            post(&moderator.member(), "a").await,
            Ok(1),
            "a new member posts after the last one has left"
        );
        drop(moderator);
        assert_eq!(
            alive_tasks().await,
            0,
            "the moderator is gone, and nobody else can reach the room: it is still there"
        );
    });
}

/// Step 3. `close` ends the room, though it has members: from then on their posts are refused.
///
/// Page: "A call that uses the handle up". The slips: `close` that drops its own handle and no more; an actor that ends only with its
/// members; a panic in `post`.
#[test]
fn after_close_posts_are_closed() {
    check(|| async {
        let (member, moderator) = open();
        let other = moderator.member();
        post(&member, "a").await.expect("there is no slow mode");
        slow_mode(&moderator, 1).await;
        settle().await; // whether `close` keeps the order is the next question
        let expected = Status {
            posts: 1,
            refused: 0,
            last: Some("a".to_owned()),
            per_minute: Some(1),
        };
        assert_eq!(
            close(moderator).await,
            expected,
            "`close` returns how the room was in the end"
        );
        for member in [&member, &other] {
            assert_eq!(
                post(member, "b").await,
                Err(Refused::Closed),
                "the moderator has closed the room, and a member who is left posts: that is refused. `close` ends the room, and not only its own handle"
            );
        }
        assert_eq!(
            alive_tasks().await,
            0,
            "the room is closed, and its task is still there: it ends with `close`, whoever still holds a handle"
        );
    });
}

/// Step 3. What was sent before `close` is handled first, and nothing that is sent behind it.
///
/// Page: "Order". The slips: `abort`, or a stop signal that goes before the mailbox; an actor that empties its mailbox and posts it all.
#[test]
fn close_keeps_its_place_in_the_line() {
    for _ in 0..64 {
        check(|| async {
            let (member, moderator) = open();
            let mut calls = Calls::new();
            let before = member.clone();
            calls
                .start(0, async move { before.post("before".to_owned()).await })
                .await;
            let mut closing = Calls::new();
            closing.start(0, moderator.close()).await;
            let behind = member.clone();
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
            assert_eq!(
                posted[0],
                Some(Ok(1)),
                "a post was sent, and then the room was closed: the post came first"
            );
            assert_eq!(
                posted[1],
                Some(Err(Refused::Closed)),
                "the room was closed, and a post was sent before the actor had heard of it: it is behind `close`, and has to be refused. (`mailbox.close()` keeps new messages out, and `recv` still gives those that are in. None: the post waits for ever.)"
            );
            let status = status.expect("`close` has not returned, and nobody is at work");
            assert_eq!(
                (status.posts, status.last.as_deref()),
                (1, Some("before")),
                "`close` returns how the room was when its turn came: with the post before it, and without the one behind it"
            );
            assert_eq!(
                status.refused, 0,
                "one post was refused, since it was behind `close`: it was not too fast, and `refused` counts those that were"
            );
        });
    }
}

/// Step 3. Posts that meet a `close` are accepted before it, or refused. None is left without an answer.
///
/// Page: "A call that uses the handle up". The slips: `return` on the closing message; a loop with `try_recv` behind it. Both are right in the one
/// schedule of `cargo test`: `cargo course check` tries others, too, in which a post has its slot, and is not in the mailbox yet.
#[test]
fn posts_that_meet_a_close_get_their_answers() {
    check(|| async {
        let (member, moderator) = open();
        let mut posting = JoinSet::new();
        let posts = |posting: &mut JoinSet<_>| {
            for _ in 0..3 {
                let member = member.clone();
                posting.spawn(async move { member.post("a".to_owned()).await });
            }
        };
        posts(&mut posting);
        let closing = spawn(moderator.close());
        posts(&mut posting);
        let status = in_no_time("the answer to `close`", closing).await;
        let status = status.expect("`close` does not panic");
        let mut accepted = 0;
        while !posting.is_empty() {
            settle().await;
            let Some(answer) = posting.try_join_next() else {
                panic!(
                    "six posts and a `close` were sent at the same time, and a post has no answer: its message was on its way into the mailbox when the actor took out what was there. \
                     `close()` keeps out what has no slot yet, and `recv` gives None when all that has one was received"
                );
            };
            match answer.expect("`post` does not panic") {
                Ok(_) => accepted += 1,
                Err(why) => assert_eq!(why, Refused::Closed, "there is no slow mode"),
            }
        }
        assert_eq!(
            accepted, status.posts,
            "six posts and a `close` were sent at the same time, and so many were accepted (left). When the room closed, there were so many (right): a post was accepted behind `close`. \
             (After `close()`, `try_recv` does not see a message that has its slot, and is on its way. `recv` waits for it.)"
        );
        assert_eq!(
            alive_tasks().await,
            0,
            "the room is closed, and its task is still there"
        );
    });
}

/// Step 3. A moderator that gives up while it closes is gone: either its message was sent, and the room closes, or the room goes on.
///
/// Page: "A call that uses the handle up". The slips: `unwrap()` on the reply; a call that does something before anybody awaits it.
#[test]
fn a_close_that_nobody_waits_for_is_done() {
    check(|| async {
        let (member, moderator) = open();
        // Polled once: the mailbox is empty, so its message is in it.
        let mut closing = Some(moderator.close());
        start_and_drop(1, || closing.take().expect("it is called once")).await;
        assert_eq!(
            post(&member, "a").await,
            Err(Refused::Closed),
            "`close` was sent, and nobody waited for its answer: the room is closed"
        );
        assert_eq!(
            alive_tasks().await,
            0,
            "the room is closed, and its task is still there"
        );

        let (member, moderator) = open();
        drop(moderator.close());
        assert_eq!(
            post(&member, "a").await,
            Ok(1),
            "`close` was called and never awaited: a future that nobody awaits does nothing, and the room is open"
        );
    });
}

/// Step 3. The runtime may end before the handles do: when `main` returns, or a test. A post is refused then, and all that has no error
/// to return panics.
///
/// Page: "Order", and "A call that uses the handle up". The slips: an answer that is made up; a call that waits for ever; a tell that ignores
/// that its message cannot be sent.
#[test]
fn without_its_runtime_each_call_says_so() {
    check(|| async {
        expect_panics(""); // that is what the test is about
        let (member, moderator) = on_a_runtime_that_ends(|| async { open() });
        assert_eq!(
            post(&member, "a").await,
            Err(Refused::Closed),
            "the room's runtime has ended, and a member posts"
        );
        let member = moderator.member();
        assert_eq!(
            post(&member, "a").await,
            Err(Refused::Closed),
            "the room's runtime has ended, and a new member posts"
        );
        let moderator = std::sync::Arc::new(moderator);
        let asks = moderator.clone();
        panics("status", async move { drop(asks.status().await) }).await;
        let tells = moderator.clone();
        panics("slow_mode", async move { tells.slow_mode(1).await }).await;
        settle().await;
        let moderator = std::sync::Arc::into_inner(moderator).expect("the others are dropped");
        panics("close", async move { drop(moderator.close().await) }).await;
    });
}

/// Step 3. All of it, whatever callers do.
///
/// Page: all of it. The slips: those that nobody thought of.
#[test]
fn your_promises_hold_whatever_callers_do() {
    harness::scenarios::<scenarios::Room>(300);
}

async fn post(member: &MemberHandle, text: &str) -> Result<u64, Refused> {
    in_no_time("the answer to a post", member.post(text.to_owned())).await
}

async fn status(moderator: &ModeratorHandle) -> Status {
    in_no_time("the room's status", moderator.status()).await
}

async fn slow_mode(moderator: &ModeratorHandle, per_minute: u32) {
    in_no_time("the end of `slow_mode`", moderator.slow_mode(per_minute)).await;
}

async fn close(moderator: ModeratorHandle) -> Status {
    in_no_time("the end of `close`", moderator.close()).await
}

/// Posts through members old and new: those with these numbers are accepted, and then three are refused.
async fn allows(moderator: &ModeratorHandle, numbers: impl IntoIterator<Item = u64>, when: &str) {
    // Whether the order is kept is the next question.
    settle().await;
    let member = moderator.member();
    for number in numbers {
        let text = format!("post {number}");
        assert_eq!(
            post(&member.clone(), &text).await,
            Ok(number),
            "{when}: a post that the limit allows. (A post that is refused gets no number, and counts for no minute.)"
        );
    }
    for member in [&member, &member.clone(), &moderator.member()] {
        assert_eq!(
            post(member, "too much").await,
            Err(Refused::TooFast),
            "{when}: a post that is more than the limit. All members together have it"
        );
    }
}

/// `call` has to panic, in a task of its own, and not to wait for what cannot come.
async fn panics(what: &str, call: impl Future<Output = ()> + Send + 'static) {
    let end = format!("the end of `{what}`, whose actor is gone with its runtime,");
    let called = in_no_time(&end, tokio::spawn(call)).await;
    let Err(panic) = called else {
        panic!(
            "`{what}` returned, and its actor is gone with its runtime: nobody has done or said anything. It has to panic, so `expect` what its `send` or its answer gives"
        );
    };
    let panic = panic.into_panic();
    let words = panic.downcast_ref::<&str>().copied();
    assert!(
        !words.is_some_and(|words| words.starts_with("not yet implemented")),
        "`{what}` is still to be written"
    );
}

/// What the types allow, and what they do not. A wrong answer has to be a red test here and not a compile error, so each question has an
/// answer in both cases: where a type has no item of a name, the name means the item of a trait, or of an outer module.
mod rights {
    use handles::{MemberHandle, ModeratorHandle};
    use std::{any::TypeId, marker::PhantomData, ops::Deref};

    /// What stands where a type has nothing of that name.
    struct Nothing;

    /// Gives every type something of these names. What the type itself has goes before it.
    #[allow(non_upper_case_globals)]
    trait Names {
        const slow_mode: Nothing = Nothing;
        const status: Nothing = Nothing;
        const close: Nothing = Nothing;
        const moderator: Nothing = Nothing;
        const promote: Nothing = Nothing;
        const upgrade: Nothing = Nothing;
    }

    impl<T> Names for T {}

    /// Whether the type itself has what is named.
    fn is_there<T: 'static>(_: T) -> bool {
        TypeId::of::<T>() != TypeId::of::<Nothing>()
    }

    /// Asks whether a type implements a trait: the function of an `impl` with a bound goes before the trait's, if the bound is met.
    struct Type<T>(PhantomData<T>);

    trait Otherwise {
        fn is_clone() -> bool {
            false
        }
        fn derefs() -> bool {
            false
        }
        fn becomes_moderator() -> bool {
            false
        }
    }

    impl<T> Otherwise for Type<T> {}

    #[allow(dead_code)] // where the bound is not met, nobody uses it
    impl<T: Clone> Type<T> {
        fn is_clone() -> bool {
            true
        }
    }

    #[allow(dead_code)]
    impl<T: Deref> Type<T> {
        fn derefs() -> bool {
            true
        }
    }

    #[allow(dead_code)]
    impl<T: Into<ModeratorHandle>> Type<T> {
        fn becomes_moderator() -> bool {
            true
        }
    }

    pub fn members_only_post() {
        assert!(
            TypeId::of::<MemberHandle>() != TypeId::of::<ModeratorHandle>(),
            "members and moderator hold the same type: whatever tells them apart is looked at when the program runs. Two roles are two types"
        );
        for (name, is_there) in [
            ("slow_mode", is_there(MemberHandle::slow_mode)),
            ("status", is_there(MemberHandle::status)),
            ("close", is_there(MemberHandle::close)),
        ] {
            assert!(
                !is_there,
                "a member can call `{name}`, or there is at least a method of that name: what a member may not do should not be there, rather than be refused"
            );
        }
        assert!(
            !Type::<MemberHandle>::derefs() && !Type::<ModeratorHandle>::derefs(),
            "a handle implements Deref: it hands out each method of what is behind it, today's and tomorrow's. Write the methods that this role has"
        );
    }

    pub fn nothing_leads_from_a_member_to_a_moderator() {
        let ways = [
            Type::<MemberHandle>::becomes_moderator(),
            Type::<&'static MemberHandle>::becomes_moderator(),
            is_there(MemberHandle::moderator),
            is_there(MemberHandle::promote),
            is_there(MemberHandle::upgrade),
        ];
        assert!(
            !ways.contains(&true),
            "a member can make itself a moderator: rights can be given away, from the larger to the smaller one, and not be taken"
        );
    }

    pub fn there_is_one_moderator() {
        assert!(
            Type::<MemberHandle>::is_clone(),
            "a member's handle is Clone: there are many members"
        );
        assert!(
            !Type::<ModeratorHandle>::is_clone(),
            "a moderator's handle is Clone: after `close(self)` a clone of it would still be there"
        );
    }

    /// The names that people give to messages. Where the answer has a public type of such a name, that one is found before these.
    mod names {
        pub struct Message;
        pub struct Msg;
        pub struct Command;
        pub struct Request;
        pub struct RoomMessage;
        pub struct RoomCommand;
        pub struct ActorMessage;
        pub struct Cmd;
        pub struct MemberMessage;
        pub struct ModeratorMessage;
        pub struct RoomMsg;
    }

    pub fn nobody_outside_writes_messages() {
        let nothing = {
            use names::*;
            [
                TypeId::of::<Message>(),
                TypeId::of::<Msg>(),
                TypeId::of::<Command>(),
                TypeId::of::<Request>(),
                TypeId::of::<RoomMessage>(),
                TypeId::of::<RoomCommand>(),
                TypeId::of::<ActorMessage>(),
                TypeId::of::<Cmd>(),
                TypeId::of::<MemberMessage>(),
                TypeId::of::<ModeratorMessage>(),
                TypeId::of::<RoomMsg>(),
            ]
        };
        assert!(
            found() == nothing,
            "your messages are public: whoever can write one needs no method for it, and asks for no right. Keep them private, with all that can send them"
        );
    }

    fn found() -> [TypeId; 11] {
        use names::*;
        {
            #[allow(unused_imports)] // a right answer has none of these
            use handles::*;
            [
                TypeId::of::<Message>(),
                TypeId::of::<Msg>(),
                TypeId::of::<Command>(),
                TypeId::of::<Request>(),
                TypeId::of::<RoomMessage>(),
                TypeId::of::<RoomCommand>(),
                TypeId::of::<ActorMessage>(),
                TypeId::of::<Cmd>(),
                TypeId::of::<MemberMessage>(),
                TypeId::of::<ModeratorMessage>(),
                TypeId::of::<RoomMsg>(),
            ]
        }
    }
}
