//! What is around each task: says who runs now, and when it ends.

use crate::{
    event::Ended,
    explore::{self, Turns},
    place::Place,
    turn::{Seat, Wakers, leave, tap},
};
use pin_project_lite::pin_project;
use std::{
    panic::{self, AssertUnwindSafe},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Wake, Waker},
    thread,
};
use tokio::task::coop::has_budget_remaining;

impl Seat {
    /// A seat for what is spawned here; `None` outside of a recording.
    pub fn take(place: Option<Place>, name: impl FnOnce() -> String, thread: bool) -> Option<Self> {
        let recorder = tap()?;
        let actor = recorder.spawned(place, name(), thread);
        Some(Self { recorder, actor })
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

struct Turn(Waker);

impl Wake for Turn {
    fn wake(self: Arc<Self>) {
        self.0.wake_by_ref();
    }
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
        let _running = explore::Running;
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
