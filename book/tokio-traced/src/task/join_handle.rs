//! The handle to a task, recorded.

use crate::{
    event::{Kind, Wait},
    place::here,
    turn::Seat,
    waiting::Waiter,
};
use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll},
};
use tokio::task::{self as real, AbortHandle, Id, JoinError};

/// As Tokio's, and recorded.
pub struct JoinHandle<T> {
    waiter: Waiter,
    seat: Option<Seat>,
    real: real::JoinHandle<T>,
}

impl<T> JoinHandle<T> {
    pub(super) fn new(seat: Option<Seat>, real: real::JoinHandle<T>) -> Self {
        if let Some(seat) = &seat {
            seat.recorder.can_abort(seat.actor, real.abort_handle());
        }
        Self {
            waiter: Waiter::new(seat.as_ref().map(|seat| seat.recorder.clone())),
            seat,
            real,
        }
    }

    #[track_caller]
    pub fn abort(&self) {
        if let Some(seat) = &self.seat
            && !self.real.is_finished()
        {
            seat.recorder.push(here(), Kind::Aborts(seat.actor));
        }
        self.real.abort();
    }

    pub fn is_finished(&self) -> bool {
        self.real.is_finished()
    }

    pub fn abort_handle(&self) -> AbortHandle {
        self.real.abort_handle()
    }

    pub fn id(&self) -> Id {
        self.real.id()
    }
}

impl<T> Unpin for JoinHandle<T> {}

impl<T> Future for JoinHandle<T> {
    type Output = Result<T, JoinError>;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let place = here();
        let this = self.get_mut();
        let real = Pin::new(&mut this.real);
        let poll = this.waiter.noted(cx, |cx| real.poll(cx));
        let Some(seat) = &this.seat else { return poll };
        match &poll {
            Poll::Pending => {
                this.waiter
                    .pending(cx, place, |_| Wait::Tasks(vec![seat.actor]));
            }
            Poll::Ready(result) => {
                this.waiter.done();
                let (actor, how) = (seat.actor, super::join_set::how(result.as_ref().err()));
                seat.recorder.push(place, Kind::Joined { actor, how });
            }
        }
        poll
    }
}

impl<T: fmt::Debug> fmt::Debug for JoinHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.real.fmt(f)
    }
}
