//! `tokio::sync::Mutex`, recorded: who holds it, and who waits for it.

use super::{
    super::tap::{Held, Shared, Tap},
    guard::{guard, guard_mut, maps},
};
use crate::{event::Access::Alone, label, name, place::here, state::BoxKind};
use std::{fmt, sync::Arc};
use tokio::sync::{self as real, TryLockError};

/// As Tokio's, and recorded.
pub struct Mutex<T>(Shared<real::Mutex<T>>);

guard_mut!(
    /// As Tokio's, and recorded.
    #[must_use = "if unused the Mutex will immediately unlock"]
    ['a, T] MutexGuard['a, T] ['a, T] of &'a Mutex<T>: T
);
guard_mut!(
    /// As Tokio's, and recorded.
    [T] OwnedMutexGuard[T] [T] of Arc<Mutex<T>>: T
);
guard_mut!(
    /// As Tokio's, and recorded.
    #[must_use = "if unused the Mutex will immediately unlock"]
    ['a, U: ?Sized] MappedMutexGuard['a, U] ['a, U: ?Sized] of (): U
);
guard_mut!(
    /// As Tokio's, and recorded.
    #[must_use = "if unused the Mutex will immediately unlock"]
    [T, U: ?Sized = T] OwnedMappedMutexGuard[T, U] [T, U: ?Sized] of (): U
);

impl<T> Mutex<T> {
    #[track_caller]
    pub fn new(value: T) -> Self {
        let tap = Tap::new(BoxKind::Mutex, Some(1), name::short::<T>());
        Self(Shared::new(tap, real::Mutex::new(value)))
    }

    /// For statics, which outlive every recording: not recorded.
    pub const fn const_new(value: T) -> Self {
        Self(Shared::const_new(real::Mutex::const_new(value)))
    }

    #[track_caller]
    pub fn lock(&self) -> impl Future<Output = MutexGuard<'_, T>> {
        let place = here();
        async move {
            let (real, held) = self.0.tap.locked(place, Alone, self.0.real().lock()).await;
            let of = self;
            MutexGuard { real, held, of }
        }
    }

    #[track_caller]
    pub fn lock_owned(self: Arc<Self>) -> impl Future<Output = OwnedMutexGuard<T>> {
        let place = here();
        async move {
            let lock = self.0.real().clone().lock_owned();
            let (real, held) = self.0.tap.locked(place, Alone, lock).await;
            let of = self;
            OwnedMutexGuard { real, held, of }
        }
    }

    #[track_caller]
    pub fn try_lock(&self) -> Result<MutexGuard<'_, T>, TryLockError> {
        self.0.tap.step();
        let real = self.0.real().try_lock()?;
        let (held, of) = (self.0.tap.held(here(), Alone), self);
        Ok(MutexGuard { real, held, of })
    }

    #[track_caller]
    pub fn try_lock_owned(self: Arc<Self>) -> Result<OwnedMutexGuard<T>, TryLockError> {
        self.0.tap.step();
        let real = self.0.real().clone().try_lock_owned()?;
        let (held, of) = (self.0.tap.held(here(), Alone), self);
        Ok(OwnedMutexGuard { real, held, of })
    }

    #[track_caller]
    pub fn blocking_lock(&self) -> MutexGuard<'_, T> {
        let real = self.0.real().blocking_lock();
        let (held, of) = (self.0.tap.held(here(), Alone), self);
        MutexGuard { real, held, of }
    }

    #[track_caller]
    pub fn blocking_lock_owned(self: Arc<Self>) -> OwnedMutexGuard<T> {
        let real = self.0.real().clone().blocking_lock_owned();
        let (held, of) = (self.0.tap.held(here(), Alone), self);
        OwnedMutexGuard { real, held, of }
    }

    pub fn get_mut(&mut self) -> &mut T {
        self.0.get_mut().get_mut()
    }

    pub fn into_inner(self) -> T {
        self.0.into_inner().into_inner()
    }
}

impl<'a, T> MutexGuard<'a, T> {
    maps!(MutexGuard::map, try_map<V: ?Sized>(&mut T) -> MappedMutexGuard['a, V] (&mut));

    pub fn mutex(this: &Self) -> &'a Mutex<T> {
        this.of
    }
}

impl<T> OwnedMutexGuard<T> {
    maps!(OwnedMutexGuard::map, try_map<V: ?Sized>(&mut T) -> OwnedMappedMutexGuard[T, V] (&mut));

    pub fn mutex(this: &Self) -> &Arc<Mutex<T>> {
        &this.of
    }
}

impl<'a, U: ?Sized> MappedMutexGuard<'a, U> {
    maps!(MappedMutexGuard::map, try_map<V>(&mut U) -> MappedMutexGuard['a, V] (&mut));
}

impl<T, U: ?Sized> OwnedMappedMutexGuard<T, U> {
    maps!(OwnedMappedMutexGuard::map, try_map<V>(&mut U) -> OwnedMappedMutexGuard[T, V] (&mut));
}

impl<T> From<T> for Mutex<T> {
    #[track_caller]
    fn from(value: T) -> Self {
        Self::new(value)
    }
}

impl<T: Default> Default for Mutex<T> {
    #[track_caller]
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T: fmt::Debug> fmt::Debug for Mutex<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        label::or_left_out(&**self.0.real(), None, f)
    }
}
