//! What your suite promises: it accepts limiters that are right, and finds what is wrong with each that is not. Each test has its limiter
//! above it. Its comment says which slip in a suite it is there to catch.
//!
//! Each run of the suite has a thread, a runtime and a paused clock of its own (see `tried` in exercises/harness), so nothing that
//! a broken limiter leaves behind gets into the next run. A suite that panics on a limiter that is right has found nothing: each test
//! tries one of those first.

mod scenarios;

use harness::{Tried, cross_check, tried};
use std::{
    cell::Cell,
    sync::{Arc, Mutex, Once, PoisonError},
    thread,
    time::{Duration, Instant as RealInstant},
};
use testing::{Limiter, panics, suite};
use tokio::{
    sync::{mpsc, oneshot},
    task::yield_now,
    time::{Instant, sleep_until},
};

// ----- Limiters that are right -----

/// What a limiter has to know.
#[derive(Clone)]
struct Window {
    posts: u32,
    per: Duration,
    opened: Option<Instant>,
    made: u32,
}

impl Window {
    fn new(posts: u32, per: Duration) -> Self {
        Self {
            posts,
            per,
            opened: None,
            made: 0,
        }
    }

    fn allow(&mut self) -> bool {
        if self.opened.is_none_or(|at| at.elapsed() >= self.per) {
            self.opened = Some(Instant::now());
            self.made = 0;
        }
        let is_allowed = self.made < self.posts;
        self.made += u32::from(is_allowed);
        is_allowed
    }
}

/// Right, and without a task.
struct ByMutex(Mutex<Window>);

