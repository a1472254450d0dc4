//! What your suite promises of limiters that nobody wrote. Each scenario makes one: ways of being built that are all right, and in every other one
//! a fault. The suite has to accept it, or to find the fault. Nothing is asked here that src/lib.rs does not promise.

use super::{HAS_SPUN, Trial, on_trial};
use harness::{Dice, Scenario, Story, Tried};
use std::{
    collections::VecDeque,
    mem,
    sync::{Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};
use testing::{Limiter, suite};
use tokio::{
    sync::{mpsc, oneshot},
    task::yield_now,
    time::{Instant, sleep, sleep_until},
};

/// One thing that is special about a limiter, and right.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Step {
    NoTask,
    SmallMailbox,
    TaskInBetween,
    TurnBefore,
    TurnAfter,
    NewestFirst,
    TimerOfItsOwn,
    OpenAtItsEnd,
    IdleTask,
}

impl Step {
    fn told(self) -> &'static str {
        match self {
            Self::NoTask => "a limiter has a Mutex, and no task",
            Self::SmallMailbox => "its mailbox has one slot",
            Self::TaskInBetween => "a task in between forwards the calls",
            Self::TurnBefore => "a call lets others run before it asks",
            Self::TurnAfter => "its task lets others run after each answer",
            Self::NewestFirst => "the newest call is answered first",
            Self::TimerOfItsOwn => "it closes its window by a timer",
            Self::OpenAtItsEnd => "in the instant in which its window ends, it is open still",
            Self::IdleTask => "a second task does nothing, and ends with the limiter",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Fault {
    TooMany,
    TooFew,
    CutOff,
    SavesUp,
    NeverOver,
    OverEarly,
    OpensWithEachPost,
    OpensWithEachRefusal,
    OnAGrid,
    Slides,
    LooksThenCounts,
    MakesThemWait,
    InRealTime,
    Shared,
    NeverEnds,
    EndsWithItsWindow,
    Spins,
    PanicsBeside,
    PanicsAtItsEnd,
    CountsTheGivenUp,
    DiesOfTheGivenUp,
    Impatient,
}

impl Fault {
    const ALL: [Self; 22] = [
        Self::TooMany,
        Self::TooFew,
        Self::CutOff,
        Self::SavesUp,
        Self::NeverOver,
        Self::OverEarly,
        Self::OpensWithEachPost,
        Self::OpensWithEachRefusal,
        Self::OnAGrid,
        Self::Slides,
        Self::LooksThenCounts,
        Self::MakesThemWait,
        Self::InRealTime,
        Self::Shared,
        Self::NeverEnds,
        Self::EndsWithItsWindow,
        Self::Spins,
        Self::PanicsBeside,
        Self::PanicsAtItsEnd,
        Self::CountsTheGivenUp,
        Self::DiesOfTheGivenUp,
        Self::Impatient,
    ];

    /// As in "a limiter that …", and what finds it.
    fn told(self) -> (&'static str, &'static str) {
        match self {
            Self::TooMany => ("allows one post too many", "Where to begin"),
            Self::TooFew => ("allows one post too few", "Where to begin"),
            Self::CutOff => ("keeps its limit in a byte", "Where to begin"),
            Self::SavesUp => ("saves up posts in silent windows", "Virtual time"),
            Self::NeverOver => ("never closes its window", "Virtual time"),
            Self::OverEarly => ("closes its window after half the time", "Virtual time"),
            Self::OpensWithEachPost => ("opens its window anew with each post", "Virtual time"),
            Self::OpensWithEachRefusal => (
                "opens its window anew with each call that it refuses",
                "Virtual time",
            ),
            Self::OnAGrid => (
                "lets its windows follow each other from when it was made, whenever the posts come",
                "Virtual time",
            ),
            Self::Slides => (
                "goes by the last posts, each with a window of its own",
                "Virtual time",
            ),
            Self::LooksThenCounts => (
                "looks whether a post is left, lets others run, and counts it only then",
                "One order is not all orders",
            ),
            Self::MakesThemWait => (
                "makes those wait for a second whom it refuses",
                "Virtual time",
            ),
            Self::InRealTime => (
                "answers only after real time has passed (it asks another thread)",
                "Virtual time",
            ),
            Self::Shared => ("shares its window with other limiters", "Where to begin"),
            Self::NeverEnds => ("is dropped, and a task of it lives on", "Count the tasks"),
            Self::EndsWithItsWindow => (
                "is dropped, and a task of it lives on until the window is over",
                "Count the tasks",
            ),
            Self::Spins => ("is dropped, and its task spins", "Count the tasks"),
            Self::PanicsBeside => ("panics in a task beside its work", "Hear the panics"),
            Self::PanicsAtItsEnd => ("panics in its task when it is dropped", "Hear the panics"),
            Self::CountsTheGivenUp => ("counts a call that was given up", "Poll by hand"),
            Self::DiesOfTheGivenUp => ("panics when a call was given up", "Poll by hand"),
            Self::Impatient => (
                "refuses when its task is late",
                "One order is not all orders",
            ),
        }
    }

    fn needs_a_task(self) -> bool {
        !matches!(
            self,
            Self::TooMany
                | Self::TooFew
                | Self::CutOff
                | Self::SavesUp
                | Self::NeverOver
                | Self::OverEarly
                | Self::OpensWithEachPost
                | Self::OpensWithEachRefusal
                | Self::OnAGrid
                | Self::Slides
                | Self::LooksThenCounts
                | Self::MakesThemWait
                | Self::InRealTime
                | Self::Shared
                | Self::EndsWithItsWindow
        )
    }
}

/// What a scenario begins with.
#[derive(Clone)]
pub struct Begin(Option<Fault>);

impl Scenario for Begin {
    type Step = Step;

    fn begin(dice: &mut Dice) -> Self {
        // As many are right as are broken.
        let fault = dice.below(2 * Fault::ALL.len());
        Self(Fault::ALL.get(fault).copied())
    }

    fn step(&self, dice: &mut Dice) -> Step {
        dice.pick(&[
            Step::NoTask,
            Step::SmallMailbox,
            Step::TaskInBetween,
            Step::TurnBefore,
            Step::TurnAfter,
            Step::NewestFirst,
            Step::TimerOfItsOwn,
            Step::OpenAtItsEnd,
            Step::IdleTask,
        ])
    }

    async fn play(self, mut steps: Vec<Step>, story: Story) {
        match self.0 {
            // What is given up before it asks leaves no trace.
            Some(Fault::CountsTheGivenUp | Fault::DiesOfTheGivenUp) => {
                steps.retain(|step| !matches!(step, Step::NoTask | Step::TurnBefore));
            }
            // A task handles one call after the other: nothing comes between look and count. Nor may a turn before it, which calls that are
            // awaited one by one would take one by one.
            Some(Fault::LooksThenCounts) => {
                steps.retain(|step| !matches!(step, Step::NoTask | Step::TurnBefore));
                steps.insert(0, Step::NoTask);
            }
            // A timer forgets when the last window was.
            Some(Fault::SavesUp) => steps.retain(|step| *step != Step::TimerOfItsOwn),
            Some(fault) if fault.needs_a_task() => steps.retain(|step| *step != Step::NoTask),
            _ => {}
        }
        story.tell(match steps.contains(&Step::NoTask) {
            true => Step::NoTask.told(),
            false => "a limiter is an actor",
        });
        for (at, step) in steps.iter().enumerate() {
            if *step != Step::NoTask && !steps[..at].contains(step) {
                story.tell(step.told());
            }
        }
        let plan = Plan {
            fault: self.0,
            steps,
        };
        let told = self.0.map(Fault::told);
        story.tell(match told {
            None => "it keeps every promise, and your suite is run for it".to_owned(),
            Some((told, _)) => format!("its fault: it {told}; and your suite is run for it"),
        });
        // The same way for both, so that nothing but the limiter's answers can tell a suite which of them it has before it.
        let Trial {
            tried, has_spun, ..
        } = on_trial(move || async {
            plan.comes_next();
            suite::<Drawn>().await;
        });
        match (told, tried) {
            (Some((told, page)), _) if has_spun => {
                panic!("your suite never ends with a limiter that {told}. (Page: \"{page}\")")
            }
            (None, Tried::Passed) | (Some(_), Tried::Failed(_)) => {}
            (None, Tried::Failed(said) | Tried::Overlooked(said) | Tried::NeverEnded(said)) => {
                panic!(
                    "your suite fails a limiter that keeps every promise. What came out:\n{said}"
                )
            }
            (Some((told, page)), Tried::Passed | Tried::Overlooked(_)) => {
                panic!("your suite passes a limiter that {told}. (Page: \"{page}\")")
            }
            (Some((told, page)), Tried::NeverEnded(said)) => panic!(
                "your suite never ends with a limiter that {told}. (Page: \"{page}\")\n{said}"
            ),
        }
    }
}

#[derive(Clone)]
struct Plan {
    fault: Option<Fault>,
    steps: Vec<Step>,
}

/// How the next limiters are built. Scenarios are played one at a time; so it can be the same on every thread, and a suite may have some of
/// its own.
static PLAN: Mutex<Plan> = Mutex::new(Plan {
    fault: None,
    steps: Vec::new(),
});

static ONE_FOR_ALL: Mutex<Option<Window>> = Mutex::new(None);

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Plan {
    fn comes_next(self) {
        *locked(&ONE_FOR_ALL) = None;
        *locked(&PLAN) = self;
    }

    fn has(&self, step: Step) -> bool {
        self.steps.contains(&step)
    }

    fn breaks(&self, fault: Fault) -> bool {
        self.fault == Some(fault)
    }
}

#[derive(Clone)]
struct Window {
    posts: u32,
    per: Duration,
    opened: Option<Instant>,
    made: u32,
    saved: u32,
    /// When the limiter was made.
    since: Instant,
    /// The posts of one that slides.
    recent: VecDeque<Instant>,
    open_at_its_end: bool,
    fault: Option<Fault>,
}

impl Window {
    fn new(posts: u32, per: Duration, plan: &Plan) -> Self {
        let (posts, per) = match plan.fault {
            Some(Fault::TooMany) => (posts.saturating_add(1), per),
            Some(Fault::TooFew) => (posts - 1, per),
            Some(Fault::CutOff) => (posts % 256, per),
            Some(Fault::OverEarly) => (posts, per / 2),
            _ => (posts, per),
        };
        Self {
            posts,
            per,
            opened: None,
            made: 0,
            saved: 0,
            since: Instant::now(),
            recent: VecDeque::new(),
            open_at_its_end: plan.has(Step::OpenAtItsEnd),
            fault: plan.fault,
        }
    }

    fn allow(&mut self) -> bool {
        if self.fault != Some(Fault::Shared) {
            return self.allow_alone();
        }
        let mut shared = locked(&ONE_FOR_ALL);
        let shared = shared.get_or_insert_with(|| self.clone());
        (shared.posts, shared.per) = (self.posts, self.per);
        shared.allow_alone()
    }

    fn allow_alone(&mut self) -> bool {
        if self.fault == Some(Fault::Slides) {
            return self.slide();
        }
        let saves_up = self.fault == Some(Fault::SavesUp);
        if saves_up && self.opened.is_some_and(|at| at.elapsed() >= 2 * self.per) {
            self.saved = self.posts;
        }
        if self.is_over() {
            self.open();
        }
        let mut is_allowed = self.made < self.posts;
        self.made += u32::from(is_allowed);
        if !is_allowed && self.saved > 0 {
            self.saved -= 1;
            is_allowed = true;
        }
        let opens = match self.fault {
            Some(Fault::OpensWithEachPost) => is_allowed,
            Some(Fault::OpensWithEachRefusal) => !is_allowed,
            _ => false,
        };
        if opens {
            self.opened = Some(Instant::now());
        }
        is_allowed
    }

    fn is_over(&self) -> bool {
        let now = Instant::now();
        (self.end()).is_none_or(|end| now > end || now == end && !self.open_at_its_end)
    }

    fn open(&mut self) {
        let mut opened = Instant::now();
        if self.fault == Some(Fault::OnAGrid) {
            let since_last = (opened - self.since).as_millis() % self.per.as_millis();
            opened -= Duration::from_millis(since_last as u64);
        }
        if self.fault == Some(Fault::EndsWithItsWindow) {
            tokio::spawn(sleep(self.per));
        }
        self.opened = Some(opened);
        self.made = 0;
    }

    fn slide(&mut self) -> bool {
        while self
            .recent
            .front()
            .is_some_and(|at| at.elapsed() >= self.per)
        {
            self.recent.pop_front();
        }
        let is_allowed = self.recent.len() < self.posts as usize;
        if is_allowed {
            self.recent.push_back(Instant::now());
        }
        is_allowed
    }

    fn end(&self) -> Option<Instant> {
        let opened = self.opened?;
        match self.fault {
            // As good as never.
            Some(Fault::NeverOver) => Some(opened + Duration::from_secs(1_000_000_000)),
            _ => Some(opened + self.per),
        }
    }
}

type Reply = oneshot::Sender<bool>;

/// A limiter as the thread's plan says.
pub struct Drawn {
    plan: Plan,
    asks: Asks,
    /// Ends the second task when the limiter is dropped.
    _alive: Option<oneshot::Sender<()>>,
}

enum Asks {
    Here(Mutex<Window>),
    Task(mpsc::Sender<Reply>),
}

impl Limiter for Drawn {
    fn new(posts: u32, per: Duration) -> Self {
        let plan = locked(&PLAN).clone();
        let window = Window::new(posts, per, &plan);
        let mut alive = None;
        if plan.has(Step::IdleTask) {
            let (limiter, is_gone) = oneshot::channel::<()>();
            alive = Some(limiter);
            tokio::spawn(async {
                let _ = is_gone.await;
            });
        }
        if plan.breaks(Fault::PanicsBeside) {
            tokio::spawn(async { panic!("the statistics divide by zero") });
        }
        let asks = match plan.has(Step::NoTask) {
            true => Asks::Here(Mutex::new(window)),
            false => Asks::Task(start(&plan, window)),
        };
        Self {
            plan,
            asks,
            _alive: alive,
        }
    }

    async fn allow(&self) -> bool {
        if self.plan.has(Step::TurnBefore) {
            yield_now().await;
        }
        let is_allowed = self.ask().await;
        if !is_allowed && self.plan.breaks(Fault::MakesThemWait) {
            sleep(Duration::from_secs(1)).await;
        }
        is_allowed
    }
}

impl Drawn {
    async fn ask(&self) -> bool {
        if self.plan.breaks(Fault::InRealTime) {
            wait_for_a_slow_thread().await;
        }
        match &self.asks {
            Asks::Here(window) if self.plan.breaks(Fault::LooksThenCounts) => {
                let is_left = locked(window).clone().allow();
                yield_now().await;
                if is_left {
                    locked(window).allow();
                }
                is_left
            }
            Asks::Here(window) => locked(window).allow(),
            Asks::Task(sender) => {
                let (reply, answer) = oneshot::channel();
                let _ = sender.send(reply).await;
                if self.plan.breaks(Fault::Impatient) {
                    return three_looks(answer).await;
                }
                answer.await.expect("the limiter's task is there")
            }
        }
    }
}

/// It is done when nobody waits for it any more.
async fn wait_for_a_slow_thread() {
    let (done, answer) = oneshot::channel::<()>();
    thread::spawn(move || {
        while !done.is_closed() {
            thread::sleep(Duration::from_millis(1));
        }
    });
    let _ = answer.await;
}

async fn three_looks(mut answer: oneshot::Receiver<bool>) -> bool {
    for _ in 0..3 {
        if let Ok(answer) = answer.try_recv() {
            return answer;
        }
        yield_now().await;
    }
    false
}

/// Starts the tasks of a limiter.
fn start(plan: &Plan, window: Window) -> mpsc::Sender<Reply> {
    let (sender, mailbox) = mpsc::channel(if plan.has(Step::SmallMailbox) { 1 } else { 8 });
    let own = plan.breaks(Fault::NeverEnds).then(|| sender.clone());
    tokio::spawn(answer(plan.clone(), window, mailbox, own));
    if !plan.has(Step::TaskInBetween) {
        return sender;
    }
    let (front, mut calls) = mpsc::channel(1);
    tokio::spawn(async move {
        while let Some(reply) = calls.recv().await {
            let _ = sender.send(reply).await;
        }
    });
    front
}

async fn answer(
    plan: Plan,
    mut window: Window,
    mut mailbox: mpsc::Receiver<Reply>,
    _own: Option<mpsc::Sender<Reply>>,
) {
    let most = if plan.has(Step::NewestFirst) { 8 } else { 1 };
    let mut calls = Vec::new();
    loop {
        let end = window.end().filter(|_| plan.has(Step::TimerOfItsOwn));
        let count = tokio::select! {
            biased;
            count = mailbox.recv_many(&mut calls, most) => count,
            () = sleep_until(end.unwrap_or_else(Instant::now)), if end.is_some() => {
                window.opened = None;
                continue;
            }
        };
        if count == 0 {
            break;
        }
        for reply in mem::take(&mut calls).into_iter().rev() {
            if !reply.is_closed() || plan.breaks(Fault::CountsTheGivenUp) {
                let _ = reply.send(window.allow());
            } else if plan.breaks(Fault::DiesOfTheGivenUp) {
                reply.send(window.allow()).expect("somebody waits");
            }
            if plan.has(Step::TurnAfter) {
                yield_now().await;
            }
        }
    }
    if plan.breaks(Fault::PanicsAtItsEnd) {
        panic!("the statistics divide by zero");
    }
    if plan.breaks(Fault::Spins) {
        for _ in 0..20_000 {
            yield_now().await;
        }
        HAS_SPUN.set(true);
    }
}
