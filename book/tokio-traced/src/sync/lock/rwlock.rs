//! `tokio::sync::RwLock`, recorded: who reads, who writes, and who waits for that.

use super::{
    super::tap::{Held, Shared, Tap},
    guard::{guard, guard_mut, maps},
};
use crate::{
    event::Access::{Alone, Shared as Reads},
    label, name,
    place::here,
    state::BoxKind,
};
use std::{fmt, sync::Arc};
use tokio::sync::{self as real, TryLockError};

/// As Tokio's, and recorded.
pub struct RwLock<T>(Shared<real::RwLock<T>>);

guard!(
    /// As Tokio's, and recorded.
    #[must_use = "if unused the RwLock will immediately unlock"]
    ['a, U: ?Sized] RwLockReadGuard['a, U] ['a, U: ?Sized] of (): U
);
guard_mut!(
    /// As Tokio's, and recorded.
    #[must_use = "if unused the RwLock will immediately unlock"]
    ['a, T] RwLockWriteGuard['a, T] ['a, T] of (): T
);
guard_mut!(
    /// As Tokio's, and recorded.
    ['a, U: ?Sized] RwLockMappedWriteGuard['a, U] ['a, U: ?Sized] of (): U
);
guard!(
    /// As Tokio's, and recorded.
    [T, U: ?Sized = T] OwnedRwLockReadGuard[T, U] [T, U: ?Sized] of Arc<RwLock<T>>: U
);
guard_mut!(
    /// As Tokio's, and recorded.
    [T] OwnedRwLockWriteGuard[T] [T] of Arc<RwLock<T>>: T
);
guard_mut!(
    /// As Tokio's, and recorded.
    [T, U: ?Sized = T] OwnedRwLockMappedWriteGuard[T, U] [T, U: ?Sized] of Arc<RwLock<T>>: U
);

impl<T> RwLock<T> {
    #[track_caller]
    pub fn new(value: T) -> Self {
        let tap = Tap::new(BoxKind::RwLock, None, name::short::<T>());
        Self(Shared::new(tap, real::RwLock::new(value)))
    }

    #[track_caller]
    pub fn with_max_readers(value: T, max_reads: u32) -> Self {
        let real = real::RwLock::with_max_readers(value, max_reads);
        let most = Some(max_reads as usize);
        let tap = Tap::new(BoxKind::RwLock, most, name::short::<T>());
        Self(Shared::new(tap, real))
    }

    /// For statics, which outlive every recording: not recorded.
    pub const fn const_new(value: T) -> Self {
        Self(Shared::const_new(real::RwLock::const_new(value)))
    }

    /// For statics, which outlive every recording: not recorded.
    pub const fn const_with_max_readers(value: T, max_reads: u32) -> Self {
        let real = real::RwLock::const_with_max_readers(value, max_reads);
        Self(Shared::const_new(real))
    }

    #[track_caller]
    pub fn read(&self) -> impl Future<Output = RwLockReadGuard<'_, T>> {
        let place = here();
        async move {
            let (real, held) = self.0.tap.locked(place, Reads, self.0.real().read()).await;
            RwLockReadGuard { real, held, of: () }
        }
    }

    #[track_caller]
    pub fn write(&self) -> impl Future<Output = RwLockWriteGuard<'_, T>> {
        let place = here();
        async move {
            let (real, held) = self.0.tap.locked(place, Alone, self.0.real().write()).await;
            RwLockWriteGuard { real, held, of: () }
        }
    }

    #[track_caller]
    pub fn read_owned(self: Arc<Self>) -> impl Future<Output = OwnedRwLockReadGuard<T>> {
        let place = here();
        async move {
            let lock = self.0.real().clone().read_owned();
            let (real, held) = self.0.tap.locked(place, Reads, lock).await;
            let of = self;
            OwnedRwLockReadGuard { real, held, of }
        }
    }

    #[track_caller]
    pub fn write_owned(self: Arc<Self>) -> impl Future<Output = OwnedRwLockWriteGuard<T>> {
        let place = here();
        async move {
            let lock = self.0.real().clone().write_owned();
            let (real, held) = self.0.tap.locked(place, Alone, lock).await;
            let of = self;
            OwnedRwLockWriteGuard { real, held, of }
        }
    }

    #[track_caller]
    pub fn try_read(&self) -> Result<RwLockReadGuard<'_, T>, TryLockError> {
        self.0.tap.step();
        let real = self.0.real().try_read()?;
        let (held, of) = (self.0.tap.held(here(), Reads), ());
        Ok(RwLockReadGuard { real, held, of })
    }

    #[track_caller]
    pub fn try_write(&self) -> Result<RwLockWriteGuard<'_, T>, TryLockError> {
        self.0.tap.step();
        let real = self.0.real().try_write()?;
        let (held, of) = (self.0.tap.held(here(), Alone), ());
        Ok(RwLockWriteGuard { real, held, of })
    }

    #[track_caller]
    pub fn try_read_owned(self: Arc<Self>) -> Result<OwnedRwLockReadGuard<T>, TryLockError> {
        self.0.tap.step();
        let real = self.0.real().clone().try_read_owned()?;
        let (held, of) = (self.0.tap.held(here(), Reads), self);
        Ok(OwnedRwLockReadGuard { real, held, of })
    }

    #[track_caller]
    pub fn try_write_owned(self: Arc<Self>) -> Result<OwnedRwLockWriteGuard<T>, TryLockError> {
        self.0.tap.step();
        let real = self.0.real().clone().try_write_owned()?;
        let (held, of) = (self.0.tap.held(here(), Alone), self);
        Ok(OwnedRwLockWriteGuard { real, held, of })
    }

    #[track_caller]
    pub fn blocking_read(&self) -> RwLockReadGuard<'_, T> {
        let real = self.0.real().blocking_read();
        let (held, of) = (self.0.tap.held(here(), Reads), ());
        RwLockReadGuard { real, held, of }
    }

    #[track_caller]
    pub fn blocking_write(&self) -> RwLockWriteGuard<'_, T> {
        let real = self.0.real().blocking_write();
        let (held, of) = (self.0.tap.held(here(), Alone), ());
        RwLockWriteGuard { real, held, of }
    }

    pub fn get_mut(&mut self) -> &mut T {
        self.0.get_mut().get_mut()
    }

    pub fn into_inner(self) -> T {
        self.0.into_inner().into_inner()
    }
}

