//! The receiving end: one type for bounded and unbounded channels, around Tokio's own receiver.

use super::super::channel::{Channel, Parcel};
use crate::{
    event::{Kind, Wait},
    place::{Place, here},
    turn,
    waiting::Waiter,
};
use std::{
    fmt,
    future::poll_fn,
    task::{Context, Poll},
};
use tokio::sync::mpsc::{self as real, error::TryRecvError};

/// A receiver: see the aliases [`Receiver`](super::Receiver) and [`UnboundedReceiver`](super::UnboundedReceiver).
pub struct Inbox<T, R: RealReceiver<T>> {
    real: R,
    channel: Channel<T>,
    /// For `poll_recv`, whose waits outlive the call. `recv` has its own.
    waiter: Waiter,
}

/// What both of Tokio's receivers can do, and this one on top of them.
#[allow(clippy::len_without_is_empty)] // `len` says as much
pub trait RealReceiver<T>: fmt::Debug {
    fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<Parcel<T>>>;
    fn poll_recv_many(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut Vec<Parcel<T>>,
        limit: usize,
    ) -> Poll<usize>;
    fn try_recv(&mut self) -> Result<Parcel<T>, TryRecvError>;
    fn blocking_recv(&mut self) -> Option<Parcel<T>>;
    fn close(&mut self);
    fn is_closed(&self) -> bool;
    fn len(&self) -> usize;
    fn sender_strong_count(&self) -> usize;
    fn sender_weak_count(&self) -> usize;
}

/// Both receivers have the same methods, without a trait that says so.
macro_rules! real_receiver {
    ($type:ident) => {
        impl<T> RealReceiver<T> for real::$type<Parcel<T>> {
            fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<Parcel<T>>> {
                real::$type::poll_recv(self, cx)
            }
            fn poll_recv_many(
                &mut self,
                cx: &mut Context<'_>,
                buffer: &mut Vec<Parcel<T>>,
                limit: usize,
            ) -> Poll<usize> {
                real::$type::poll_recv_many(self, cx, buffer, limit)
            }
            fn try_recv(&mut self) -> Result<Parcel<T>, TryRecvError> {
                real::$type::try_recv(self)
            }
            fn blocking_recv(&mut self) -> Option<Parcel<T>> {
                real::$type::blocking_recv(self)
            }
            fn close(&mut self) {
                real::$type::close(self);
            }
            fn is_closed(&self) -> bool {
                real::$type::is_closed(self)
            }
            fn len(&self) -> usize {
                real::$type::len(self)
            }
            fn sender_strong_count(&self) -> usize {
                real::$type::sender_strong_count(self)
            }
            fn sender_weak_count(&self) -> usize {
                real::$type::sender_weak_count(self)
            }
        }
    };
}
real_receiver!(Receiver);
real_receiver!(UnboundedReceiver);

impl<T, R: RealReceiver<T>> Inbox<T, R> {
    pub(super) fn new(real: R, channel: Channel<T>) -> Self {
        let waiter = Waiter::new(channel.recorder.clone());
        Self {
            real,
            channel,
            waiter,
        }
    }

    #[track_caller]
    pub fn recv(&mut self) -> impl Future<Output = Option<T>> {
        let place = here();
        async move {
            let mut waiter = Waiter::new(self.channel.recorder.clone());
            poll_fn(|cx| self.poll_with(&mut waiter, cx, place)).await
        }
    }

    #[track_caller]
    pub fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<T>> {
        let place = here();
        let mut waiter = std::mem::take(&mut self.waiter);
        let poll = self.poll_with(&mut waiter, cx, place);
        self.waiter = waiter;
        poll
    }

    fn poll_with(
        &mut self,
        waiter: &mut Waiter,
        cx: &mut Context<'_>,
        place: Option<Place>,
    ) -> Poll<Option<T>> {
        self.channel.reads();
        let Poll::Ready(parcel) = waiter.noted(cx, |cx| self.real.poll_recv(cx)) else {
            waiter.pending(cx, place, |_| Wait::Mail(self.channel.id));
            return Poll::Pending;
        };
        waiter.done();
        Poll::Ready(self.channel.took(place, parcel))
    }

    #[track_caller]
    pub fn recv_many(&mut self, buffer: &mut Vec<T>, limit: usize) -> impl Future<Output = usize> {
        let place = here();
        async move {
            let mut waiter = Waiter::new(self.channel.recorder.clone());
            poll_fn(|cx| self.poll_many_with(&mut waiter, cx, buffer, limit, place)).await
        }
    }