impl ByMutex {
    fn with(&self, ask: impl FnOnce(&mut Window) -> bool) -> bool {
        ask(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Limiter for ByMutex {
    fn new(posts: u32, per: Duration) -> Self {
        Self(Mutex::new(Window::new(posts, per)))
    }

    async fn allow(&self) -> bool {
        self.with(Window::allow)
    }
}

type Mailbox = mpsc::Receiver<oneshot::Sender<bool>>;

/// A handle to the task of a limiter.
struct Asks(mpsc::Sender<oneshot::Sender<bool>>);

impl Asks {
    fn of<F>(actor: impl FnOnce(Mailbox) -> F) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let (sender, mailbox) = mpsc::channel(8);
        tokio::spawn(actor(mailbox));
        Self(sender)
    }

    async fn allow(&self) -> bool {
        let (reply, answer) = oneshot::channel();
        let _ = self.0.send(reply).await;
        answer.await.expect("the limiter's task is there")
    }
}

/// Right: an actor.
struct ByActor(Asks);

impl Limiter for ByActor {
    fn new(posts: u32, per: Duration) -> Self {
        let mut window = Window::new(posts, per);
        Self(Asks::of(|mut mailbox| async move {
            while let Some(reply) = mailbox.recv().await {
                // A call that was given up takes nothing.
                if !reply.is_closed() {
                    let _ = reply.send(window.allow());
                }
            }
        }))
    }

    async fn allow(&self) -> bool {
        self.0.allow().await
    }
}

/// Right: an actor that closes its window by a timer. When a call and the timer come at the same instant, it takes the call first.
struct ByTimer(Asks);

impl Limiter for ByTimer {
    fn new(posts: u32, per: Duration) -> Self {
        Self(Asks::of(move |mut mailbox| async move {
            let (mut made, mut end) = (0, Instant::now());
            loop {
                tokio::select! {
                    biased;
                    reply = mailbox.recv() => {
                        let Some(reply) = reply else { break };
                        if reply.is_closed() {
                            continue;
                        }
                        if made == 0 {
                            end = Instant::now() + per;
                        }
                        let is_allowed = made < posts;
                        made += u32::from(is_allowed);
                        let _ = reply.send(is_allowed);
                    }
                    () = sleep_until(end), if made > 0 => made = 0,
                }
            }
        }))
    }

    async fn allow(&self) -> bool {
        self.0.allow().await
    }
}

// ----- How they are tried -----

/// Runs the suite for a limiter that is right. `what` describes it: "a limiter with a Mutex".
fn accepts<L: Limiter>(what: &str) -> Result<(), String> {
    let began = RealInstant::now();
    let Trial { tried, passed, .. } = on_trial(suite::<L>);
    match tried {
        Tried::Passed => Ok(()),
        // Nothing is written yet, or a step is not.
        Tried::Failed(said) if said.starts_with("not yet implemented") => Err(said),
        Tried::Failed(said) => {
            let is_asleep = passed.is_zero() && began.elapsed() > Duration::from_millis(20);
            Err(format!(
                "Your suite fails {what}, and that one is right. It said:\n  {}{}",
                indented(&said),
                if is_asleep { REAL_SLEEP } else { "" },
            ))
        }
        Tried::NeverEnded(said) => Err(format!(
            "Your suite never ends with {what}, and that one is right.\n  {}",
            indented(&said)
        )),
        Tried::Overlooked(said) => Err(format!(
            "Your suite passes {what}, as it should, and leaves something behind: a task of its own, or a panic in one.\n\
             An assertion in a spawned task fails nothing, unless you await its JoinHandle. (Page: \"Hear the panics\")\n  {}",
            indented(&said)
        )),
    }
}

const REAL_SLEEP: &str = "\n\
    No virtual time had passed by then, only real time. `std::thread::sleep` moves a clock that no limiter looks at, and keeps its \
    task from running; `tokio::time::sleep` moves Tokio's. (Page: \"Virtual time\")";

/// Runs the suite for a limiter that is broken. `fault` says how: "allows one post too many"; `lever` says what finds that.
fn finds<L: Limiter>(fault: &str, lever: &str) -> Result<(), String> {
    accepts::<ByMutex>("a limiter with a Mutex")?;
    accepts::<ByActor>("a limiter that is an actor")?;
    let Trial {
        tried, has_spun, ..
    } = on_trial(suite::<L>);
    match tried {
        _ if has_spun => Err(format!(
            "Your suite never ends with a limiter that is broken: it {fault}.\n{lever}"
        )),
        Tried::Failed(said) if is_without_words(&said) => Err(format!(
            "Your suite fails a limiter that is broken, as it should, and does not say why. Whoever reads it has to know which promise was broken: \
             give each `panic!` a message, and each assertion. (Page: \"Where to begin\")\n  {}",
            indented(&said)
        )),
        Tried::Failed(_) => Ok(()),
        Tried::Passed => Err(format!(
            "Your suite passes a limiter that is broken: it {fault}.\n{lever}"
        )),
        Tried::Overlooked(said) => Err(format!(
            "Your suite passes a limiter that is broken: it {fault}.\n{lever}\n\
             The harness saw this after your suite had ended:\n  {}",
            indented(&said)
        )),
        Tried::NeverEnded(said) => Err(format!(
            "Your suite never ends with a limiter that is broken: it {fault}. A test that hangs says nothing; let it fail.\n{lever}\n  {}",
            indented(&said)
        )),
    }
}

/// What became of one run of the suite.
struct Trial {
    tried: Tried,
    /// So much virtual time passed.
    passed: Duration,
    /// A task had spun for so long that it gave up by itself: without that, the suite would be waiting still.
    has_spun: bool,
}

thread_local! {
    static HAS_SPUN: Cell<bool> = const { Cell::new(false) };
}

fn on_trial<F: Future<Output = ()>>(suite: impl FnOnce() -> F + Send + 'static) -> Trial {
    listen();
    let notes = Arc::new(Mutex::new((Duration::ZERO, false)));
    let taken = notes.clone();
    let tried = tried(move || async move {
        let _notes = TakesNotes(Instant::now(), taken);
        suite().await;
    });
    let (passed, has_spun) = *notes.lock().unwrap_or_else(PoisonError::into_inner);
    Trial {
        tried,
        passed,
        has_spun,
    }
}

/// However the suite ends.
struct TakesNotes(Instant, Arc<Mutex<(Duration, bool)>>);

impl Drop for TakesNotes {
    fn drop(&mut self) {
        *self.1.lock().unwrap_or_else(PoisonError::into_inner) = (self.0.elapsed(), HAS_SPUN.get());
    }
}

/// The panic hook is one for the whole process. It is put in place before several threads use it.
fn listen() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let _ = tried(|| async {
            panics();
        });
    });
}

/// An assertion without a message repeats its condition; that will do.
fn is_without_words(said: &str) -> bool {
    let first = said.trim().lines().next().unwrap_or("");
    ["", "explicit panic", "a panic whose payload is not text"].contains(&first)
        || first.starts_with("-->")
}

fn indented(said: &str) -> String {
    said.trim().replace('\n', "\n  ")
}

// ----- Step 1: count -----