impl<'a, U: ?Sized> RwLockReadGuard<'a, U> {
    maps!(RwLockReadGuard::map, try_map<V: ?Sized>(&U) -> RwLockReadGuard['a, V] (&));
}

impl<'a, T> RwLockWriteGuard<'a, T> {
    maps!(RwLockWriteGuard::map, try_map<V: ?Sized>(&mut T) -> RwLockMappedWriteGuard['a, V] (&mut));
    maps!(RwLockWriteGuard::downgrade_map, try_downgrade_map<V: ?Sized>(&T) -> RwLockReadGuard['a, V] (&));

    pub fn into_mapped(this: Self) -> RwLockMappedWriteGuard<'a, T> {
        Self::map(this, |value| value)
    }

    pub fn downgrade(self) -> RwLockReadGuard<'a, T> {
        Self::downgrade_map(self, |value| value)
    }
}

impl<'a, U: ?Sized> RwLockMappedWriteGuard<'a, U> {
    maps!(RwLockMappedWriteGuard::map, try_map<V: ?Sized>(&mut U) -> RwLockMappedWriteGuard['a, V] (&mut));
}

impl<T, U: ?Sized> OwnedRwLockReadGuard<T, U> {
    maps!(OwnedRwLockReadGuard::map, try_map<V: ?Sized>(&U) -> OwnedRwLockReadGuard[T, V] (&) of of);

    pub fn rwlock(this: &Self) -> &Arc<RwLock<T>> {
        &this.of
    }
}

impl<T> OwnedRwLockWriteGuard<T> {
    maps!(OwnedRwLockWriteGuard::map, try_map<V: ?Sized>(&mut T) -> OwnedRwLockMappedWriteGuard[T, V] (&mut) of of);
    maps!(OwnedRwLockWriteGuard::downgrade_map, try_downgrade_map<V: ?Sized>(&T) -> OwnedRwLockReadGuard[T, V] (&) of of);

    pub fn into_mapped(this: Self) -> OwnedRwLockMappedWriteGuard<T> {
        Self::map(this, |value| value)
    }

    pub fn downgrade(self) -> OwnedRwLockReadGuard<T> {
        Self::downgrade_map(self, |value| value)
    }

    pub fn rwlock(this: &Self) -> &Arc<RwLock<T>> {
        &this.of
    }
}

impl<T, U: ?Sized> OwnedRwLockMappedWriteGuard<T, U> {
    maps!(OwnedRwLockMappedWriteGuard::map, try_map<V: ?Sized>(&mut U) -> OwnedRwLockMappedWriteGuard[T, V] (&mut) of of);

    pub fn rwlock(this: &Self) -> &Arc<RwLock<T>> {
        &this.of
    }
}

impl<T> From<T> for RwLock<T> {
    #[track_caller]
    fn from(value: T) -> Self {
        Self::new(value)
    }
}

impl<T: Default> Default for RwLock<T> {
    #[track_caller]
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T: fmt::Debug> fmt::Debug for RwLock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        label::or_left_out(&**self.0.real(), None, f)
    }
}
