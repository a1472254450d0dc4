//! Runs a future on a runtime of its own and records it: to its end, until nothing moves any more, or until there is enough.

use crate::{
    actor::Actor,
    event::{ActorId, Cut, Kind},
    limits::Limits,
    panics,
    recorder::Recorder,
    source::{self, Piece},
    state::Phase,
    trace::Trace,
    turn::{self, Seat},
};
use std::{
    future::poll_fn,
    panic::{self, AssertUnwindSafe},
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, RecvTimeoutError, channel},
    },
    task::{Context, Poll, Wake, Waker},
    thread,
    time::Duration,
};
use tokio::{
    runtime::Builder,
    task::yield_now,
    time::{sleep, timeout},
};

/// Virtual time that tasks get to finish what they are doing after main has ended.
const LAST_WORK: Duration = Duration::from_secs(60);

/// The runtime comes to each task at least once in so many turns of its own.
const TURNS_TO_END: usize = 1_000;

/// Records `main` with the usual limits and without a listing.
///
/// # Panics
/// When this machine cannot start another runtime. A panic of `main` becomes an event.
pub fn record(title: &str, main: impl Future) -> Trace {
    Recording::new(title).run(main)
}

/// A recording to be made.
#[derive(Debug, Clone)]
pub struct Recording {
    title: String,
    limits: Limits,
    listing: Option<String>,
    pieces: Vec<Piece>,
}

impl Recording {
    pub fn new(title: &str) -> Self {
        Self {
            title: title.to_owned(),
            limits: Limits::default(),
            listing: None,
            pieces: Vec::new(),
        }
    }

    /// Events get line numbers if they happen in the file whose path ends with this one. `source` is its text, in which the
    /// pieces are looked up that a page shows.
    pub fn listing(mut self, file: &str, source: &str) -> Self {
        self.listing = Some(file.to_owned());
        self.pieces = source::pieces(source);
        self
    }

    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Runs `main` on this thread, on a current-thread runtime whose clock is paused, and records it.
    ///
    /// # Panics
    /// When this machine cannot start another runtime. A panic of `main` becomes an event.
    pub fn run(self, main: impl Future) -> Trace {
        panics::listen();
        let recorder = Recorder::new(self.limits, self.listing);
        let here = turn::record_here(recorder.clone());
        let parking = recorder.clone();
        let runtime = Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .on_thread_park(move || parking.parks())
            .build();
        let runtime = match runtime {
            Ok(runtime) => runtime,
            Err(e) => panic!(
                "this machine cannot start another runtime: {e}; close other programs and try again"
            ),
        };
        let (running, over) = channel::<()>();
        let watchdog = thread::spawn({
            let recorder = recorder.clone();
            move || watch(&recorder, &over)
        });
        runtime.block_on(to_the_end(&recorder, main));
        // Not `drop`, which would wait for closures on other threads.
        runtime.shutdown_background();
        drop(running);
        let _ = watchdog.join();
        drop(here);
        Trace::new(self.title, self.pieces, &recorder.state())
    }
}

/// Ends a recording whose threads do nothing for too long.
fn watch(recorder: &Recorder, over: &Receiver<()>) {
    let blocked = recorder.state().limits.blocked;
    let mut before = None;
    while over.recv_timeout(blocked) == Err(RecvTimeoutError::Timeout) {
        let mut state = recorder.state();
        let now = state.progress();
        if before.replace(now) == Some(now) {
            state.cut(Cut::Blocked);
        }
    }
}

enum Outcome {
    Ended,
    Stuck,
    Cut,
}