/// Step 1. A suite that fails everything is as useless as one that passes everything: it accepts what is right.
///
/// Page: "Where to begin" and "Virtual time". The slips: a real sleep; an assertion about how the limiter is built (the number of its tasks); an
/// assertion about what the doc leaves open.
#[test]
fn limiters_that_are_right_pass() {
    cross_check(|| {
        accepts::<ByMutex>("a limiter with a Mutex")?;
        accepts::<ByActor>("a limiter that is an actor")
    });
}

/// Allows one post too many.
struct OneTooMany(ByMutex);

impl Limiter for OneTooMany {
    fn new(posts: u32, per: Duration) -> Self {
        Self(ByMutex::new(posts.saturating_add(1), per))
    }

    async fn allow(&self) -> bool {
        self.0.allow().await
    }
}

/// Step 1. A post too many is the fault that flood control exists to prevent.
///
/// Page: "Where to begin". The slips: only the calls are tried that have to be allowed; nothing is asserted; an assertion in a task that
/// nobody awaits.
#[test]
fn one_post_too_many_is_found() {
    cross_check(|| {
        finds::<OneTooMany>(
            "allows one post too many",
            "Ask once more than it may allow, and expect a refusal. (Page: \"Where to begin\")",
        )
    });
}

/// Refuses the last post that it has to allow.
struct OneTooFew(ByMutex);

impl Limiter for OneTooFew {
    fn new(posts: u32, per: Duration) -> Self {
        Self(ByMutex::new(posts - 1, per))
    }

    async fn allow(&self) -> bool {
        self.0.allow().await
    }
}

/// Step 1. One post too few is no better: the bound holds on both sides.
///
/// Page: "Where to begin". The slip: `<=` where the number is known.
#[test]
fn one_post_too_few_is_found() {
    cross_check(|| {
        finds::<OneTooFew>(
            "allows one post too few",
            "Count what it allows, and expect exactly that number; \"at most\" lets this one through. (Page: \"Where to begin\")",
        )
    });
}

/// Keeps its limit in a byte.
struct CutOff(ByMutex);

impl Limiter for CutOff {
    fn new(posts: u32, per: Duration) -> Self {
        let posts = posts as u8;
        Self(ByMutex::new(posts.into(), per))
    }

    async fn allow(&self) -> bool {
        self.0.allow().await
    }
}

/// Step 1. The promise holds for every number, not only for those that fit on one hand.
///
/// Page: "Where to begin". The slip: every limit in the suite is a small one.
#[test]
fn a_limit_that_is_cut_off_is_found() {
    cross_check(|| {
        finds::<CutOff>(
            "keeps its limit in a byte: of 300 posts it allows 44",
            "Try a limit that is larger than anybody thought of. (Page: \"Where to begin\")",
        )
    });
}

/// All limiters of a runtime have one window.
struct Shared {
    posts: u32,
    per: Duration,
}

thread_local! {
    static ONE_FOR_ALL: Cell<Option<(Instant, u32)>> = const { Cell::new(None) };
}

impl Limiter for Shared {
    fn new(posts: u32, per: Duration) -> Self {
        Self { posts, per }
    }

    async fn allow(&self) -> bool {
        let (opened, made) = ONE_FOR_ALL.get().unzip();
        let mut window = Window {
            opened,
            made: made.unwrap_or(0),
            ..Window::new(self.posts, self.per)
        };
        let is_allowed = window.allow();
        ONE_FOR_ALL.set(window.opened.map(|opened| (opened, window.made)));
        is_allowed
    }
}

/// Step 1. What one member posts is nothing to another.
///
/// Page: "Where to begin". The slip: a suite that never has two limiters at the same time.
#[test]
fn a_window_that_two_limiters_share_is_found() {
    cross_check(|| {
        finds::<Shared>(
            "shares its window with every other limiter (a `static`)",
            "Make two limiters, use one up, and ask the other one. (Page: \"Where to begin\")",
        )
    });
}

// ----- Step 2: time -----

/// Step 2. A right limiter may go by a timer of its own. Its task has to run after that went off.
///
/// Page: "Virtual time". The slips: `advance`, and an assertion at once; an answer that is expected at the very instant in which a window ends.
#[test]
fn a_limiter_that_goes_by_a_timer_passes() {
    cross_check(|| {
        accepts::<ByMutex>("a limiter with a Mutex")?;
        accepts::<ByTimer>(
            "a limiter whose task closes the window by a timer (`advance` moves the clock, and no task has run when it returns; \
             `sleep` lets every earlier timer do its work first. Page: \"Virtual time\")",
        )
    });
}

