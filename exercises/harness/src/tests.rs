//! Every failure that the harness knows, forced, and the words that the learner then reads.

use crate::{
    Overlap, accepted_sends, alive_tasks, answered_at_once,
    check::{Clock, boxed, run},
    expect_panics, in_no_time, on_a_runtime_that_ends, settle, start_and_drop, wake_ups,
    watchdog::Limits,
    within,
};
use std::{pin::Pin, time::Duration};
use tokio::{
    sync::{broadcast, mpsc, oneshot, watch},
    task::{JoinSet, LocalSet},
    time::{Instant, sleep},
};

/// Short ones: these tests wait for the watchdog to bite.
const IMPATIENT: Limits = Limits {
    spinning: Duration::from_millis(200),
    busy: Duration::from_millis(600),
    blocked: Duration::from_millis(300),
    by_cpu: true,
};

/// As on a system that does not show a thread's CPU time.
const BY_THE_CLOCK: Limits = Limits {
    by_cpu: false,
    ..IMPATIENT
};

#[track_caller]
fn passes<F: Future<Output = ()> + 'static>(body: impl FnOnce() -> F + Send + 'static) {
    if let Err(report) = run(Clock::Virtual, Limits::from_env(), boxed(body)) {
        panic!("should have passed, but:\n{report}");
    }
}

