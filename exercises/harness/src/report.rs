//! What the learner reads when a test fails. A panic hook collects the panics of a test's threads, those of spawned tasks
//! included, which Tokio keeps to itself; [`Report`] puts them in order.

use crate::{proof, remarks};
use std::{
    any::Any,
    cell::{Cell, RefCell},
    fmt,
    panic::{self, Location, PanicHookInfo},
    sync::{Arc, Mutex, MutexGuard, Once, PoisonError},
};
use tokio::runtime::Handle;

/// A panic payload that names the place to blame: the caller of a harness function, not the harness.
pub(crate) struct Failure {
    pub message: String,
    pub at: &'static Location<'static>,
}

impl Failure {
    /// Fails the test that is running on this thread.
    pub fn raise(message: String, at: &'static Location<'static>) -> ! {
        panic::panic_any(Self { message, at })
    }
}

/// One panic, as the hook saw it.
#[derive(Debug, Clone)]
pub(crate) struct Panic {
    pub message: String,
    /// `file:line:column`
    pub at: String,
    /// Whether it happened in a spawned task or on a `spawn_blocking` thread, rather than in the test's own body.
    pub in_task: bool,
    /// How many tasks were alive at that moment.
    pub alive: usize,
}

/// The panics of one test, shared by all threads of its runtime, in the order in which they happened.
#[derive(Debug, Clone, Default)]
pub(crate) struct Panics(Arc<Mutex<Seen>>);

#[derive(Debug, Default)]
struct Seen {
    panics: Vec<Panic>,
    /// How the message of a task's panic begins that the test is about.
    expected: Option<&'static str>,
}

/// What only [`Panics::hook_is_ours`] panics with.
struct Probe;

thread_local! {
    /// Where the hook puts the panics of this thread; `None` on threads that belong to no test of ours.
    static COLLECTOR: RefCell<Option<Panics>> = const { RefCell::new(None) };
    /// Whether the hook has seen the probe.
    static PROBED: Cell<bool> = const { Cell::new(false) };
}

impl Panics {
    /// From here on, panics on this thread are kept here and printed nowhere.
    pub fn collect_on_this_thread(&self) {
        static ONCE: Once = Once::new();
        ONCE.call_once(install_hook);
        COLLECTOR.set(Some(self.clone()));
    }

    /// Panics of tasks that begin with `words` are none, in the test that runs on this thread.
    pub fn expect_on_this_thread(words: &'static str) {
        if let Some(panics) = COLLECTOR.with_borrow(Option::clone) {
            panics.lock().expected = Some(words);
        }
    }

    /// Whether a panic on this thread still comes here. If not, the code under test has replaced the hook; this one is then put back,
    /// for the tests that follow in this process.
    pub fn hook_is_ours() -> bool {
        PROBED.set(false);
        let _ = panic::catch_unwind(|| panic::panic_any(Probe));
        let is_ours = PROBED.get();
        if !is_ours {
            install_hook();
        }
        is_ours
    }

    /// Whether there were none, the expected ones included.
    pub fn is_empty(&self) -> bool {
        self.lock().panics.is_empty()
    }

    /// All but the expected ones.
    pub fn take(&self) -> Vec<Panic> {
        let mut seen = self.lock();
        let mut panics = std::mem::take(&mut seen.panics);
        if let Some(words) = seen.expected {
            panics.retain(|panic| !(panic.in_task && panic.message.starts_with(words)));
        }
        panics
    }

    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// To be called on another thread that belongs to this thread's test: makes its panics those of the test.
pub(crate) fn collect_as_here() -> impl FnOnce() + Send + 'static {
    let panics = COLLECTOR.with_borrow(Option::clone);
    move || {
        if let Some(panics) = panics {
            panics.collect_on_this_thread();
        }
    }
}

fn install_hook() {
    // The hook in place is nobody's that we know; without it, Rust's own is in place.
    drop(panic::take_hook());
    let default = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        if info.payload().is::<Probe>() {
            PROBED.set(true);
            return;
        }
        let Some(panics) = COLLECTOR.with_borrow(Option::clone) else {
            return default(info);
        };
        if ABORTS
            .iter()
            .any(|words| info.payload_as_str() == Some(words))
        {
            // The last moment of this process: what is not said now is lost.
            proof::last_words(&Report::aborts(panics.take()));
        } else {
            panics.lock().panics.push(Panic::new(info));
        }
    }));
}