/// Its first window lasts for ever.
struct NeverOver(ByMutex);

impl Limiter for NeverOver {
    fn new(posts: u32, _per: Duration) -> Self {
        Self(ByMutex::new(posts, Duration::MAX))
    }

    async fn allow(&self) -> bool {
        self.0.allow().await
    }
}

/// Step 2. After the window, posts are allowed again.
///
/// Page: "Virtual time". The slip: a suite in which no time passes.
#[test]
fn a_window_that_never_ends_is_found() {
    cross_check(|| {
        finds::<NeverOver>(
            "never closes its window: a member who was refused once is refused for ever",
            "Use the window up, let it pass with `tokio::time::sleep`, and ask again. (Page: \"Virtual time\")",
        )
    });
}

/// Its window is over in half the time.
struct OverEarly(ByMutex);

impl Limiter for OverEarly {
    fn new(posts: u32, per: Duration) -> Self {
        Self(ByMutex::new(posts, per / 2))
    }

    async fn allow(&self) -> bool {
        self.0.allow().await
    }
}

/// Step 2. Until the window is over, it is not.
///
/// Page: "Virtual time". The slip: nothing is asked between the first instant and the end.
#[test]
fn a_window_that_ends_early_is_found() {
    cross_check(|| {
        finds::<OverEarly>(
            "closes its window too early, after half the time",
            "Ask a millisecond before the window ends, too, and expect a refusal. (Page: \"Virtual time\")",
        )
    });
}

/// Each post that it allows opens the window anew.
struct OpensWithEachPost(ByMutex);

impl Limiter for OpensWithEachPost {
    fn new(posts: u32, per: Duration) -> Self {
        Self(ByMutex::new(posts, per))
    }

    async fn allow(&self) -> bool {
        self.0.with(|window| {
            let is_allowed = window.allow();
            if is_allowed {
                window.opened = Some(Instant::now());
            }
            is_allowed
        })
    }
}

/// Step 2. The window begins with its first post, not with its last.
///
/// Page: "Virtual time". The slip: all posts of a window are made at one instant, where first and last are the same.
#[test]
fn a_window_that_each_post_opens_anew_is_found() {
    cross_check(|| {
        finds::<OpensWithEachPost>(
            "opens its window anew with each post that it allows",
            "Let time pass between the posts of one window, and ask when that window is over, counted from its first post. (Page: \"Virtual time\")",
        )
    });
}

/// Each call that it refuses opens the window anew.
struct OpensWithEachRefusal(ByMutex);

impl Limiter for OpensWithEachRefusal {
    fn new(posts: u32, per: Duration) -> Self {
        Self(ByMutex::new(posts, per))
    }

    async fn allow(&self) -> bool {
        self.0.with(|window| {
            let is_allowed = window.allow();
            if !is_allowed {
                window.opened = Some(Instant::now());
            }
            is_allowed
        })
    }
}

/// Step 2. A call that is refused changes nothing.
///
/// Page: "Virtual time". The slip: after a refusal the suite waits for a whole window, or makes a new limiter.
#[test]
fn refused_calls_that_count_are_found() {
    cross_check(|| {
        finds::<OpensWithEachRefusal>(
            "lets calls count that it has refused: each one opens the window anew",
            "Be refused in the middle of a window, and ask when that window is over, counted from its first post. (Page: \"Virtual time\")",
        )
    });
}

/// Posts that were not made in a silent window are added to the next one.
struct SavesUp(Mutex<(Window, u32)>);

impl Limiter for SavesUp {
    fn new(posts: u32, per: Duration) -> Self {
        Self(Mutex::new((Window::new(posts, per), 0)))
    }

    async fn allow(&self) -> bool {
        let (window, saved) = &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if window
            .opened
            .is_some_and(|at| at.elapsed() >= 2 * window.per)
        {
            *saved = window.posts;
        }
        if window.allow() {
            return true;
        }
        let is_saved = *saved > 0;
        *saved = saved.saturating_sub(1);
        is_saved
    }
}

