//! The sending end of an unbounded channel.

use super::{
    super::channel::{Channel, Hold, Parcel},
    Inbox, UnboundedReceiver,
};
use crate::{
    event::Wait,
    label::{self, Shown},
    place::here,
    state::BoxKind,
    waiting::Watched,
};
use std::fmt;
use tokio::sync::mpsc::{self as real, error::SendError};

/// As Tokio's, and recorded.
pub struct UnboundedSender<T> {
    hold: Hold<T>,
    real: real::UnboundedSender<Parcel<T>>,
}

/// As Tokio's, and recorded.
pub fn unbounded_channel<T: Shown>() -> (UnboundedSender<T>, UnboundedReceiver<T>) {
    let (sender, receiver) = real::unbounded_channel();
    let channel = Channel::new(BoxKind::Mpsc, None);
    let sender = UnboundedSender {
        hold: Hold::first(&channel),
        real: sender,
    };
    (sender, Inbox::new(receiver, channel))
}

impl<T> UnboundedSender<T> {
    #[track_caller]
    pub fn send(&self, value: T) -> Result<(), SendError<T>> {
        let place = here();
        let message = self.hold.draft(&value);
        let result = self.real.send(Parcel { message, value });
        match result {
            Ok(()) => self.hold.sent(place, message),
            Err(_) => self.hold.refused(place, message, false),
        }
        result.map_err(|SendError(parcel)| SendError(parcel.value))
    }

    #[track_caller]
    pub fn closed(&self) -> impl Future<Output = ()> {
        let wait = Wait::Gone(self.hold.id);
        Watched::new(self.hold.recorder.clone(), wait, here(), self.real.closed())
    }

    pub fn is_closed(&self) -> bool {
        self.real.is_closed()
    }

    pub fn same_channel(&self, other: &Self) -> bool {
        self.real.same_channel(&other.real)
    }

    pub fn downgrade(&self) -> WeakUnboundedSender<T> {
        WeakUnboundedSender {
            channel: (*self.hold).clone(),
            real: self.real.downgrade(),
        }
    }

    pub fn strong_count(&self) -> usize {
        self.real.strong_count()
    }

    pub fn weak_count(&self) -> usize {
        self.real.weak_count()
    }
}

impl<T> Clone for UnboundedSender<T> {
    fn clone(&self) -> Self {
        Self {
            hold: self.hold.clone(),
            real: self.real.clone(),
        }
    }
}

impl<T> fmt::Debug for UnboundedSender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        label::or_left_out(&self.real, None, f)
    }
}

/// As Tokio's, and recorded.
pub struct WeakUnboundedSender<T> {
    channel: Channel<T>,
    real: real::WeakUnboundedSender<Parcel<T>>,
}

impl<T> WeakUnboundedSender<T> {
    pub fn upgrade(&self) -> Option<UnboundedSender<T>> {
        let real = self.real.upgrade()?;
        let hold = Hold::another(&self.channel);
        Some(UnboundedSender { hold, real })
    }

    pub fn strong_count(&self) -> usize {
        self.real.strong_count()
    }

    pub fn weak_count(&self) -> usize {
        self.real.weak_count()
    }
}

impl<T> Clone for WeakUnboundedSender<T> {
    fn clone(&self) -> Self {
        Self {
            channel: self.channel.clone(),
            real: self.real.clone(),
        }
    }
}

impl<T> fmt::Debug for WeakUnboundedSender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        label::or_left_out(&self.real, None, f)
    }
}
