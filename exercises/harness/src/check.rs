//! The one entry point of every test.

use crate::{
    exit, proof,
    report::{Failure, Panics, Report, WAITED},
    schedule::{self, Schedule},
    wait::{Waited, at_most, settle, wait, wake_ups_in},
    watchdog::{self, Limits, Stuck, Watchdog},
};
use std::{
    any::Any,
    env,
    panic::{self, AssertUnwindSafe, Location},
    pin::Pin,
    process,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU8, Ordering::Relaxed},
        mpsc::{self, RecvTimeoutError},
    },
    thread,
    time::Duration,
};
use tokio::{
    runtime::{Builder, Handle},
    time::sleep,
};

/// How often the watchdog looks.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Virtual time that a whole test may take: more than any one `within` allows, so that the more exact message comes first.
const WHOLE_TEST: Duration = Duration::from_secs(24 * 3600);

/// Virtual time that tasks get to finish what they are doing after the test's handles are gone.
const LAST_WORK: Duration = Duration::from_secs(60);

/// Virtual time during which the tasks that are still alive then are looked at: do they wait, or go by a timer?
const LOOK_AT_LEFT: Duration = Duration::from_secs(600);

/// Virtual time after which the longest timer has gone off that is told from a deadlock, or from a task that never ends.
const LATER: Duration = Duration::from_secs(30 * 24 * 3600);

/// The body of a test without its type. Whatever runs it is compiled once, with the harness, and not anew in each test: that is most
/// of what building a test would cost.
pub(crate) type Body = Box<dyn FnOnce() -> Pin<Box<dyn Future<Output = ()>>> + Send>;

