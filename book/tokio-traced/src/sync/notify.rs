//! `tokio::sync::Notify`, recorded: who waits for it, and who notifies.

use super::tap::{Shared, Tap};
use crate::{
    event::{Got, Kind, Wait},
    label,
    place::{Place, here},
    state::BoxKind,
    waiting::Waiter,
};
use pin_project_lite::pin_project;
use std::{
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};
use tokio::sync::{self as real, futures as real_futures};

/// As Tokio's, and recorded.
pub struct Notify(Shared<real::Notify>);

/// Named future types.
pub mod futures {
    pub use super::{Notified, OwnedNotified};
}

/// The two futures differ in how they know their `Notify`, and in nothing else.
macro_rules! notified {
    ($name:ident $(<$life:lifetime>)?) => {
        pin_project! {
            /// As Tokio's, and recorded.
            #[must_use = "futures do nothing unless you `.await` or poll them"]
            pub struct $name $(<$life>)? {
                waiter: Waiter,
                tap: Tap,
                #[pin]
                real: real_futures::$name $(<$life>)?,
            }
        }

        impl $(<$life>)? $name $(<$life>)? {
            pub fn enable(self: Pin<&mut Self>) -> bool {
                self.project().real.enable()
            }
        }

        impl $(<$life>)? Future for $name $(<$life>)? {
            type Output = ();

            #[track_caller]
            fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
                let (place, this) = (here(), self.project());
                let poll = this.waiter.noted(cx, |cx| this.real.poll(cx));
                match poll {
                    Poll::Pending => {
                        this.waiter.pending(cx, place, |_| Wait::Notified(this.tap.id));
                    }
                    Poll::Ready(()) => {
                        this.waiter.done();
                        this.tap.tell(place, |of| Kind::Received(Got::Notified(of)));
                    }
                }
                poll
            }
        }

        impl $(<$life>)? fmt::Debug for $name $(<$life>)? {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                label::or_left_out(&self.real, None, f)
            }
        }
    };
}

notified!(Notified<'a>);
notified!(OwnedNotified);

impl Notify {
    #[track_caller]
    pub fn new() -> Self {
        let tap = Tap::new(BoxKind::Notify, None, String::new());
        Self(Shared::new(tap, real::Notify::new()))
    }

    /// For statics, which outlive every recording: not recorded.
    pub const fn const_new() -> Self {
        Self(Shared::const_new(real::Notify::const_new()))
    }

    pub fn notified(&self) -> Notified<'_> {
        Notified {
            waiter: Waiter::new(self.0.tap.recorder.clone()),
            tap: self.0.tap.clone(),
            real: self.0.real().notified(),
        }
    }

    pub fn notified_owned(self: Arc<Self>) -> OwnedNotified {
        OwnedNotified {
            waiter: Waiter::new(self.0.tap.recorder.clone()),
            tap: self.0.tap.clone(),
            real: self.0.real().clone().notified_owned(),
        }
    }

    #[track_caller]
    pub fn notify_one(&self) {
        self.notifies(here(), false);
        self.0.real().notify_one();
    }

    #[track_caller]
    pub fn notify_last(&self) {
        self.notifies(here(), false);
        self.0.real().notify_last();
    }

    #[track_caller]
    pub fn notify_waiters(&self) {
        self.notifies(here(), true);
        self.0.real().notify_waiters();
    }

    fn notifies(&self, place: Option<Place>, all: bool) {
        self.0.tap.tell(place, |of| Kind::Notifies { of, all });
    }
}

impl Default for Notify {
    #[track_caller]
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Notify {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        label::or_left_out(&**self.0.real(), None, f)
    }
}
