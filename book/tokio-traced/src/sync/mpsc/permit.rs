//! Places in a mailbox that are taken before there is a message.

use super::{
    super::channel::{Channel, Hold, Parcel},
    Sender,
};
use crate::place::here;
use std::fmt;
use tokio::sync::mpsc as real;

/// As Tokio's, and recorded.
pub struct Permit<'a, T> {
    real: real::Permit<'a, Parcel<T>>,
    channel: &'a Channel<T>,
}

impl<'a, T> Permit<'a, T> {
    pub(super) fn new(real: real::Permit<'a, Parcel<T>>, channel: &'a Channel<T>) -> Self {
        Self { real, channel }
    }

    #[track_caller]
    pub fn send(self, value: T) {
        let message = self.channel.draft(&value);
        self.channel.sent(here(), message);
        self.real.send(Parcel { message, value });
    }
}

impl<T> fmt::Debug for Permit<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.real.fmt(f)
    }
}

/// As Tokio's, and recorded.
pub struct PermitIterator<'a, T> {
    real: real::PermitIterator<'a, Parcel<T>>,
    channel: &'a Channel<T>,
}

impl<'a, T> PermitIterator<'a, T> {
    pub(super) fn new(real: real::PermitIterator<'a, Parcel<T>>, channel: &'a Channel<T>) -> Self {
        Self { real, channel }
    }
}

impl<'a, T> Iterator for PermitIterator<'a, T> {
    type Item = Permit<'a, T>;

    fn next(&mut self) -> Option<Permit<'a, T>> {
        let real = self.real.next()?;
        Some(Permit::new(real, self.channel))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.real.size_hint()
    }
}

impl<T> ExactSizeIterator for PermitIterator<'_, T> {}
impl<T> std::iter::FusedIterator for PermitIterator<'_, T> {}

impl<T> fmt::Debug for PermitIterator<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.real.fmt(f)
    }
}

/// As Tokio's, and recorded.
pub struct OwnedPermit<T> {
    pub(super) hold: Hold<T>,
    pub(super) real: real::OwnedPermit<Parcel<T>>,
}

impl<T> OwnedPermit<T> {
    #[track_caller]
    pub fn send(self, value: T) -> Sender<T> {
        let Self { hold, real } = self;
        let message = hold.draft(&value);
        hold.sent(here(), message);
        let real = real.send(Parcel { message, value });
        Sender { hold, real }
    }

    pub fn release(self) -> Sender<T> {
        let Self { hold, real } = self;
        let real = real.release();
        Sender { hold, real }
    }

    pub fn same_channel(&self, other: &Self) -> bool {
        self.real.same_channel(&other.real)
    }

    pub fn same_channel_as_sender(&self, sender: &Sender<T>) -> bool {
        self.real.same_channel_as_sender(&sender.real)
    }
}

impl<T> fmt::Debug for OwnedPermit<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.real.fmt(f)
    }
}