pub(crate) fn boxed<F>(body: impl FnOnce() -> F + Send + 'static) -> Body
where
    F: Future<Output = ()> + 'static,
{
    Box::new(|| Box::pin(body()))
}

/// Runs `body` as a test in virtual time: on a thread and a current-thread runtime of its own, whose clock stands still
/// as long as any task can run and jumps to the next timer when none can.
///
/// When `body` has returned, and with it all its handles are dropped, every task that it started, however indirectly, has
/// to end as well; for work that it has accepted, it has a minute. No test can hang: one that spins or blocks is given up after
/// some seconds, see `HARNESS_PATIENCE` in the README, and `body` may take one day of virtual time, no more.
///
/// What came out is told to `cargo course` in a way that the code under test cannot imitate. A bare `cargo test` goes by the exit
/// code alone: there, code that calls `exit(0)` on a thread of its own ends the whole run with no "test result" at its end, and nothing
/// is red.
///
/// `body` may be run several times, in other schedules (`cargo course explore`): whatever it needs is made inside of it.
///
/// # Panics
/// When `body` panics, when a task of it panicked (unless [`expect_panics`] was called), when tasks are left over, when it
/// never ends. What the learner has to know is printed first.
pub fn check<F>(body: impl FnOnce() -> F + Clone + Send + 'static)
where
    F: Future<Output = ()> + 'static,
{
    check_each(&mut || boxed(body.clone()));
}

fn check_each(body: &mut dyn FnMut() -> Body) {
    as_test(|| schedule::each(|| run_unless_stuck(Clock::Virtual, body())));
}

/// The same with the real clock, for tests that use real sockets: a clock that jumps when all tasks wait would fire
/// time-outs while a packet is still on its way.
///
/// # Panics
/// As [`check`].
pub fn check_in_real_time<F>(body: impl FnOnce() -> F + Send + 'static)
where
    F: Future<Output = ()> + 'static,
{
    let body = boxed(body);
    as_test(|| run_unless_stuck(Clock::Real, body));
}

/// Says that tasks may panic in this test, with a message that begins with `words`: the panic itself is what the test is about. Any
/// other panic still fails it; `""` allows all. To be called in the body of [`check`].
pub fn expect_panics(words: &'static str) {
    Panics::expect_on_this_thread(words);
}

/// Whether a test of this process has been given up while it was still using the processor: nothing can stop its thread.
static SPINNING: AtomicBool = AtomicBool::new(false);

/// Whether a test of this process has been given up because its thread was blocked. Those that come later are waited for less.
static BLOCKED: AtomicBool = AtomicBool::new(false);

fn run_unless_stuck(clock: Clock, body: Body) -> Result<(), Box<Report>> {
    if SPINNING.load(Relaxed) {
        let name = thread::current().name().unwrap_or("NAME").to_owned();
        let headline = format!(
            "Not run: another test of this run never ends, and keeps the machine busy. That one first; its report says why.\n\
             To run this one alone, add its name: {name}"
        );
        return Err(Report::found(headline, &Panics::default()));
    }
    let mut limits = Limits::from_env();
    let came_later = BLOCKED.load(Relaxed);
    if came_later {
        limits.blocked /= 5;
    }
    let outcome = run(clock, limits, body);
    if came_later
        && !SPINNING.load(Relaxed)
        && outcome.as_ref().is_err_and(|report| report.never_ends())
    {
        // Said once, and at length, by the test that was blocked first.
        return Err(Report::because(not_waited_for(limits.blocked)));
    }
    outcome
}

/// Whether a test of this process has failed.
static FAILED: AtomicBool = AtomicBool::new(false);

pub(crate) fn another_failed() -> bool {
    FAILED.load(Relaxed)
}

fn not_waited_for(limit: Duration) -> String {
    format!(
        "This test never ends, or is slow: its thread did nothing for {limit:?}, and it was not waited for any longer, since another test of this run is blocked too. That one first; its report says why."
    )
}

/// Runs a test and makes known what came out; fails the test that is running on this thread if it has to fail.
pub(crate) fn as_test(test: impl FnOnce() -> Result<(), Box<Report>>) {
    proof::begun();
    let outcome = test();
    let is_told = proof::ended(&outcome);
    if let Err(report) = outcome {
        FAILED.store(true, Relaxed);
        if !is_told {
            // An empty line first: the code under test may have printed half a line.
            eprintln!("\n{report}");
        }
        if SPINNING.load(Relaxed) && env::var_os("HARNESS_EXIT_WHEN_STUCK").is_some() {
            // A program that runs one test a process wants this report to be the last word: a thread that spins may go on printing.
            process::exit(101);
        }
        // Not `panic!`: the report is all there is to say, and the panic hook would add a line about this place.
        panic::resume_unwind(Box::new("the report above says why"));
    }
}

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Clock {
    Virtual,
    Real,
}

/// How far a test has come, for the watchdog's message.
const IN_BODY: u8 = 0;
const AFTER_BODY: u8 = 1;
const SHUTDOWN: u8 = 2;

pub(crate) fn run(clock: Clock, limits: Limits, body: Body) -> Result<(), Box<Report>> {
    let panics = Panics::default();
    let phase = Arc::new(AtomicU8::new(IN_BODY));
    let (started, start) = mpsc::channel();
    let (finished, finish) = mpsc::channel();
    let name = thread::current().name().unwrap_or("test").to_owned();
    let schedule = Schedule::next();
    let spawned = thread::Builder::new().name(name).spawn({
        let (panics, phase) = (panics.clone(), phase.clone());
        move || {
            panics.collect_on_this_thread();
            let heard = panics.clone();
            exit::in_a_test(true);
            let mut builder = Builder::new_current_thread();
            builder.enable_all().start_paused(clock == Clock::Virtual);
            builder.on_thread_start(move || {
                panics.collect_on_this_thread();
                exit::in_a_test(true);
            });
            builder.on_thread_stop(|| exit::in_a_test(false));
            let runtime = match builder.build() {
                Ok(runtime) => runtime,
                Err(e) => panic!("this machine cannot start another runtime: {e}"),
            };
            let _ = started.send((watchdog::current_thread(), runtime.metrics()));
            schedule.begin();
            let outcome = panic::catch_unwind(AssertUnwindSafe(|| {
                runtime.block_on(to_the_end(body, clock, &phase))
            }));
            phase.store(SHUTDOWN, Relaxed);
            drop(runtime);
            exit::in_a_test(false);
            let hook = match Panics::hook_is_ours() {
                false => Some(NO_HOOK),
                // One that was heard may well be passed on.
                true if heard.is_empty() && schedule::panics() > 0 => Some(UNHEARD),
                true => None,
            };
            let _ = finished.send((outcome, hook));
        }
    });
    // A thread that cannot even start says so in its panic.
    let watched = spawned.ok().and_then(|_| start.recv().ok());
    let Some((thread, metrics)) = watched else {
        return Err(Report::found(
            "this machine cannot start another thread",
            &panics,
        ));
    };
    let thread = thread.filter(|_| limits.by_cpu);
    let mut watchdog = Watchdog::new(limits, thread, metrics);
    let (outcome, hook) = loop {
        match finish.recv_timeout(LOOK_EVERY) {
            Ok(outcome) => break outcome,
            Err(RecvTimeoutError::Timeout) => {
                if let Some(stuck) = watchdog.look() {
                    let alive = watchdog.alive_tasks();
                    let flag = if matches!(stuck, Stuck::Blocked | Stuck::StandsStill) {
                        &BLOCKED
                    } else {
                        &SPINNING
                    };
                    flag.store(true, Relaxed);
                    return Err(Report::found(
                        never_ends(stuck, clock, phase.load(Relaxed), alive),
                        &panics,
                    ));
                }
            }
            Err(RecvTimeoutError::Disconnected) => {
                let ended: Box<dyn Any + Send> = Box::new("the test's thread ended without a word");
                break (Err(ended), None);
            }
        }
    };
    match (outcome, hook) {
        (Ok(()), None) => Report::side_panics(&panics).map_or(Ok(()), Err),
        (Ok(()), Some(words)) => Err(Report::found(words, &panics)),
        (Err(payload), None) => Err(Report::body_failed(&*payload, &panics)),
        (Err(payload), Some(words)) => Err(Report::body_failed(&*payload, &panics).and(words)),
    }
}

/// What is said where a panic ended a task, and the panic hook did not hear of it.
const UNHEARD: &str = "\
    A task panicked, and the panic hook did not hear of it: by `std::panic::resume_unwind`, or while another hook was in place.\n\
    Let it panic aloud (`panic!`), or return an error; whoever awaits the task's JoinHandle is told of either.";

/// What is said where the panic hook is not ours any more.
const NO_HOOK: &str = "\
    The panic hook was replaced while this test ran: somebody called `std::panic::set_hook` (or `take_hook`).\n\
    From then on nobody hears of a task's panic, and this test cannot say whether one panicked. Take that call out. To know of a panic \
    that you expect, await the task's JoinHandle: it gives a `JoinError` whose `is_panic()` is true.";

async fn to_the_end(body: Body, clock: Clock, phase: &AtomicU8) {
    let here = Location::caller();
    let mut body = body();
    if let Waited::InVain { wake_ups } = wait(WHOLE_TEST, &mut body).await {
        let alive = Handle::current().metrics().num_alive_tasks();
        let what = match wake_ups {
            0 if at_most(LATER, Pin::new(&mut body)).await.is_some() => {
                "it ends later. Which sleep, time-out or interval takes so much time?".to_owned()
            }
            0 => format!("a deadlock.\n{}", others(alive)),
            n => format!(
                "it goes by timers, and they go on: {n} wake-ups in the second half of that day.\n\
                 Does a loop sleep and look for something that never comes?"
            ),
        };
        Failure::raise(
            format!(
                "{WAITED}: {what}\n\
                 (A day is the most that the harness gives a test. One that has to wait longer, in all, cannot be run.)"
            ),
            here,
        );
    }
    drop(body);
    phase.store(AFTER_BODY, Relaxed);
    settle().await;
    let alive = || Handle::current().metrics().num_alive_tasks();
    if alive() > 0 {
        // Work that was accepted may be finished first. With the real clock that has to be waited for, in small steps.
        let (step, steps) = if clock == Clock::Virtual {
            (LAST_WORK, 1)
        } else {
            (Duration::from_millis(5), 200)
        };
        for _ in 0..steps {
            sleep(step).await;
            if alive() == 0 {
                break;
            }
        }
    }
    let left = alive();
    if left == 0 {
        return;
    }
    let wake_ups = match clock {
        Clock::Virtual => wake_ups_in(LOOK_AT_LEFT).await,
        // Sockets wake it up, too.
        Clock::Real => 0,
    };
    let still = match left {
        1 => "1 task is still alive".to_owned(),
        n => format!("{n} tasks are still alive"),
    };
    if wake_ups == 0 && clock == Clock::Virtual {
        sleep(LATER).await;
    }
    let why = match wake_ups {
        _ if alive() == 0 => {
            "Later in virtual time, none is. A task has a minute to finish what it was given: \
             which sleep, time-out or interval takes so much time?"
                .to_owned()
        }
        0 => {
            "An actor's loop ends when `recv()` gives None, and that happens when the last Sender of its mailbox is dropped.\n\
              So: who still holds a Sender? The actor itself? A task that never ends?"
                .to_owned()
        }
        n => format!(
            "And something goes on by timers: {n} wake-ups in the ten minutes of virtual time after that.\n\
             A loop that ticks or sleeps does not notice by itself that nobody needs it any more. Does it ignore the Err of a `send` to a \
             Receiver that is gone? Does nothing in it await a `recv()` that gives None? Let the loop end there, or abort its task with \
             the actor that it belongs to."
        ),
    };
    Failure::raise(
        format!("{still} although every handle is gone.\n{why}"),
        here,
    )
}

pub(crate) fn others(alive: usize) -> String {
    match alive {
        0 => "No other task is alive.".to_owned(),
        1 => "1 task is alive, and it waits too.".to_owned(),
        n => format!("{n} tasks are alive, and all of them wait too."),
    }
}

fn never_ends(stuck: Stuck, clock: Clock, phase: u8, alive: usize) -> String {
    if phase == SHUTDOWN {
        return "This test never ends: a closure given to `spawn_blocking` never returns.\n\
                The runtime cannot be shut down before it does: nothing can abort a thread. Let the closure end by itself, \
                for example when `blocking_recv()` gives None."
            .to_owned();
    }
    let what = match stuck {
        Stuck::SpinsYielding => {
            "a task spins.\n\
             Something is always ready to run, and the moment in which all tasks wait never comes. The usual causes:\n\
             - a loop that goes on after its channel was closed: from then on `recv()` gives None at once, every time;\n\
             - a branch of `select!` that is always ready (`reserve` with nothing to send, a `changed()` whose value nobody looks at, an empty `else`);\n\
             - a future that is made anew in each turn, and is ready each time: `state.clone().changed()` of a watch (keep one Receiver, and \
             look by `borrow_and_update`);\n\
             - a loop that only tries (`try_recv`, `yield_now`) until something has changed;\n\
             - a task that ends with the start of another one like it.\n\
             Whom it keeps from running may be the very one that would end it (starvation; with `biased`, the branches below)."
        }
        Stuck::SpinsInOnePoll => {
            "a loop never waits.\n\
             It runs without an `.await` that has to wait (`try_recv` in a loop, `join_next` on an empty `JoinSet`, or an `Err` of a closed channel that comes at once, every time), so no other task gets to run. \
             An actor waits for its next message with `recv().await`.\n\
             (One step that computes for seconds, or fills a gigabyte of memory, looks the same from outside.)"
        }
        Stuck::Busy => {
            "it is busy without getting anywhere.\n\
             Something wakes up over and over: a loop that sleeps and looks, instead of waiting for a message with `recv().await`?"
        }
        Stuck::Blocked => {
            "its thread is blocked.\n\
             It has done nothing for some seconds. Something waits without `.await`: a std Mutex that is locked already, `std::thread::sleep`, the `recv` of a std \
             channel. While a thread is blocked, none of its tasks can run, not even the one that is waited for."
        }
        Stuck::StandsStill if clock == Clock::Virtual => {
            "every task waits, and time stands still.\n\
             A closure given to `spawn_blocking` is under way, or somebody called `tokio::time::resume`. The closure may be right in a program; but the tests run in virtual time, which does not pass meanwhile. So what the closure \
             waits for (in `blocking_recv`, `blocking_send` or `block_on`) may never come, nor the end of any `sleep`. Do this work in an async task that waits with `.await`."
        }
        Stuck::StandsStill => {
            "every task waits, and nothing has come for some seconds.\n\
             This test runs in real time, with real sockets: what is everybody waiting for? (If it is a closure given to `spawn_blocking`, what is that one waiting for?)"
        }
        Stuck::Unknown => {
            "no sign of life for some seconds.\n\
             Either a loop never waits (a closed `recv()` gives None at once, every time; `try_recv` never waits), or the thread \
             is blocked (a std Mutex, `std::thread::sleep`)."
        }
    };
    let when = match (phase, alive) {
        (AFTER_BODY, 1) => {
            "\nIt happens after the last handle was dropped: 1 task should have ended then."
                .to_owned()
        }
        (AFTER_BODY, n) if n > 1 => format!(
            "\nIt happens after the last handle was dropped: {n} tasks should have ended then."
        ),
        _ => String::new(),
    };
    format!("This test never ends: {what}{when}")
}
