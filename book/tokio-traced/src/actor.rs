//! What is around each task: says who runs now, and when it ends.

use crate::{
    event::{ActorId, Ended},
    explore::{self, Turns},
    place::Place,
    recorder::{Recorder, tap},
};
use pin_project_lite::pin_project;
use std::{
    cell::RefCell,
    panic::{self, AssertUnwindSafe},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Wake, Waker},
    thread,
};
use tokio::task::coop::has_budget_remaining;

thread_local! {
    /// Whose code runs on this thread now. A stack: a task's poll may drop or run another one.
    static RUNNING: RefCell<Vec<Running>> = const { RefCell::new(Vec::new()) };
}

struct Running {
    seat: Seat,
    wakers: Option<Wakers>,
    /// It called `yield_now`: it does not wait for anything.
    yields: bool,
}

/// An actor's turn has two wakers that do the same. What is recorded gets the task's own, all else one that is new each turn:
/// if somebody still has that after the turn, the actor waits for something that is not recorded.
struct Wakers {
    own: Waker,
    new: Waker,
}

struct Turn(Waker);

impl Wake for Turn {
    fn wake(self: Arc<Self>) {
        self.0.wake_by_ref();
    }
}

/// One actor of one recording.
#[derive(Clone)]
pub(crate) struct Seat {
    pub recorder: Arc<Recorder>,
    pub actor: ActorId,
}

pub(crate) fn current_recorder() -> Option<Arc<Recorder>> {
    RUNNING.with_borrow(|running| running.last().map(|r| r.seat.recorder.clone()))
}

/// The actor that runs on this thread, if it belongs to this recording.
pub(crate) fn current(recorder: &Arc<Recorder>) -> Option<ActorId> {
    RUNNING.with_borrow(|running| {
        let seat = &running.last()?.seat;
        Arc::ptr_eq(&seat.recorder, recorder).then_some(seat.actor)
    })
}

/// Whether the running task polls with this waker itself. A combinator like `FuturesUnordered` polls with its own ones.
pub(crate) fn polls_itself(waker: &Waker) -> bool {
    RUNNING.with_borrow(|running| {
        let wakers = running.last().and_then(|r| r.wakers.as_ref());
        wakers.is_none_or(|w| w.own.will_wake(waker) || w.new.will_wake(waker))
    })
}

/// Polls something of Tokio's that is recorded.
pub(crate) fn recorded<T>(cx: &mut Context<'_>, poll: impl FnOnce(&mut Context<'_>) -> T) -> T {
    swapped(cx, |wakers| (&wakers.new, &wakers.own), poll)
}

/// Polls something of the user's, inside of what is recorded.
pub(crate) fn not_recorded<T>(cx: &mut Context<'_>, poll: impl FnOnce(&mut Context<'_>) -> T) -> T {
    swapped(cx, |wakers| (&wakers.own, &wakers.new), poll)
}

/// Polls with the second one instead of the first one.
fn swapped<T>(
    cx: &mut Context<'_>,
    wakers: impl FnOnce(&Wakers) -> (&Waker, &Waker),
    poll: impl FnOnce(&mut Context<'_>) -> T,
) -> T {
    let other = RUNNING.with_borrow(|running| {
        let (one, other) = wakers(running.last()?.wakers.as_ref()?);
        one.will_wake(cx.waker()).then(|| other.clone())
    });
    match other {
        Some(other) => poll(&mut Context::from_waker(&other)),
        None => poll(cx),
    }
}

pub(crate) fn yields() {
    RUNNING.with_borrow_mut(|running| {
        if let Some(running) = running.last_mut() {
            running.yields = true;
        }
    });
}

impl Seat {
    /// A seat for what is spawned here; `None` outside of a recording.
    pub fn take(place: Option<Place>, name: impl FnOnce() -> String, thread: bool) -> Option<Self> {
        let recorder = tap()?;
        let actor = recorder.spawned(place, name(), thread);
        Some(Self { recorder, actor })
    }

    fn enter(&self, wakers: Option<Wakers>) {
        RUNNING.with_borrow_mut(|running| {
            running.push(Running {
                seat: self.clone(),
                wakers,
                yields: false,
            });
        });
    }

    /// Runs a closure as this actor, on whatever thread.
    pub fn run<T>(&self, closure: impl FnOnce() -> T) -> T {
        self.enter(None);
        self.recorder.turn_begins(self.actor);
        let result = panic::catch_unwind(AssertUnwindSafe(closure));
        leave();
        match result {
            Ok(value) => {
                self.recorder.ended(self.actor, Ended::Returned);
                value
            }
            Err(payload) => {
                self.recorder.ended(self.actor, Ended::Panicked);
                panic::resume_unwind(payload)
            }
        }
    }
}

/// Whether the actor that leaves had yielded.
fn leave() -> bool {
    RUNNING.with_borrow_mut(|running| running.pop().is_some_and(|r| r.yields))
}

pin_project! {
    /// A task's future. Its fields are dropped in this order: what the future drops at its end is still done by this actor.
    pub(crate) struct Actor<F> {
        entry: Entry,
        turns: Option<Turns>,
        #[pin]
        future: F,
        exit: Exit,
    }
}

/// Enters when it is dropped.
struct Entry(Option<Seat>);

/// Leaves when it is dropped.
struct Exit(bool);

impl<F> Actor<F> {
    /// Around a task that is spawned here.
    pub fn new(seat: Option<Seat>, future: F) -> Self {
        Self::with(seat, Turns::take(), future)
    }

    /// Around what the runtime was started for, which is no task: it is never put off.
    pub fn main(seat: Seat, future: F) -> Self {
        Self::with(Some(seat), None, future)
    }

    fn with(seat: Option<Seat>, turns: Option<Turns>, future: F) -> Self {
        let exit = Exit(seat.is_some());
        let entry = Entry(seat);
        Self {
            entry,
            turns,
            future,
            exit,
        }
    }
}

impl<F: Future> Future for Actor<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        if this.turns.as_mut().is_some_and(Turns::puts_off) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let Some(seat) = &this.entry.0 else {
            let _poll = explore::Poll;
            return this.future.poll(cx);
        };
        if seat.recorder.stands_still() {
            return Poll::Pending;
        }
        let turn = Arc::new(Turn(cx.waker().clone()));
        let new = Waker::from(turn.clone());
        seat.enter(Some(Wakers {
            own: cx.waker().clone(),
            new: new.clone(),
        }));
        seat.recorder.turn_begins(seat.actor);
        let mut cx = Context::from_waker(&new);
        let result = panic::catch_unwind(AssertUnwindSafe(|| this.future.poll(&mut cx)));
        let yields = leave();
        drop(new);
        let for_more = Arc::strong_count(&turn) > 1;
        match result {
            Ok(Poll::Ready(output)) => {
                seat.recorder.ended(seat.actor, Ended::Returned);
                Poll::Ready(output)
            }
            Ok(Poll::Pending) => {
                // Without budget, Tokio makes every operation say Pending: that is a yield, not a wait.
                if !yields && has_budget_remaining() {
                    seat.recorder.turn_ends(seat.actor, for_more);
                }
                Poll::Pending
            }
            Err(payload) => {
                seat.recorder.ended(seat.actor, Ended::Panicked);
                panic::resume_unwind(payload)
            }
        }
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        let Some(seat) = &self.0 else { return };
        if !thread::panicking() {
            seat.recorder.ended(seat.actor, Ended::Aborted);
        }
        seat.enter(None);
    }
}

impl Drop for Exit {
    fn drop(&mut self) {
        if self.0 {
            leave();
        }
    }
}