/// What Rust panics with right before it aborts the process, as `core::panicking` says it.
const ABORTS: [&str; 2] = [
    "panic in a destructor during cleanup",
    "panic in a function that cannot unwind",
];

impl Panic {
    fn new(info: &PanicHookInfo<'_>) -> Self {
        let (message, at) = match info.payload().downcast_ref::<Failure>() {
            Some(failure) => (failure.message.clone(), failure.at.to_string()),
            None => (
                Self::text(info.payload()),
                info.location()
                    .map_or_else(|| "an unknown place".to_owned(), Location::to_string),
            ),
        };
        // What the test has to say comes first; the two values follow it.
        let message = [
            "assertion `left == right` failed: ",
            "assertion `left != right` failed: ",
        ]
        .iter()
        .find_map(|words| message.strip_prefix(words))
        .unwrap_or(&message)
        .to_owned();
        // A task has an id. So has a `spawn_blocking` closure.
        let in_task = tokio::task::try_id().is_some();
        let alive = Handle::try_current().map_or(0, |runtime| runtime.metrics().num_alive_tasks());
        Self {
            message,
            at,
            in_task,
            alive,
        }
    }

    /// A panic's message, by what it was raised with.
    fn text(payload: &(dyn Any + Send)) -> String {
        if let Some(failure) = payload.downcast_ref::<Failure>() {
            return failure.message.clone();
        }
        let text = (payload.downcast_ref::<&str>().copied())
            .or_else(|| payload.downcast_ref::<String>().map(String::as_str));
        text.unwrap_or("a panic whose payload is not text")
            .to_owned()
    }

    /// What the message means here, for those who meet it for the first time.
    fn remark(&self) -> Option<String> {
        let means = remarks::on(&self.message)?;
        if !means.counts_tasks {
            return Some(means.words.to_owned());
        }
        let alive = match self.alive {
            0 => "No task was alive: was the actor spawned at all, or had it ended already?"
                .to_owned(),
            1 => "1 task was alive.".to_owned(),
            n => format!("{n} tasks were alive."),
        };
        Some(format!("{} {alive}", means.words))
    }
}

/// How the headline of a test begins that waited for something that did not come.
pub(crate) const WAITED: &str = "the test waited for a whole virtual day";

/// Why a test failed.
#[derive(Debug, Default)]
pub(crate) struct Report {
    /// What went wrong, in the learner's terms.
    headline: String,
    /// The place in the test or in the learner's code, if one is known.
    at: Option<String>,
    /// What that means, where the headline needs it.
    remark: Option<String>,
    /// The first panic of a task before that: often the cause of the headline, and then told first.
    cause: Option<Panic>,
    /// How many more tasks panicked.
    more: usize,
    /// What led to it, where nobody wrote that down before.
    story: Option<String>,
}

impl Report {
    /// A failure that the harness found; panics of tasks may have led to it.
    pub fn found(headline: impl Into<String>, panics: &Panics) -> Box<Self> {
        let in_tasks = panics.take().into_iter().filter(|panic| panic.in_task);
        Self {
            headline: headline.into(),
            ..Self::default()
        }
        .caused_by(in_tasks.collect())
    }

    /// Panics of tasks, if there are any that the test does not expect, beside a body in which all was right.
    pub fn side_panics(panics: &Panics) -> Option<Box<Self>> {
        let mut all = panics.take().into_iter();
        let first = all.next()?;
        let said = first.message.replace('\n', "\n  ");
        Some(Box::new(Self {
            headline: format!(
                "A task panicked, and nobody noticed: everything that the test asked for came out right.\n\
                 An actor that panics at its end, or beside its work, is broken all the same, even where the code catches that (which is not seen here). It said:\n  {said}"
            ),
            remark: first.remark(),
            at: Some(first.at),
            more: all.len(),
            ..Self::default()
        }))
    }