/// Step 2. However long it was quiet, a window has so many posts.
///
/// Page: "Virtual time". The slip: the suite never waits for longer than one window.
#[test]
fn a_limiter_that_saves_up_is_found() {
    cross_check(|| {
        finds::<SavesUp>(
            "saves up: after a long silence it allows the posts of two windows at once",
            "Let hours of silence pass, which cost nothing, and count what is allowed then. (Page: \"Virtual time\")",
        )
    });
}

// ----- Step 3: silence -----

/// Its task holds a Sender of its own mailbox.
struct NeverEnds(Asks);

impl Limiter for NeverEnds {
    fn new(posts: u32, per: Duration) -> Self {
        let mut window = Window::new(posts, per);
        let (sender, mut mailbox) = mpsc::channel::<oneshot::Sender<bool>>(8);
        let own = sender.clone();
        tokio::spawn(async move {
            let _own = own;
            while let Some(reply) = mailbox.recv().await {
                if !reply.is_closed() {
                    let _ = reply.send(window.allow());
                }
            }
        });
        Self(Asks(sender))
    }

    async fn allow(&self) -> bool {
        self.0.allow().await
    }
}

/// Step 3. When the limiter is gone, its task goes, too.
///
/// Page: "Count the tasks". The slips: nobody counts; the limiter is still alive while they are counted; a wait without a bound for a task that never ends.
#[test]
fn a_task_that_never_ends_is_found() {
    cross_check(|| {
        finds::<NeverEnds>(
            "is dropped, and its task lives on (it holds a Sender of its own mailbox)",
            "Drop the limiter, let tasks have a bounded number of turns, and count those that are alive. (Page: \"Count the tasks\")",
        )
    });
}

/// Its loop goes on when its mailbox is closed.
struct Spins(Asks);

/// Nothing can end a loop that spins. This one gives up by itself, long after any test has seen enough.
const TURNS: u32 = 100_000;

impl Limiter for Spins {
    fn new(posts: u32, per: Duration) -> Self {
        let mut window = Window::new(posts, per);
        Self(Asks::of(|mut mailbox| async move {
            let mut turns = 0;
            while turns < TURNS {
                if let Some(reply) = mailbox.recv().await {
                    if !reply.is_closed() {
                        let _ = reply.send(window.allow());
                    }
                } else {
                    turns += 1;
                    yield_now().await;
                }
            }
            HAS_SPUN.set(true);
        }))
    }

    async fn allow(&self) -> bool {
        self.0.allow().await
    }
}

/// Step 3. A task that spins keeps the clock from moving: in virtual time a `sleep` beside it never returns.
///
/// Page: "Count the tasks". The slip: a sleep, before somebody has looked whether the tasks have ended.
#[test]
fn a_task_that_spins_is_found() {
    cross_check(|| {
        finds::<Spins>(
            "is dropped, and its task spins: `recv` gives None, at once and every time, and its loop goes on",
            "Beside it no `sleep` of yours returns: the clock moves only when every task waits (this one gives up after 100,000 turns, so that you can read this). \
             Count the tasks after some turns of `yield_now`, and before anything sleeps. (Page: \"Count the tasks\")",
        )
    });
}

/// Asks another thread, which takes real time. A virtual day, which is what the harness gives a suite, is over before that.
struct InRealTime(ByMutex);

impl Limiter for InRealTime {
    fn new(posts: u32, per: Duration) -> Self {
        Self(ByMutex::new(posts, per))
    }

    async fn allow(&self) -> bool {
        let (done, answer) = oneshot::channel::<()>();
        thread::spawn(move || {
            // As slow as can be: longer than anybody waits.
            while !done.is_closed() {
                thread::sleep(Duration::from_millis(1));
            }
        });
        let _ = answer.await;
        self.0.allow().await
    }
}

/// Step 3. An answer needs no time. Where it needs real time, virtual time flies by.
///
/// Page: "Virtual time". The slip: an `.await` without a bound.
#[test]
fn an_answer_that_needs_real_time_is_found() {
    cross_check(|| {
        finds::<InRealTime>(
            "answers only after real time has passed (it asks another thread, which is slow)",
            "Put a time-out around each call. Paused, the clock jumps to it as soon as every task waits: an hour costs nothing. (Page: \"Virtual time\")",
        )
    });
}

/// Beside its work, something panics.
struct PanicsBeside(ByActor);

impl Limiter for PanicsBeside {
    fn new(posts: u32, per: Duration) -> Self {
        tokio::spawn(async {
            panic!("the statistics divide by zero");
        });
        Self(ByActor::new(posts, per))
    }

