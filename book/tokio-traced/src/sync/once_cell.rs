//! `tokio::sync::OnceCell`, recorded: who fills it, and who waits for that.

use super::tap::Tap;
use crate::{
    event::{Access::Alone, Wait},
    name,
    place::{Place, here},
    state::BoxKind,
    turn,
    waiting::{Users, Waiter},
};
use std::{
    convert::Infallible,
    fmt,
    future::poll_fn,
    pin::pin,
    sync::atomic::{AtomicBool, Ordering},
    task::Poll,
};
use tokio::sync::{self as real, SetError};

/// As Tokio's, and recorded.
pub struct OnceCell<T> {
    tap: Tap,
    real: real::OnceCell<T>,
}

impl<T> OnceCell<T> {
    #[track_caller]
    pub fn new() -> Self {
        Self::of(real::OnceCell::new())
    }

    #[track_caller]
    pub fn new_with(value: Option<T>) -> Self {
        Self::of(real::OnceCell::new_with(value))
    }

    fn of(real: real::OnceCell<T>) -> Self {
        let tap = Tap::new(BoxKind::OnceCell, Some(1), name::short::<T>());
        Self { tap, real }
    }

    /// For statics, which outlive every recording: not recorded.
    pub const fn const_new() -> Self {
        Self {
            tap: Tap::NONE,
            real: real::OnceCell::const_new(),
        }
    }

    /// For statics, which outlive every recording: not recorded.
    pub const fn const_new_with(value: T) -> Self {
        Self {
            tap: Tap::NONE,
            real: real::OnceCell::const_new_with(value),
        }
    }

    pub fn initialized(&self) -> bool {
        self.real.initialized()
    }

    pub fn get(&self) -> Option<&T> {
        self.real.get()
    }

    pub fn get_mut(&mut self) -> Option<&mut T> {
        self.real.get_mut()
    }

    pub fn set(&self, value: T) -> Result<(), SetError<T>> {
        self.real.set(value)
    }

    #[track_caller]
    pub fn get_or_init<F, Fut>(&self, f: F) -> impl Future<Output = &T>
    where
        F: FnOnce() -> Fut,
        Fut: Future<Output = T>,
    {
        let place = here();
        async move {
            let value = self.filled(place, || async { Ok::<T, Infallible>(f().await) });
            match value.await {
                Ok(value) => value,
                Err(never) => match never {},
            }
        }
    }

    #[track_caller]
    pub fn get_or_try_init<E, F, Fut>(&self, f: F) -> impl Future<Output = Result<&T, E>>
    where
        F: FnOnce() -> Fut,
        Fut: Future<Output = Result<T, E>>,
    {
        self.filled(here(), f)
    }

    async fn filled<E, F, Fut>(&self, place: Option<Place>, f: F) -> Result<&T, E>
    where
        F: FnOnce() -> Fut,
        Fut: Future<Output = Result<T, E>>,
    {
        let fills = AtomicBool::new(false);
        let mut filled = pin!(self.real.get_or_try_init(|| {
            fills.store(true, Ordering::Relaxed);
            let held = self.tap.held(place, Alone);
            async move {
                let _held = held;
                Users::new(f()).await
            }
        }));
        let mut waiter = Waiter::new(self.tap.recorder.clone());
        poll_fn(|cx| {
            let poll = turn::recorded(cx, |cx| filled.as_mut().poll(cx));
            // The task that fills it waits for what it does to fill it, which tells so itself.
            match poll {
                Poll::Pending if !fills.load(Ordering::Relaxed) => {
                    waiter.pending(cx, place, |_| Wait::Lock(self.tap.id, Alone));
                }
                _ => {
                    waiter.done();
                }
            }
            poll
        })
        .await
    }

    pub fn into_inner(self) -> Option<T> {
        self.real.into_inner()
    }

    #[track_caller]
    pub fn take(&mut self) -> Option<T> {
        std::mem::take(self).into_inner()
    }
}

impl<T> Default for OnceCell<T> {
    #[track_caller]
    fn default() -> Self {
        Self::new()
    }
}

impl<T: fmt::Debug> fmt::Debug for OnceCell<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.real.fmt(f)
    }
}

impl<T: Clone> Clone for OnceCell<T> {
    #[track_caller]
    fn clone(&self) -> Self {
        Self::of(self.real.clone())
    }
}

impl<T: PartialEq> PartialEq for OnceCell<T> {
    fn eq(&self, other: &Self) -> bool {
        self.real == other.real
    }
}

impl<T: Eq> Eq for OnceCell<T> {}

impl<T> From<T> for OnceCell<T> {
    #[track_caller]
    fn from(value: T) -> Self {
        Self::new_with(Some(value))
    }
}
