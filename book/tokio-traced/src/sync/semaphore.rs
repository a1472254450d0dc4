//! `tokio::sync::Semaphore`, recorded: a box of permits.

use super::tap::Tap;
use crate::{
    event::{Got, Kind, Wait},
    label,
    place::{Place, here},
    state::BoxKind,
};
use std::{fmt, sync::Arc};
use tokio::sync::{self as real, AcquireError, TryAcquireError};

/// As Tokio's, and recorded.
pub struct Semaphore {
    real: real::Semaphore,
    tap: Tap,
}

impl Semaphore {
    pub const MAX_PERMITS: usize = real::Semaphore::MAX_PERMITS;

    #[track_caller]
    pub fn new(permits: usize) -> Self {
        Self {
            real: real::Semaphore::new(permits),
            tap: Tap::new(BoxKind::Semaphore, Some(permits), String::new()),
        }
    }

    /// For statics, which outlive every recording: not recorded.
    pub const fn const_new(permits: usize) -> Self {
        Self {
            real: real::Semaphore::const_new(permits),
            tap: Tap::NONE,
        }
    }

    pub fn available_permits(&self) -> usize {
        self.real.available_permits()
    }

    pub fn add_permits(&self, n: usize) {
        self.real.add_permits(n);
        self.tap.tell(None, |of| Kind::Released { of, permits: n });
    }

    pub fn forget_permits(&self, n: usize) -> usize {
        self.real.forget_permits(n)
    }

    pub fn close(&self) {
        self.real.close();
    }

    pub fn is_closed(&self) -> bool {
        self.real.is_closed()
    }

    #[track_caller]
    pub fn acquire(&self) -> impl Future<Output = Result<SemaphorePermit<'_>, AcquireError>> {
        self.acquire_many(1)
    }

    #[track_caller]
    pub fn acquire_many(
        &self,
        n: u32,
    ) -> impl Future<Output = Result<SemaphorePermit<'_>, AcquireError>> {
        let place = here();
        async move {
            self.take(n, place).await?;
            let permits = n as usize;
            Ok(SemaphorePermit {
                semaphore: self,
                permits,
            })
        }
    }

    #[track_caller]
    pub fn acquire_owned(
        self: Arc<Self>,
    ) -> impl Future<Output = Result<OwnedSemaphorePermit, AcquireError>> {
        self.acquire_many_owned(1)
    }

    #[track_caller]
    pub fn acquire_many_owned(
        self: Arc<Self>,
        n: u32,
    ) -> impl Future<Output = Result<OwnedSemaphorePermit, AcquireError>> {
        let place = here();
        async move {
            self.take(n, place).await?;
            let permits = n as usize;
            Ok(OwnedSemaphorePermit {
                semaphore: self,
                permits,
            })
        }
    }

    #[track_caller]
    pub fn try_acquire(&self) -> Result<SemaphorePermit<'_>, TryAcquireError> {
        self.try_acquire_many(1)
    }

    #[track_caller]
    pub fn try_acquire_many(&self, n: u32) -> Result<SemaphorePermit<'_>, TryAcquireError> {
        self.try_take(n, here())?;
        let permits = n as usize;
        Ok(SemaphorePermit {
            semaphore: self,
            permits,
        })
    }

    #[track_caller]
    pub fn try_acquire_owned(self: Arc<Self>) -> Result<OwnedSemaphorePermit, TryAcquireError> {
        self.try_acquire_many_owned(1)
    }

    #[track_caller]
    pub fn try_acquire_many_owned(
        self: Arc<Self>,
        n: u32,
    ) -> Result<OwnedSemaphorePermit, TryAcquireError> {
        self.try_take(n, here())?;
        let permits = n as usize;
        Ok(OwnedSemaphorePermit {
            semaphore: self,
            permits,
        })
    }

    /// Takes permits out; the caller gives them back.
    async fn take(&self, n: u32, place: Option<Place>) -> Result<(), AcquireError> {
        let wait = |id| Wait::Permit(id, n as usize);
        let acquire = self.real.acquire_many(n);
        self.tap.watched(place, wait, acquire).await?.forget();
        self.got(n, place);
        Ok(())
    }

    fn try_take(&self, n: u32, place: Option<Place>) -> Result<(), TryAcquireError> {
        self.tap.step();
        self.real.try_acquire_many(n)?.forget();
        self.got(n, place);
        Ok(())
    }

    fn got(&self, n: u32, place: Option<Place>) {
        let permits = n as usize;
        self.tap
            .tell(place, |id| Kind::Received(Got::Permit(id, permits)));
    }
}

/// Both kinds of permits differ in how they know their semaphore, and in nothing else.
macro_rules! permit {
    ($(#[$doc:meta])* $name:ident $(<$life:lifetime>)?, $semaphore:ty, $same:path) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $name $(<$life>)? {
            semaphore: $semaphore,
            permits: usize,
        }

        impl $(<$life>)? $name $(<$life>)? {
            /// The permits never come back.
            pub fn forget(mut self) {
                let permits = std::mem::take(&mut self.permits);
                self.semaphore.tap.forgotten(permits);
            }

            /// # Panics
            /// When `other` is of another semaphore.
            #[track_caller]
            pub fn merge(&mut self, mut other: Self) {
                assert!(
                    $same(&self.semaphore, &other.semaphore),
                    "merging permits from different semaphore instances"
                );
                self.permits += std::mem::take(&mut other.permits);
            }

            pub fn split(&mut self, n: usize) -> Option<Self> {
                self.permits = self.permits.checked_sub(n)?;
                let semaphore = self.semaphore.clone();
                Some(Self { semaphore, permits: n })
            }

            pub fn num_permits(&self) -> usize {
                self.permits
            }
        }

        impl $(<$life>)? Drop for $name $(<$life>)? {
            fn drop(&mut self) {
                if self.permits > 0 {
                    self.semaphore.add_permits(self.permits);
                }
            }
        }
    };
}

permit!(
    #[must_use]
    SemaphorePermit<'a>, &'a Semaphore, same
);
permit!(OwnedSemaphorePermit, Arc<Semaphore>, Arc::ptr_eq);

fn same(one: &&Semaphore, other: &&Semaphore) -> bool {
    std::ptr::eq(*one, *other)
}

impl fmt::Debug for Semaphore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        label::or_left_out(&self.real, None, f)
    }
}

impl SemaphorePermit<'_> {
    pub fn semaphore(&self) -> &Semaphore {
        self.semaphore
    }
}

impl OwnedSemaphorePermit {
    pub fn semaphore(&self) -> &Arc<Semaphore> {
        &self.semaphore
    }
}