    async fn allow(&self) -> bool {
        self.0.allow().await
    }
}

/// Step 3. A panic in a task fails nothing by itself: somebody has to listen.
///
/// Page: "Hear the panics". The slips: nobody listens; the count is taken before the task has had a turn; the count begins after it.
#[test]
fn a_panic_beside_its_work_is_found() {
    cross_check(|| {
        finds::<PanicsBeside>(
            "panics in a task beside its work, and answers as if nothing had happened",
            "Call `panics()` first of all, and again at the end, when all tasks have had their turns; compare. (Page: \"Hear the panics\")",
        )
    });
}

// ----- Step 4: callers -----

/// Step 4. Who is answered first is nobody's promise.
///
/// Page: "One order is not all orders". The slip: an exact answer that is expected for each of several callers.
#[test]
fn the_order_of_answers_is_free() {
    cross_check(|| {
        accepts::<ByMutex>("a limiter with a Mutex")?;
        accepts::<NewestFirst>(
            "an actor that answers the newest of several calls first (who of them is allowed is not promised, only how many are. Page: \"One order is not all orders\")",
        )
    });
}

/// Right: an actor that takes all calls that wait, and answers the newest first.
struct NewestFirst(Asks);

impl Limiter for NewestFirst {
    fn new(posts: u32, per: Duration) -> Self {
        let mut window = Window::new(posts, per);
        Self(Asks::of(|mut mailbox| async move {
            let mut calls = Vec::new();
            while mailbox.recv_many(&mut calls, 8).await > 0 {
                for reply in calls.drain(..).rev() {
                    if !reply.is_closed() {
                        let _ = reply.send(window.allow());
                    }
                }
            }
        }))
    }

    async fn allow(&self) -> bool {
        self.0.allow().await
    }
}

/// Counts a call whose caller has given up.
struct CountsTheGivenUp(Asks);

impl Limiter for CountsTheGivenUp {
    fn new(posts: u32, per: Duration) -> Self {
        let mut window = Window::new(posts, per);
        Self(Asks::of(|mut mailbox| async move {
            while let Some(reply) = mailbox.recv().await {
                let _ = reply.send(window.allow());
            }
        }))
    }

    async fn allow(&self) -> bool {
        self.0.allow().await
    }
}

/// Step 4. Callers give up. What they would have taken is still there for others.
///
/// Page: "Poll by hand". The slips: a time-out of some milliseconds as a caller who gives up (in virtual time it never fires, since the answer comes
/// first); a task that is aborted before it has begun.
#[test]
fn a_call_that_was_given_up_and_counts_is_found() {
    cross_check(|| {
        finds::<CountsTheGivenUp>(
            "counts a call that was given up before it was answered",
            "Poll a call once by hand and drop it, so that nothing else runs in between; then count what is still allowed. A time-out gives no call up \
             here: the answer comes before the clock moves. (Page: \"Poll by hand\")",
        )
    });
}

/// Looks for its answer three times, and refuses when there is none.
struct Impatient(ByActor);

impl Limiter for Impatient {
    fn new(posts: u32, per: Duration) -> Self {
        Self(ByActor::new(posts, per))
    }

    async fn allow(&self) -> bool {
        let (reply, mut answer) = oneshot::channel();
        let _ = self.0.0.0.send(reply).await;
        for _ in 0..3 {
            if let Ok(answer) = answer.try_recv() {
                return answer;
            }
            yield_now().await;
        }
        // "It would have answered by now."
        false
    }
}

/// Step 4. In the usual order, the task always runs in time, and this limiter is right. In another one it is late.
///
/// Page: "One order is not all orders". The slip: each call is polled only when it is woken, so that there is one order and no other.
#[test]
fn a_limiter_that_is_wrong_in_some_schedules_is_found() {
    cross_check(|| {
        finds::<Impatient>(
            "refuses when its task is late, which happens in some schedules only (it looks for the answer three times, and then makes one up)",
            "Be the schedule: poll one call by hand, again and again, while no task gets to run. It has to wait. Then let the tasks run, and it has to be allowed. \
             (Page: \"One order is not all orders\")",
        )
    });
}

/// Step 4. Limiters that nobody wrote: the random ones that are right have to pass, and the random faults have to be found.
#[test]
fn your_promises_hold_whatever_callers_do() {
    harness::scenarios::<scenarios::Begin>(200);
}
