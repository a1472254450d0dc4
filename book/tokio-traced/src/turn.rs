//! Who records on this thread, and whose turn it is.

use crate::{event::ActorId, place::has_begun, recorder::Recorder};
use std::{
    cell::RefCell,
    sync::Arc,
    task::{Context, Waker},
};

thread_local! {
    /// The recording that this thread's runtime belongs to.
    static HERE: RefCell<Option<Arc<Recorder>>> = const { RefCell::new(None) };

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
pub(crate) struct Wakers {
    pub own: Waker,
    pub new: Waker,
}

/// One actor of one recording.
#[derive(Clone)]
pub(crate) struct Seat {
    pub recorder: Arc<Recorder>,
    pub actor: ActorId,
}

/// Makes this the recording of the current thread, until the guard is dropped.
pub(crate) fn record_here(recorder: Arc<Recorder>) -> impl Drop {
    struct Leave(Option<Arc<Recorder>>);
    impl Drop for Leave {
        fn drop(&mut self) {
            HERE.set(self.0.take());
        }
    }
    Leave(HERE.replace(Some(recorder)))
}

/// The recording to tell; `None` outside of one.
pub(crate) fn tap() -> Option<Arc<Recorder>> {
    if !has_begun() {
        return None;
    }
    current_recorder().or_else(|| HERE.with_borrow(Clone::clone))
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
    pub fn enter(&self, wakers: Option<Wakers>) {
        RUNNING.with_borrow_mut(|running| {
            running.push(Running {
                seat: self.clone(),
                wakers,
                yields: false,
            });
        });
    }
}

/// Whether the actor that leaves had yielded.
pub(crate) fn leave() -> bool {
    RUNNING.with_borrow_mut(|running| running.pop().is_some_and(|r| r.yields))
}