    /// The test's body panicked with `payload`. Panics of tasks before that are told as what led to it.
    pub fn body_failed(payload: &(dyn Any + Send), panics: &Panics) -> Box<Self> {
        let mut all = panics.take();
        // A panic that came out of a JoinHandle was one of a task, and the hook saw it there.
        let body = all.iter().position(|panic| !panic.in_task);
        let Some(index) = body.or_else(|| (!all.is_empty()).then_some(0)) else {
            // The hook was replaced, or the panic comes from a thread of the code's own, or is one that the test expects of a task.
            let headline = Panic::text(payload);
            let remark = remarks::on(&headline).map(|remark| remark.words.to_owned());
            return Box::new(Self {
                headline,
                remark,
                ..Self::default()
            });
        };
        let panic = all.remove(index);
        let later = all.split_off(index);
        // A failure that the harness found by itself has no place in the test worth naming.
        let of_the_harness = panic.at.contains("harness/src/check.rs");
        let remark = panic.remark();
        let mut report = Self {
            headline: panic.message,
            at: Some(panic.at).filter(|_| !of_the_harness),
            remark,
            ..Self::default()
        }
        .caused_by(all);
        report.more += later.iter().filter(|panic| panic.in_task).count();
        report
    }

    /// A `Drop` panicked while a panic was unwinding, and the process is about to be aborted.
    fn aborts(panics: Vec<Panic>) -> Self {
        let mut headline = "The whole process ends here: a `Drop` panicked while another panic was unwinding, and Rust allows one at a time. No other test of this run has a result.\n\
             A `Drop` must not panic: no `unwrap` in it, and no `expect`. What was said before:"
            .to_owned();
        for panic in panics {
            let said = panic.message.replace('\n', "\n  ");
            headline.push_str(&format!("\n  {said}\n  --> {}", panic.at));
        }
        Self {
            headline,
            ..Self::default()
        }
    }

    /// Adds to what the report says.
    pub fn and(mut self: Box<Self>, words: &str) -> Box<Self> {
        self.headline.push('\n');
        self.headline.push_str(words);
        self
    }

    /// A failure that says all by itself.
    pub fn because(headline: impl Into<String>) -> Box<Self> {
        Self::found(headline, &Panics::default())
    }

    /// Whether the test was given up, and its thread still runs.
    pub fn never_ends(&self) -> bool {
        self.headline.starts_with("This test never ends")
    }

    /// Whether the body waited for something that did not come.
    pub fn waited_in_vain(&self) -> bool {
        self.headline.starts_with(WAITED)
    }

    /// Adds what led to it.
    pub fn with_story(mut self: Box<Self>, story: String) -> Box<Self> {
        self.story = Some(story);
        self
    }

    fn caused_by(mut self, in_tasks: Vec<Panic>) -> Box<Self> {
        self.more = in_tasks.len().saturating_sub(1);
        self.cause = in_tasks.into_iter().next();
        if let Some(cause) = &self.cause {
            if cause.message == self.headline {
                // Many callers that failed in the same way.
                self.more += 1;
                self.cause = None;
            } else {
                // The cause explains the headline better.
                self.remark = cause.remark();
            }
        }
        Box::new(self)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = self.at.as_ref().map(|at| format!("\n  --> {at}"));
        let headline = format!("{}{}", self.headline, at.unwrap_or_default());
        match &self.cause {
            Some(cause) => {
                writeln!(f, "{}\n  --> {}", cause.message, cause.at)?;
                writeln!(
                    f,
                    "A task panicked with this, and Tokio keeps a panic to its task."
                )?;
                if let Some(remark) = &self.remark {
                    writeln!(f, "{remark}")?;
                }
                writeln!(f, "\nWhat the test saw after that:")?;
                writeln!(f, "  {}", headline.replace('\n', "\n  "))?;
            }
            None => {
                writeln!(f, "{headline}")?;
                if let Some(remark) = &self.remark {
                    writeln!(f, "{remark}")?;
                }
            }
        }
        match self.more {
            0 => {}
            1 => writeln!(f, "(1 more task panicked)")?,
            n => writeln!(f, "({n} more tasks panicked)")?,
        }
        match &self.story {
            Some(story) => writeln!(f, "\n{story}"),
            None => Ok(()),
        }
    }
}