/// Runs `body`, which must fail, and compares what is said with `words`, line breaks aside.
#[track_caller]
fn fails<F>(words: &[&str], body: impl FnOnce() -> F + Send + 'static)
where
    F: Future<Output = ()> + 'static,
{
    fails_within(IMPATIENT, words, body);
}

#[track_caller]
fn fails_within<F>(limits: Limits, words: &[&str], body: impl FnOnce() -> F + Send + 'static)
where
    F: Future<Output = ()> + 'static,
{
    let Err(report) = run(Clock::Virtual, limits, boxed(body)) else {
        panic!("should have failed with {words:?}");
    };
    let report = report.to_string();
    for words in words {
        assert!(
            report.contains(words),
            "should say {words:?}, but says:\n{report}"
        );
    }
}

/// As [`fails`], and what is said has `words` in this order, the first of them at its very beginning.
#[track_caller]
fn fails_in_order<F>(words: &[&str], body: impl FnOnce() -> F + Send + 'static)
where
    F: Future<Output = ()> + 'static,
{
    let Err(report) = run(Clock::Virtual, IMPATIENT, boxed(body)) else {
        panic!("should have failed with {words:?}");
    };
    let report = report.to_string();
    assert!(
        report.starts_with(words[0]),
        "should begin with {:?}, but says:\n{report}",
        words[0]
    );
    let mut rest = report.as_str();
    for words in words {
        match rest.split_once(words) {
            Some((_, after)) => rest = after,
            None => panic!("should say {words:?} next, but says:\n{report}"),
        }
    }
}

/// An actor that only reads.
async fn actor(mut mailbox: mpsc::Receiver<u32>) {
    while mailbox.recv().await.is_some() {}
}

mod a_test_that_is_right {
    use super::*;

    #[test]
    fn passes_when_its_actor_ends_with_its_handle() {
        passes(|| async {
            let (sender, mailbox) = mpsc::channel(1);
            tokio::spawn(actor(mailbox));
            within("room in the mailbox", sender.send(1)).await.unwrap();
        });
    }

    #[test]
    fn passes_when_its_actor_finishes_accepted_work_first() {
        passes(|| async {
            let (sender, mut mailbox) = mpsc::channel::<u32>(8);
            tokio::spawn(async move {
                while mailbox.recv().await.is_some() {
                    sleep(Duration::from_secs(2)).await;
                }
            });
            for n in 0..8 {
                sender.send(n).await.unwrap();
            }
        });
    }

    #[test]
    fn may_take_hours_of_virtual_time() {
        passes(|| async { sleep(Duration::from_secs(3 * 3600)).await });
    }

    #[test]
    fn may_expect_a_panic() {
        passes(|| async {
            expect_panics("as it should");
            let died = tokio::spawn(async { panic!("as it should") }).await;
            assert!(died.unwrap_err().is_panic());
        });
    }

    #[test]
    fn may_not_panic_otherwise_than_expected() {
        fails(
            &["A task panicked, and nobody noticed", "otherwise"],
            || async {
                expect_panics("as it should");
                let _ = tokio::spawn(async { panic!("as it should") }).await;
                let _ = tokio::spawn(async { panic!("otherwise") }).await;
            },
        );
    }

    #[test]
    fn may_use_sockets_in_real_time() {
        let outcome = run(
            Clock::Real,
            Limits::from_env(),
            boxed(|| async {
                let (sender, reply) = oneshot::channel();
                let other = std::thread::spawn(move || {
                    std::thread::sleep(Duration::from_millis(5));
                    sender.send(7)
                });
                // A clock that jumps would fire this time-out at once.
                let got = tokio::time::timeout(Duration::from_secs(60), reply).await;
                assert_eq!(got.unwrap().unwrap(), 7);
                other.join().unwrap().unwrap();
            }),
        );
        assert!(outcome.is_ok());
    }
}

mod a_failed_assertion {
    use super::*;

    #[test]
    fn is_told_with_its_place() {
        fails(&["two and two", "src/tests.rs:"], || async {
            assert_eq!(2 + 2, 5, "two and two")
        });
    }

    #[test]
    fn of_a_task_that_the_test_awaits_is_told_with_its_place_too() {
        fails(
            &["out of numbers", "src/tests.rs:", "(2 more tasks panicked)"],
            || async {
                let mut callers = JoinSet::new();
                for _ in 0..3 {
                    callers.spawn(async { panic!("out of numbers") });
                }
                callers.join_all().await;
            },
        );
    }

    #[test]
    fn says_what_an_error_of_a_channel_means() {
        let nobody_there = [
            "RecvError means: the other end was dropped without an answer",
            "No task was alive",
        ];
        fails(&nobody_there, || async {
            let (reply, answer) = oneshot::channel::<u32>();
            drop(reply);
            answer.await.unwrap();
        });
        let no_receiver = [
            "SendError means: the channel's Receiver has been dropped",
            "1 task was alive",
        ];
        fails(&no_receiver, || async {
            tokio::spawn(std::future::pending::<()>());
            let (sender, receiver) = mpsc::channel::<u32>(1);
            drop(receiver);
            sender.send(1).await.unwrap();
        });
        fails(&["SendError(1)", "no receiver is there now"], || async {
            let (sender, _) = broadcast::channel::<u32>(1);
            sender.send(1).unwrap();
        });
        fails(
            &["SendError means: the channel's Receiver has been dropped"],
            || async {
                let (sender, _) = watch::channel::<u32>(1);
                sender.send(2).unwrap();
            },
        );
    }

    #[test]
    fn comes_after_the_panic_that_led_to_it() {
        fails_in_order(
            &[
                "not yet implemented: step 2: answer",
                "src/tests.rs:",
                "A task panicked with this",
                "What the test saw after that:",
                "the actor is gone",
                "src/tests.rs:",
            ],
            || async {
                let (reply, answer) = oneshot::channel::<u32>();
                tokio::spawn(async move {
                    let _reply = reply;
                    todo!("step 2: answer")
                });
                answer.await.expect("the actor is gone");
            },
        );
    }
}

mod a_panic_of_tokio {
    use super::*;
    use tokio::sync::{Semaphore, broadcast};

    #[test]
    fn says_that_an_answer_was_awaited_twice() {
        fails(
            &[
                "called after complete",
                "A oneshot's Receiver was polled again",
            ],
            || async {
                let (reply, mut answer) = oneshot::channel();
                reply.send(1).unwrap();
                let _ = (&mut answer).await;
                let _ = answer.await;
            },
        );
    }

    #[test]
    fn says_that_a_task_was_awaited_twice() {
        fails(
            &[
                "JoinHandle polled after completion",
                "A JoinHandle was awaited again",
            ],
            || async {
                let mut task = tokio::spawn(async {});
                let _ = (&mut task).await;
                let _ = task.await;
            },
        );
    }

    #[test]
    fn says_that_a_future_was_polled_after_its_end() {
        fails(
            &["resumed after completion", "A future was polled again"],
            || async {
                let mut future = std::pin::pin!(async { 1 });
                for _ in 0..2 {
                    tokio::select! { _ = &mut future => {} }
                }
            },
        );
    }

    #[test]
    fn says_that_select_had_nothing_to_wait_for() {
        fails(
            &["no else branch", "In this `select!`, no branch was left"],
            || async {
                let (sender, mut mailbox) = mpsc::channel::<u32>(1);
                drop(sender);
                tokio::select! { Some(_) = mailbox.recv() => {} }
            },
        );
    }

    #[test]
    fn says_that_there_is_no_empty_mailbox() {
        fails(&["`mpsc::channel(0)` panics"], || async {
            let _ = mpsc::channel::<u32>(std::hint::black_box(0));
        });
        fails(&["`broadcast::channel(0)` panics"], || async {
            let _ = broadcast::channel::<u32>(std::hint::black_box(0));
        });
    }

    #[test]
    fn says_what_is_too_short_or_too_much() {
        fails(&["`interval(Duration::ZERO)` panics"], || async {
            let _ = tokio::time::interval(Duration::ZERO);
        });
        fails(&["More permits, or a larger capacity, than"], || async {
            let _ = Semaphore::new(usize::MAX);
        });
        fails(&["More permits, or a larger capacity, than"], || async {
            let _ = mpsc::channel::<u32>(usize::MAX);
        });
        fails(&["`Instant + Duration` panics"], || async {
            let _ = Instant::now() + Duration::MAX;
        });
    }

    #[test]
    fn says_where_blocking_calls_belong() {
        fails(&["are for threads outside of the runtime"], || async {
            let (sender, _mailbox) = mpsc::channel::<u32>(1);
            let _ = sender.blocking_send(1);
        });
        fails(&["`block_on` was called inside of a task"], || async {
            tokio::runtime::Handle::current().block_on(async {});
        });
    }

    #[test]
    fn says_that_a_thread_has_no_runtime() {
        fails(&["on a thread that belongs to no runtime"], || async {
            let alone = std::thread::spawn(|| drop(tokio::spawn(async {})));
            std::panic::resume_unwind(alone.join().unwrap_err());
        });
    }

    #[test]
    fn tells_aborted_from_panicked() {
        fails(
            &[
                "JoinError::Cancelled means: the task was aborted",
                "It did not panic",
            ],
            || async {
                let task = tokio::spawn(std::future::pending::<()>());
                task.abort();
                task.await.unwrap();
            },
        );
        fails(
            &[
                "was cancelled",
                "`JoinSet::join_all` panics when one of its tasks was aborted",
            ],
            || async {
                let mut tasks = JoinSet::new();
                tasks.spawn(std::future::pending::<()>()).abort();
                tasks.join_all().await;
            },
        );
        fails_in_order(&["out of numbers", "JoinError::Panic"], || async {
            let task = tokio::spawn(async { panic!("out of numbers") });
            let () = task.await.unwrap();
        });
    }
}

mod a_deadlock {
    use super::*;

    #[test]
    fn is_found_and_names_what_was_waited_for_and_where() {
        fails(
            &[
                "the reply never came: a deadlock",
                "1 task is alive, and it waits too",
                "src/tests.rs:",
            ],
            || async {
                let (sender, mailbox) = mpsc::channel(1);
                tokio::spawn(actor(mailbox));
                let (_reply, answer) = oneshot::channel::<u32>();
                let _ = within("the reply", answer).await;
                drop(sender);
            },
        );
    }

    #[test]
    fn is_found_between_two_actors_with_full_mailboxes() {
        fails(
            &[
                "the tenth message to be accepted never came: a deadlock",
                "2 tasks are alive",
            ],
            || async {
                let (to_left, mut left) = mpsc::channel::<u32>(1);
                let (to_right, mut right) = mpsc::channel::<u32>(1);
                let back = to_left.clone();
                tokio::spawn(async move {
                    while let Some(n) = left.recv().await {
                        for _ in 0..3 {
                            to_right.send(n).await.unwrap();
                        }
                    }
                });
                tokio::spawn(async move {
                    while let Some(n) = right.recv().await {
                        for _ in 0..3 {
                            back.send(n).await.unwrap();
                        }
                    }
                });
                within("the tenth message to be accepted", async {
                    for n in 0..10 {
                        to_left.send(n).await.unwrap();
                    }
                })
                .await;
            },
        );
    }

    #[test]
    fn is_found_even_where_the_test_does_not_say_what_it_waits_for() {
        fails(
            &["a whole virtual day: a deadlock", "A day is the most"],
            std::future::pending,
        );
    }

    #[test]
    fn is_none_if_the_body_sleeps_for_days() {
        fails(&["a whole virtual day: it ends later"], || async {
            sleep(Duration::from_secs(3 * 24 * 3600)).await;
        });
    }

    #[test]
    fn is_none_while_timers_go_on() {
        for period in [Duration::from_millis(500), Duration::from_secs(300)] {
            fails(
                &[
                    "the end of the loop never came, and yet something goes on",
                    "in its second half timers woke the runtime",
                    "src/tests.rs:",
                ],
                move || async move {
                    within("the end of the loop", async {
                        loop {
                            sleep(period).await
                        }
                    })
                    .await
                },
            );
        }
        fails(
            &[
                "a whole virtual day: it goes by timers",
                "A day is the most",
            ],
            || async {
                loop {
                    sleep(Duration::from_secs(60)).await
                }
            },
        );
    }

    #[test]
    fn is_none_if_a_long_timer_ends_the_wait() {
        fails_in_order(
            &[
                "the reply came only after 7200s of virtual time",
                "A test waits for an hour",
                "tests.rs:",
            ],
            || async {
                let (reply, answer) = oneshot::channel();
                tokio::spawn(async {
                    sleep(Duration::from_secs(7200)).await;
                    let _ = reply.send(1);
                });
                let _ = within("the reply", answer).await;
            },
        );
        fails(
            &["the end came only after 9000s of virtual time"],
            || async {
                let ticks = tokio::spawn(async {
                    for _ in 0..5 {
                        sleep(Duration::from_secs(1800)).await;
                    }
                });
                let _ = in_no_time("the end", ticks).await;
            },
        );
    }

    #[test]
    fn does_not_count_what_a_local_set_has() {
        fails_in_order(
            &[
                "the end of a local task never came: a deadlock",
                "No other task is alive",
                "Not seen are threads outside of this runtime, tasks of a `LocalSet`",
            ],
            || async {
                let undriven = LocalSet::new();
                let task = undriven.spawn_local(async {});
                let _ = within("the end of a local task", task).await;
            },
        );
    }

    #[test]
    fn is_one_though_time_outs_are_pending_and_work_was_done_before() {
        fails(&["the reply never came: a deadlock"], || async {
            for hours in 2..20 {
                tokio::spawn(sleep(Duration::from_secs(hours * 3601)));
            }
            let stuck = async {
                for _ in 0..1000 {
                    sleep(Duration::from_secs(1)).await;
                }
                std::future::pending().await
            };
            within("the reply", stuck).await
        });
    }
}

mod a_leak {
    use super::*;

    #[test]
    fn of_an_actor_that_holds_its_own_sender_is_found() {
        fails(
            &[
                "1 task is still alive although every handle is gone",
                "who still holds a Sender?",
            ],
            || async {
                let (sender, mailbox) = mpsc::channel(1);
                let own = sender.clone();
                tokio::spawn(async move {
                    let _own = own;
                    actor(mailbox).await;
                });
                sender.send(1).await.unwrap();
            },
        );
    }

    #[test]
    fn of_a_task_that_ticks_for_ever_is_found() {
        fails(
            &["2 tasks are still alive", "something goes on by timers"],
            || async {
                for _ in 0..2 {
                    tokio::spawn(async {
                        loop {
                            sleep(Duration::from_millis(100)).await;
                        }
                    });
                }
            },
        );
    }
}

mod a_leak_by_a_timer {
    use super::*;

    #[test]
    fn that_goes_off_once_asks_for_the_timer() {
        fails_in_order(
            &[
                "1 task is still alive although every handle is gone",
                "Later in virtual time, none is",
                "which sleep, time-out or interval",
            ],
            || async {
                tokio::spawn(sleep(Duration::from_secs(300)));
            },
        );
        fails(&["Later in virtual time, none is"], || async {
            tokio::spawn(sleep(Duration::from_secs(24 * 3600)));
        });
    }

    #[test]
    fn asks_for_no_sender_but_for_the_error_that_is_ignored() {
        fails(
            &[
                "1 task is still alive although every handle is gone",
                "something goes on by timers",
                "Does it ignore the Err of a `send`",
            ],
            || async {
                let (out, mut ticks) = mpsc::channel(8);
                tokio::spawn(async move {
                    loop {
                        sleep(Duration::from_secs(1)).await;
                        let _ = out.send(1).await;
                    }
                });
                ticks.recv().await;
            },
        );
    }
}

mod a_test_that_would_never_end {
    use super::*;

    const SPINS: &str = "a task spins";

    /// What is known without `/proc` to look at.
    #[cfg(not(target_os = "linux"))]
    const LOOPS: &str = "no sign of life";
    #[cfg(not(target_os = "linux"))]
    const BLOCKS: &str = "no sign of life";
    #[cfg(target_os = "linux")]
    const LOOPS: &str = "a loop never waits";
    #[cfg(target_os = "linux")]
    const BLOCKS: &str = "its thread is blocked";

    #[test]
    fn because_select_spins_on_a_closed_channel() {
        fails(&["This test never ends", SPINS], || async {
            let (sender, mut mailbox) = mpsc::channel::<u32>(1);
            drop(sender);
            tokio::spawn(async move {
                loop {
                    tokio::select! { _ = mailbox.recv() => {} }
                }
            });
            settle().await;
        });
    }

    #[test]
    fn because_a_watch_is_cloned_in_each_turn() {
        fails(
            &[
                "This test never ends",
                "`state.clone().changed()` of a watch",
            ],
            || async {
                let (sender, state) = tokio::sync::watch::channel(0);
                sender.send(1).unwrap();
                let task = tokio::spawn(async move {
                    while *state.borrow() < 2 {
                        let _ = state.clone().changed().await;
                    }
                });
                task.await.unwrap();
            },
        );
    }

    #[test]
    fn because_a_task_yields_for_ever() {
        fails(&["This test never ends", SPINS], || async {
            tokio::spawn(async {
                loop {
                    tokio::task::yield_now().await;
                }
            });
            within("anything", std::future::pending::<()>()).await;
        });
    }

    #[test]
    fn because_each_task_starts_another_one() {
        fn next() -> Pin<Box<dyn Future<Output = ()> + Send>> {
            Box::pin(async {
                tokio::spawn(next());
            })
        }
        fails(
            &[
                "Something is always ready to run",
                "a task that ends with the start of another one",
            ],
            || async {
                tokio::spawn(next());
                settle().await;
            },
        );
    }

    #[test]
    fn because_it_spins_only_when_the_last_handle_is_gone() {
        fails(
            &[
                "This test never ends",
                "after the last handle was dropped: 1 task should have ended",
            ],
            || async {
                let (sender, mut mailbox) = mpsc::channel::<u32>(1);
                tokio::spawn(async move {
                    loop {
                        tokio::select! { Some(_) = mailbox.recv() => {}, else => {} }
                    }
                });
                sender.send(1).await.unwrap();
            },
        );
    }

    #[test]
    fn because_a_loop_never_waits() {
        fails(&["This test never ends", LOOPS], || async {
            let (_sender, mut mailbox) = mpsc::channel::<u32>(1);
            tokio::spawn(async move { while mailbox.try_recv().is_err() {} });
            settle().await;
        });
    }

    #[test]
    fn because_it_sleeps_and_looks_for_ever() {
        fails(&["This test never ends"], || async {
            tokio::spawn(async {
                loop {
                    sleep(Duration::from_millis(1)).await;
                }
            });
            sleep(Duration::from_secs(12 * 3600)).await;
        });
    }

    #[test]
    #[expect(
        clippy::await_holding_lock,
        reason = "the slip that this test is about"
    )]
    fn because_a_std_mutex_is_locked_twice() {
        fails(&["This test never ends", BLOCKS], || async {
            let state = std::sync::Arc::new(std::sync::Mutex::new(0));
            let guard = state.lock().unwrap();
            let other = state.clone();
            let task = tokio::spawn(async move { *other.lock().unwrap() += 1 });
            // The guard is held across this `.await`: the task can never have the lock.
            task.await.unwrap();
            drop(guard);
        });
    }

    #[test]
    fn because_a_task_blocks_its_thread() {
        fails(&["This test never ends", BLOCKS], || async {
            let (_sender, receiver) = std::sync::mpsc::channel::<u32>();
            tokio::spawn(async move { receiver.recv() });
            settle().await;
        });
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn because_a_task_sleeps_and_looks_on_its_thread() {
        fails(&["This test never ends", BLOCKS], || async {
            loop {
                std::thread::sleep(Duration::from_millis(1));
            }
        });
    }

    #[test]
    fn because_time_stands_still_while_a_blocking_closure_waits() {
        fails(
            &["This test never ends", "time stands still", "blocking_recv"],
            || async {
                let (sender, mut mailbox) = mpsc::channel::<u32>(1);
                tokio::task::spawn_blocking(move || while mailbox.blocking_recv().is_some() {});
                sleep(Duration::from_secs(1)).await;
                drop(sender);
            },
        );
    }

    #[test]
    fn because_its_clock_was_made_a_real_one() {
        fails(
            &[
                "time stands still",
                "or somebody called `tokio::time::resume`",
            ],
            || async {
                tokio::time::resume();
                within("anything", std::future::pending::<()>()).await;
            },
        );
    }

    #[test]
    fn because_a_blocking_closure_never_returns() {
        fails(
            &[
                "This test never ends",
                "a closure given to `spawn_blocking` never returns",
            ],
            || async {
                let (sender, mut mailbox) = mpsc::channel::<u32>(1);
                tokio::task::spawn_blocking(move || while mailbox.blocking_recv().is_some() {});
                std::mem::forget(sender);
            },
        );
    }
}

/// On macOS and Windows, and so on every system: what the runtime says of itself.
mod by_the_clock_alone {
    use super::*;

    #[test]
    fn a_task_spins() {
        fails_within(BY_THE_CLOCK, &["a task spins"], || async {
            let (sender, mut mailbox) = mpsc::channel::<u32>(1);
            drop(sender);
            tokio::spawn(async move {
                loop {
                    tokio::select! { _ = mailbox.recv() => {} }
                }
            });
            settle().await;
        });
    }

    #[test]
    fn a_loop_that_never_waits_looks_like_a_thread_that_is_blocked() {
        fails_within(BY_THE_CLOCK, &["no sign of life"], || async {
            let (_sender, mut mailbox) = mpsc::channel::<u32>(1);
            tokio::spawn(async move { while mailbox.try_recv().is_err() {} });
            settle().await;
        });
        fails_within(BY_THE_CLOCK, &["no sign of life"], || async {
            let (_sender, receiver) = std::sync::mpsc::channel::<u32>();
            tokio::spawn(async move { receiver.recv() });
            settle().await;
        });
    }

    #[test]
    fn time_stands_still() {
        fails_within(BY_THE_CLOCK, &["time stands still"], || async {
            let (sender, mut mailbox) = mpsc::channel::<u32>(1);
            tokio::task::spawn_blocking(move || while mailbox.blocking_recv().is_some() {});
            sleep(Duration::from_secs(1)).await;
            drop(sender);
        });
    }

    #[test]
    fn a_loop_that_sleeps_and_looks_gets_nowhere() {
        fails_within(BY_THE_CLOCK, &["busy without getting anywhere"], || async {
            tokio::spawn(async {
                loop {
                    sleep(Duration::from_millis(1)).await;
                }
            });
            sleep(Duration::from_secs(12 * 3600)).await;
        });
    }

    /// However long it takes: each time that the runtime goes idle is a sign of life.
    #[test]
    fn a_slow_test_passes() {
        let body = || async {
            for _ in 0..20 {
                std::thread::sleep(Duration::from_millis(50));
                sleep(Duration::from_secs(1)).await;
            }
        };
        let limits = Limits {
            busy: Duration::from_secs(60),
            ..BY_THE_CLOCK
        };
        assert!(run(Clock::Virtual, limits, boxed(body)).is_ok());
    }
}

mod a_panic_in_a_task {
    use super::*;

    #[test]
    fn that_nobody_noticed_fails_the_test() {
        fails(
            &[
                "A task panicked, and nobody noticed",
                "nobody looks",
                "src/tests.rs:",
            ],
            || async {
                tokio::spawn(async { panic!("nobody looks") });
                settle().await;
            },
        );
    }

    #[test]
    fn that_the_code_caught_fails_it_too() {
        fails_in_order(
            &[
                "A task panicked, and nobody noticed",
                "even where the code catches that (which is not seen here)",
                "a bad job",
            ],
            || async {
                let supervisor = tokio::spawn(async {
                    let worker = tokio::spawn(async { panic!("a bad job") });
                    worker.await.is_err_and(|e| e.is_panic())
                });
                assert!(supervisor.await.unwrap());
            },
        );
    }

    #[test]
    fn that_is_a_todo_is_shown_with_its_words() {
        fails(
            &["the first number never came", "not yet implemented: step 1"],
            || async {
                let (_reply, answer) = oneshot::channel::<u32>();
                tokio::spawn(async { todo!("step 1: receive") });
                let _ = within("the first number", answer).await;
            },
        );
    }

    #[test]
    fn on_a_blocking_thread_is_seen_too() {
        fails(
            &["A task panicked, and nobody noticed", "on another thread"],
            || async {
                tokio::task::spawn_blocking(|| panic!("on another thread"));
                settle().await;
            },
        );
    }

    #[test]
    fn that_happens_again_and_again_is_counted() {
        fails(&["(2 more tasks panicked)"], || async {
            for _ in 0..3 {
                tokio::spawn(async { panic!("once more") });
            }
            settle().await;
        });
    }
}

mod time {
    use super::*;

    #[test]
    fn that_passes_where_none_should_is_found() {
        fails(
            &[
                "the answer came only after 1s of virtual time",
                "does not cure it",
            ],
            || async {
                in_no_time("the answer", sleep(Duration::from_secs(1))).await;
            },
        );
    }

    #[test]
    fn stands_still_while_the_others_settle() {
        passes(|| async {
            let (sender, mailbox) = mpsc::channel(1);
            tokio::spawn(actor(mailbox));
            let ends_later = tokio::spawn(sleep(Duration::from_secs(1)));
            let before = Instant::now();
            settle().await;
            assert_eq!(before.elapsed(), Duration::ZERO);
            assert!(!ends_later.is_finished());
            ends_later.await.unwrap();
            drop(sender);
        });
    }

    #[test]
    fn does_not_move_when_a_thread_sleeps() {
        passes(|| async {
            let before = Instant::now();
            let blocking = tokio::spawn(async { std::thread::sleep(Duration::from_millis(5)) });
            blocking.await.unwrap();
            assert_eq!(before.elapsed(), Duration::ZERO);
            tokio::spawn(sleep(Duration::from_millis(5))).await.unwrap();
            assert!(before.elapsed() >= Duration::from_millis(5));
        });
    }
}

mod polling {
    use super::*;

    #[test]
    fn is_told_from_waiting_by_its_wake_ups() {
        passes(|| async {
            let (sender, mailbox) = mpsc::channel(1);
            tokio::spawn(actor(mailbox));
            let waiting = wake_ups().await;
            assert!(waiting < 30, "{waiting}");

            let (second, mut mailbox) = mpsc::channel::<u32>(1);
            tokio::spawn(async move {
                while !mailbox.is_closed() {
                    let _ = mailbox.try_recv();
                    sleep(Duration::from_millis(10)).await;
                }
            });
            let polling = wake_ups().await;
            assert!(polling > 1000, "{polling}");
            drop((sender, second));
        });
    }
}

mod a_mailbox {
    use super::*;

    #[test]
    fn that_is_bounded_takes_what_it_says() {
        passes(|| async {
            // More than the 128 operations after which Tokio makes a task yield.
            let (sender, mailbox) = mpsc::channel(200);
            tokio::spawn(actor(mailbox));
            assert_eq!(accepted_sends(10_000, || sender.send(1)).await, Some(200));
        });
    }

    #[test]
    fn that_is_not_bounded_takes_all() {
        passes(|| async {
            let (sender, _mailbox) = mpsc::unbounded_channel();
            assert_eq!(
                accepted_sends(10_000, || std::future::ready(sender.send(1))).await,
                None
            );
        });
    }

    #[test]
    fn is_filled_before_its_actor_runs() {
        passes(|| async {
            let ask = |sender: mpsc::Sender<oneshot::Sender<u32>>| async move {
                let (reply, answer) = oneshot::channel();
                sender.send(reply).await.unwrap();
                answer.await.unwrap()
            };
            let answering = |mut mailbox: mpsc::Receiver<oneshot::Sender<u32>>| async move {
                while let Some(reply) = mailbox.recv().await {
                    let _ = reply.send(7);
                }
            };
            let (sender, mailbox) = mpsc::channel(200);
            tokio::spawn(answering(mailbox));
            assert_eq!(answered_at_once(1000, || ask(sender.clone())).await, 200);
            // A task for each message fills no mailbox, and is found all the same.
            let by_task = || async {
                let call = tokio::spawn(ask(sender.clone()));
                call.await.unwrap()
            };
            assert_eq!(answered_at_once(1000, by_task).await, 1000);
        });
    }

    #[test]
    fn keeps_what_callers_sent_that_gave_up() {
        passes(|| async {
            let (sender, mut mailbox) = mpsc::channel::<oneshot::Sender<u32>>(8);
            let ask = || async {
                let (reply, answer) = oneshot::channel();
                sender.send(reply).await.unwrap();
                answer.await
            };
            assert_eq!(start_and_drop(100, ask).await, 0);
            let mut kept = 0;
            while let Ok(reply) = mailbox.try_recv() {
                assert!(reply.is_closed());
                kept += 1;
            }
            assert_eq!(kept, 8);
        });
    }
}

mod a_busy_actor {
    use super::*;
    use crate::{until_half_are_answered, wait_in_line};
    use tokio::task::yield_now;

    type Question = oneshot::Sender<u32>;

    /// Answers 1, 2, 3; with a queue of its own, it takes in whatever comes before it answers the next one.
    fn actor(takes_all_in: bool) -> mpsc::Sender<Question> {
        let (sender, mut mailbox) = mpsc::channel::<Question>(8);
        tokio::spawn(async move {
            let (mut last, mut queue) = (0, std::collections::VecDeque::new());
            while let Some(question) = mailbox.recv().await {
                queue.push_back(question);
                while let Some(question) = queue.pop_front() {
                    last += 1;
                    let _ = question.send(last);
                    if takes_all_in {
                        yield_now().await;
                        queue.extend(std::iter::from_fn(|| mailbox.try_recv().ok()));
                    }
                }
            }
        });
        sender
    }

    async fn ask(actor: mpsc::Sender<Question>) -> u32 {
        let (reply, answer) = oneshot::channel();
        actor.send(reply).await.unwrap();
        answer.await.unwrap()
    }

    async fn ask_by_trying(actor: mpsc::Sender<Question>) -> u32 {
        let (reply, answer) = oneshot::channel();
        let mut question = reply;
        while let Err(mpsc::error::TrySendError::Full(back)) = actor.try_send(question) {
            question = back;
            yield_now().await;
        }
        answer.await.unwrap()
    }

    #[test]
    fn lets_callers_wait_in_line_and_sleep() {
        passes(|| async {
            let actor = actor(false);
            let line = wait_in_line(17, Duration::ZERO, || ask(actor.clone())).await;
            assert_eq!(line.answers, (1..=18).map(Some).collect::<Vec<_>>());
            assert!(!line.last_was_woken);
        });
    }

    #[test]
    fn is_overtaken_and_asked_again_and_again_by_callers_that_try() {
        passes(|| async {
            let actor = actor(false);
            let line = wait_in_line(17, Duration::ZERO, || ask_by_trying(actor.clone())).await;
            assert!(line.last_was_woken);
            assert_eq!(line.answers[17], Some(9), "the late one, first of all");
        });
    }

    #[test]
    fn has_few_questions_under_way_unless_it_takes_all_in() {
        for (takes_all_in, under_way) in [(false, 0..20), (true, 400..501)] {
            passes(move || async move {
                let actor = actor(takes_all_in);
                let asking = until_half_are_answered(1_000, || ask(actor.clone()));
                let answered = within("half of the answers", asking).await;
                assert_eq!(answered, 500);
                let more = within("one more answer", ask(actor)).await - 501;
                assert!(under_way.contains(&more), "{more} more were taken in");
            });
        }
    }
}

mod work {
    use super::*;

    #[test]
    fn at_the_same_time_is_counted() {
        passes(|| async {
            let overlap = Overlap::default();
            let mut jobs = JoinSet::new();
            for seconds in [1, 2, 3] {
                let overlap = overlap.clone();
                jobs.spawn(async move { overlap.run(sleep(Duration::from_secs(seconds))).await });
            }
            settle().await;
            assert_eq!((overlap.now(), overlap.most()), (3, 3));
            jobs.join_next().await;
            assert_eq!(overlap.now(), 2);
            // Dropping a job counts as its end.
            jobs.shutdown().await;
            assert_eq!((overlap.now(), overlap.most()), (0, 3));
        });
    }

    #[test]
    fn ends_with_its_runtime() {
        passes(|| async {
            let sender = on_a_runtime_that_ends(|| async {
                let (sender, mailbox) = mpsc::channel(1);
                tokio::spawn(actor(mailbox));
                settle().await;
                sender
            });
            assert!(sender.send(1).await.is_err());
        });
    }

    #[test]
    fn a_task_whose_runtime_ends_tells_its_panic() {
        fails(&["not yet implemented: step 1"], || async {
            on_a_runtime_that_ends(|| async { todo!("step 1: start the actor") })
        });
    }

    #[test]
    fn that_is_left_is_counted() {
        passes(|| async {
            let task = tokio::spawn(std::future::pending::<()>());
            assert_eq!(alive_tasks().await, 1);
            task.abort();
            assert_eq!(alive_tasks().await, 0);
        });
    }
}

mod scenarios {
    use super::*;
    use crate::{
        Calls, Dice, Scenario, Story,
        play::{draw, play_all},
        scenario::Which,
    };

    /// Callers of a room with so many seats; the room is full of faults.
    #[derive(Clone)]
    struct Seats(i32);

    #[derive(Clone, Copy, Debug, PartialEq)]
    enum Step {
        Come,
        Go,
        Rest(u64),
    }

    impl Scenario for Seats {
        type Step = Step;

        fn begin(dice: &mut Dice) -> Self {
            Self(dice.pick(&[3, 3, 3]))
        }

        fn step(&self, dice: &mut Dice) -> Step {
            match dice.below(4) {
                0 | 1 => Step::Come,
                2 => Step::Go,
                _ => Step::Rest(1_500),
            }
        }

        async fn play(self, steps: Vec<Step>, story: Story) {
            let mut inside = 0_i32;
            for step in steps {
                match step {
                    Step::Come => inside += 1,
                    Step::Go => inside -= 1,
                    Step::Rest(ms) => sleep(Duration::from_millis(ms)).await,
                }
                story.tell(format!("{step:?}: {inside} inside"));
                assert!(inside < self.0, "{inside} are inside: one seat too few");
            }
        }
    }

    fn told() -> String {
        match play_all(draw::<Seats>, 200) {
            Ok(()) => panic!("three seats and three guests: a scenario should have found it"),
            Err(report) => report.to_string(),
        }
    }

    #[test]
    fn that_fail_are_shortened_and_told() {
        let told = told();
        assert!(
            told.starts_with("3 are inside: one seat too few\n"),
            "{told}"
        );
        for line in [
            "0 s  Come: 1 inside",
            "0 s  Come: 2 inside",
            "0 s  Come: 3 inside",
        ] {
            assert!(told.contains(line), "{line:?} is missing:\n{told}");
        }
        let told_steps = told
            .lines()
            .filter(|line| line.contains(" inside") && line.starts_with(' '));
        assert_eq!(
            told_steps.filter(|line| !line.contains("-->")).count(),
            3,
            "{told}"
        );
    }

    #[test]
    fn are_the_same_in_every_run() {
        assert_eq!(told(), told());
        let steps = |number| Which { number, kept: None }.draw::<Seats>().1;
        assert_eq!(steps(40), steps(40));
        assert_ne!(steps(40), steps(41));
    }

    #[test]
    fn can_be_played_again_by_the_name_that_the_failure_gives() {
        let told = told();
        let (_, name) = told.split_once("SCENARIO=").expect("the failure names it");
        let name = name.split_whitespace().next().unwrap();
        let which = Which::parse(name).expect("the name can be read");
        assert_eq!(which.to_string(), name);
        assert_eq!(which.draw::<Seats>().1, [Step::Come; 3]);
    }

    #[test]
    fn tell_only_the_beginning_of_a_long_text() {
        let told = |line: String| {
            let story = Story::default();
            story.tell(line);
            story
                .to_string()
                .trim_start_matches("  0 s  ")
                .trim_end()
                .to_owned()
        };
        for short in ["call 1 waits", "5 \" of rain", r#"posts "a \"b\" \\""#] {
            assert_eq!(told(short.to_owned()), short);
        }
        let fits = format!("posts {:?}", "x".repeat(80));
        assert_eq!(told(fits.clone()), fits);
        let (x, e) = ("x".repeat(512), "\u{1}\n\"é".repeat(100));
        assert_eq!(
            told(format!("posts {x:?} and {e:?}: Ok(())")),
            format!(
                "posts \"{}…\" (512 characters) and \"{}…\" (400 characters): Ok(())",
                &x[..40],
                r#"\u{1}\n\"é"#.repeat(10)
            )
        );
    }

    #[test]
    fn let_a_call_wait_return_or_be_given_up() {
        passes(|| async {
            let (sender, mut mailbox) = mpsc::channel(1);
            let send = |n| {
                let sender = sender.clone();
                async move { sender.send(n).await }
            };
            let mut calls = Calls::new();
            assert_eq!(calls.start(1, send(1)).await, Some(Ok(())));
            for n in 2..=4 {
                assert_eq!(calls.start(n, send(n)).await, None);
            }
            assert_eq!(calls.look().await, []);
            // The turn of the second one comes, and its caller drops it before the next poll: it was never sent.
            assert_eq!(mailbox.recv().await, Some(1));
            assert_eq!(calls.give_up_oldest(), Some(2));
            assert_eq!(calls.look().await, [(3, Ok(()))]);
            assert_eq!(mailbox.recv().await, Some(3));
            let mut done = Vec::new();
            calls
                .rest(Duration::from_secs(1), |n, result| done.push((n, result)))
                .await;
            assert_eq!(done, [(4, Ok(()))]);
            assert_eq!(calls.waiting().len(), 0);
            assert_eq!(mailbox.recv().await, Some(4));
        });
    }
}

mod a_test_of_tests {
    use super::*;
    use crate::{Tried, tried};

    #[test]
    fn is_told_how_a_body_ended() {
        assert!(matches!(tried(|| async {}), Tried::Passed));

        let failed = tried(|| async { panic!("two and two") });
        assert!(
            matches!(&failed, Tried::Failed(why) if why.starts_with("two and two")),
            "{failed:?}"
        );

        let waits = tried(std::future::pending::<()>);
        assert!(
            matches!(&waits, Tried::NeverEnded(why) if why.contains("a deadlock")),
            "{waits:?}"
        );
    }

    #[test]
    fn is_told_what_a_body_overlooked() {
        let left = tried(|| async {
            tokio::spawn(std::future::pending::<()>());
        });
        assert!(
            matches!(&left, Tried::Overlooked(why) if why.contains("1 task is still alive")),
            "{left:?}"
        );

        let panicked = tried(|| async {
            let _ = tokio::spawn(async { panic!("nobody hears it") }).await;
        });
        assert!(
            matches!(&panicked, Tried::Overlooked(why) if why.contains("nobody hears it")),
            "{panicked:?}"
        );
    }

    #[test]
    fn gives_each_body_its_own_tasks() {
        for _ in 0..2 {
            let tried = tried(|| async {
                assert_eq!(alive_tasks().await, 0);
                tokio::spawn(std::future::pending::<()>());
            });
            assert!(matches!(tried, Tried::Overlooked(_)), "{tried:?}");
        }
    }
}
