//! What the learner reads when a test fails. A panic hook collects the panics of a test's threads, those of spawned tasks
//! included, which Tokio keeps to itself; [`Report`] puts them in order.

use std::{
    cell::RefCell,
    fmt,
    panic::{self, Location, PanicHookInfo},
    sync::{Arc, Mutex, Once, PoisonError},
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

/// The panics of one test, shared by all threads of its runtime.
#[derive(Debug, Clone, Default)]
pub(crate) struct Panics(Arc<Mutex<Vec<Panic>>>);

thread_local! {
    /// Where the hook puts the panics of this thread; `None` on threads that belong to no test of ours.
    static COLLECTOR: RefCell<Option<Panics>> = const { RefCell::new(None) };
}

impl Panics {
    /// From here on, panics on this thread are kept here and printed nowhere.
    pub fn collect_on_this_thread(&self) {
        install_hook();
        COLLECTOR.set(Some(self.clone()));
    }

    pub fn take(&self) -> Vec<Panic> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Forgets those whose message begins with `words`.
    pub fn forget(&self, words: &str) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .retain(|panic| !panic.message.starts_with(words));
    }

    pub fn are_none(&self) -> bool {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .is_empty()
    }

    fn push(&self, panic: Panic) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(panic);
    }
}

fn install_hook() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let default = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            match COLLECTOR.with_borrow(Option::clone) {
                Some(panics) => panics.push(Panic::new(info)),
                None => default(info),
            }
        }));
    });
}

impl Panic {
    fn new(info: &PanicHookInfo<'_>) -> Self {
        let (message, at) = match info.payload().downcast_ref::<Failure>() {
            Some(failure) => (failure.message.clone(), failure.at.to_string()),
            None => (
                info.payload_as_str()
                    .unwrap_or("a panic whose payload is not text")
                    .to_owned(),
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

    /// What an error of a channel means here, for those who meet it for the first time.
    fn remark(&self) -> Option<String> {
        let means = if self.message.contains("RecvError") {
            "RecvError means: the other end was dropped without an answer. Either the actor dropped it, or the message never \
             reached an actor (a `send` without `.await`? a mailbox that nobody reads?)."
        } else if self.message.contains("SendError") {
            "SendError means: the mailbox's Receiver has been dropped."
        } else {
            return None;
        };
        let alive = match self.alive {
            0 => "No task was alive: was the actor spawned at all, or had it ended already?"
                .to_owned(),
            1 => "1 task was alive.".to_owned(),
            n => format!("{n} tasks were alive."),
        };
        Some(format!("{means} {alive}"))
    }
}

/// Why a test failed.
#[derive(Debug, Default)]
pub(crate) struct Report {
    /// What went wrong, in the learner's terms.
    headline: String,
    /// The place in the test or in the learner's code, if one is known.
    at: Option<String>,
    /// What that means, where the headline needs it.
    remark: Option<String>,
    /// The first panic of a task: often the cause of the headline.
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

    /// The test's body panicked. That is the headline; panics of tasks are told as what led to it.
    pub fn body_failed(panics: &Panics) -> Box<Self> {
        let (mut in_tasks, body): (Vec<_>, Vec<_>) =
            panics.take().into_iter().partition(|panic| panic.in_task);
        // A panic that came out of a JoinHandle was one of a task, and the hook saw it there.
        let headline = body
            .into_iter()
            .next()
            .or_else(|| (!in_tasks.is_empty()).then(|| in_tasks.remove(0)));
        let Some(panic) = headline else {
            return Self::found("the test's thread ended without a word", panics);
        };
        // A failure that the harness found by itself has no place in the test worth naming.
        let of_the_harness = panic.at.contains("harness/src/check.rs");
        let remark = panic.remark();
        Self {
            headline: panic.message,
            at: Some(panic.at).filter(|_| !of_the_harness),
            remark,
            ..Self::default()
        }
        .caused_by(in_tasks)
    }

    /// A failure that says all by itself.
    pub fn because(headline: impl Into<String>) -> Box<Self> {
        Self::found(headline, &Panics::default())
    }

    /// Whether the test was given up, and its thread still runs.
    pub fn never_ends(&self) -> bool {
        self.headline.starts_with("This test never ends")
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
        writeln!(f, "{}", self.headline)?;
        if let Some(at) = &self.at {
            writeln!(f, "  --> {at}")?;
        }
        if let Some(cause) = &self.cause {
            writeln!(
                f,
                "\nThis comes from a panic inside a task, which Tokio keeps to that task:"
            )?;
            writeln!(
                f,
                "  {}\n  --> {}",
                cause.message.replace('\n', "\n  "),
                cause.at
            )?;
        }
        if let Some(remark) = &self.remark {
            writeln!(f, "{remark}")?;
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