async fn to_the_end(recorder: &Arc<Recorder>, main: impl Future) {
    recorder.start_clock();
    let seat = Seat {
        recorder: recorder.clone(),
        actor: 0,
    };
    let mut main = Box::pin(Actor::main(seat, main));
    let outcome = run_main(recorder, main.as_mut()).await;
    if let Outcome::Ended = outcome {
        // A task that is busy may finish.
        let _ = timeout(LAST_WORK, everybody_ended(recorder)).await;
    }
    let left = recorder.state().alive();
    let is_whole = recorder.state().phase == Phase::Running;
    see_who_holds_what(recorder, &left, main).await;
    let mut state = recorder.state();
    match outcome {
        _ if !is_whole => {}
        Outcome::Stuck => state.conclude(0, Kind::Stuck),
        _ => {
            for actor in left {
                let boxes = state.senders_of(actor);
                state.conclude(actor, Kind::Leaked(boxes));
            }
        }
    }
    state.phase = Phase::Over;
}

async fn run_main<F: Future>(recorder: &Arc<Recorder>, mut main: Pin<&mut Actor<F>>) -> Outcome {
    let (idle, bell) = {
        let state = recorder.state();
        (state.limits.idle, state.bell.clone())
    };
    let mut alarm = pin!(sleep(idle));
    let mut woken = Woken::default();
    let mut main = poll_fn(|cx| {
        // The alarm and the bell wake this task too. Main must not notice: it would look as if something moved.
        let Some(waker) = woken.take(cx) else {
            return Poll::Pending;
        };
        let mut cx = Context::from_waker(&waker);
        match panic::catch_unwind(AssertUnwindSafe(|| main.as_mut().poll(&mut cx))) {
            Ok(poll) => poll.map(drop),
            Err(_) => Poll::Ready(()), // recorded by the hook
        }
    });
    loop {
        tokio::select! {
            biased;
            () = &mut main => return Outcome::Ended,
            () = bell.notified() => {
                if recorder.state().phase == Phase::Over {
                    return Outcome::Cut;
                }
            }
            () = alarm.as_mut() => {
                let last_activity = recorder.state().last_activity;
                match last_activity.map(|at| at + idle) {
                    Some(later) if later > alarm.deadline() => alarm.as_mut().reset(later),
                    _ => return Outcome::Stuck,
                }
            }
        }
    }
}

/// Tells whether it was main that was woken.
#[derive(Default)]
struct Woken {
    flag: Option<Arc<Flag>>,
}

struct Flag {
    woken: AtomicBool,
    task: Waker,
}

impl Woken {
    /// The waker to poll main with, if main was woken since the last time.
    fn take(&mut self, cx: &Context<'_>) -> Option<Waker> {
        let flag = self.flag.get_or_insert_with(|| {
            Arc::new(Flag {
                woken: AtomicBool::new(true),
                task: cx.waker().clone(), // the runtime's own: it stays the same
            })
        });
        let woken = flag.woken.swap(false, Ordering::AcqRel);
        woken.then(|| Waker::from(flag.clone()))
    }
}

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.woken.store(true, Ordering::Release);
        self.task.wake_by_ref();
    }
}

/// Also when the recording is cut.
async fn everybody_ended(recorder: &Recorder) {
    loop {
        let bell = {
            let state = recorder.state();
            if state.alive().is_empty() || state.phase == Phase::Over {
                return;
            }
            state.bell.clone()
        };
        bell.notified().await;
    }
}

/// Drops main, and then aborts tasks one by one: what each of them drops is what it held. Nobody else runs meanwhile.
async fn see_who_holds_what(
    recorder: &Recorder,
    left: &[ActorId],
    main: Pin<Box<Actor<impl Future>>>,
) {
    {
        let mut state = recorder.state();
        state.keep();
        state.phase = Phase::Aftermath;
    }
    // What main shares with a task is the task's.
    let _ = panic::catch_unwind(AssertUnwindSafe(|| drop(main)));
    for &actor in left {
        let abort = recorder.state().actors[actor].abort.clone();
        if let Some(abort) = abort {
            abort.abort();
            // Not a sleep: a thread that is blocked would stop the clock.
            for _ in 0..TURNS_TO_END {
                if recorder.state().actors[actor].gone {
                    break;
                }
                yield_now().await;
            }
        }
    }
}