    #[track_caller]
    pub fn poll_recv_many(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut Vec<T>,
        limit: usize,
    ) -> Poll<usize> {
        let place = here();
        let mut waiter = std::mem::take(&mut self.waiter);
        let poll = self.poll_many_with(&mut waiter, cx, buffer, limit, place);
        self.waiter = waiter;
        poll
    }

    fn poll_many_with(
        &mut self,
        waiter: &mut Waiter,
        cx: &mut Context<'_>,
        buffer: &mut Vec<T>,
        limit: usize,
        place: Option<Place>,
    ) -> Poll<usize> {
        self.channel.reads();
        let mut parcels = Vec::new();
        let poll = turn::recorded(cx, |cx| self.real.poll_recv_many(cx, &mut parcels, limit));
        let Poll::Ready(count) = poll else {
            waiter.pending(cx, place, |_| Wait::Mail(self.channel.id));
            return Poll::Pending;
        };
        waiter.done();
        self.took_many(place, parcels, buffer, limit);
        Poll::Ready(count)
    }

    fn took_many(
        &self,
        place: Option<Place>,
        parcels: Vec<Parcel<T>>,
        buffer: &mut Vec<T>,
        limit: usize,
    ) {
        if parcels.is_empty() && limit > 0 {
            self.channel.took(place, None);
        }
        buffer.extend(
            parcels
                .into_iter()
                .filter_map(|parcel| self.channel.took(place, Some(parcel))),
        );
    }

    #[track_caller]
    pub fn try_recv(&mut self) -> Result<T, TryRecvError> {
        let place = here();
        self.channel.reads();
        match self.real.try_recv() {
            Ok(Parcel { message, value }) => {
                let parcel = Parcel { message, value };
                // It gives back what it was given.
                self.channel
                    .took(place, Some(parcel))
                    .ok_or(TryRecvError::Empty)
            }
            Err(TryRecvError::Empty) => Err(TryRecvError::Empty),
            Err(TryRecvError::Disconnected) => {
                self.channel.took(place, None);
                Err(TryRecvError::Disconnected)
            }
        }
    }

    #[track_caller]
    pub fn blocking_recv(&mut self) -> Option<T> {
        let place = here();
        self.channel.reads();
        let parcel = self.real.blocking_recv();
        self.channel.took(place, parcel)
    }

    #[track_caller]
    pub fn blocking_recv_many(&mut self, buffer: &mut Vec<T>, limit: usize) -> usize {
        let before = buffer.len();
        if limit > 0 {
            buffer.extend(self.blocking_recv());
        }
        while buffer.len() > before && buffer.len() - before < limit {
            match self.try_recv() {
                Ok(value) => buffer.push(value),
                Err(_) => break,
            }
        }
        buffer.len() - before
    }

    pub fn close(&mut self) {
        self.real.close();
        if let Some(recorder) = &self.channel.recorder {
            recorder.shut(self.channel.id);
        }
    }

    pub fn is_closed(&self) -> bool {
        self.real.is_closed()
    }

    pub fn is_empty(&self) -> bool {
        self.real.len() == 0
    }

    pub fn len(&self) -> usize {
        self.real.len()
    }

    pub fn sender_strong_count(&self) -> usize {
        self.real.sender_strong_count()
    }

    pub fn sender_weak_count(&self) -> usize {
        self.real.sender_weak_count()
    }
}

impl<T> super::Receiver<T> {
    pub fn capacity(&self) -> usize {
        self.real.capacity()
    }

    pub fn max_capacity(&self) -> usize {
        self.real.max_capacity()
    }
}

impl<T, R: RealReceiver<T>> fmt::Debug for Inbox<T, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.real.fmt(f)
    }
}

impl<T, R: RealReceiver<T>> Unpin for Inbox<T, R> {}

impl<T, R: RealReceiver<T>> Drop for Inbox<T, R> {
    fn drop(&mut self) {
        if let Some(recorder) = &self.channel.recorder {
            recorder.receiver_dropped(self.channel.id);
        }
        let lost = self.real.len();
        // A reader that has read everything to the end loses nothing.
        if lost > 0 || self.real.sender_strong_count() > 0 {
            if let Some(recorder) = &self.channel.recorder {
                recorder.reads(self.channel.id);
            }
            self.channel.tell(None, |of| Kind::RxDrop { of, lost });
        }
    }
}
