//! The sending end of a bounded channel.

use super::{
    super::channel::{Channel, Hold, Parcel},
    Inbox, OwnedPermit, Permit, PermitIterator, Receiver,
};
use crate::{
    event::{MessageId, Wait},
    explore,
    label::{self, Shown},
    place::{Place, here},
    state::BoxKind,
    time, turn,
    waiting::Watched,
};
use std::{fmt, time::Duration};
use tokio::{
    sync::mpsc::{
        self as real,
        error::{SendError, SendTimeoutError, TrySendError},
    },
    task::yield_now,
};

/// As Tokio's, and recorded.
pub struct Sender<T> {
    pub(super) hold: Hold<T>,
    pub(super) real: real::Sender<Parcel<T>>,
}

/// As Tokio's, and recorded.
#[track_caller]
pub fn channel<T: Shown>(buffer: usize) -> (Sender<T>, Receiver<T>) {
    let (sender, receiver) = real::channel(buffer);
    let channel = Channel::new(BoxKind::Mpsc, Some(buffer));
    let sender = Sender {
        hold: Hold::first(&channel),
        real: sender,
    };
    (sender, Inbox::new(receiver, channel))
}

impl<T> Sender<T> {
    /// A future that waits for a slot in the mailbox.
    fn slot<F>(&self, message: Option<MessageId>, place: Option<Place>, future: F) -> Watched<F> {
        let wait = Wait::Slot(self.hold.id, message);
        Watched::new(self.hold.recorder.clone(), wait, place, future)
    }

    #[track_caller]
    pub fn send(&self, value: T) -> impl Future<Output = Result<(), SendError<T>>> {
        let place = here();
        async move {
            let message = self.hold.draft(&value);
            match self.slot(message, place, self.real.reserve()).await {
                Ok(permit) => {
                    if explore::puts_off_a_send() {
                        turn::yields();
                        yield_now().await;
                    }
                    self.hold.sent(place, message);
                    permit.send(Parcel { message, value });
                    Ok(())
                }
                Err(SendError(())) => {
                    self.hold.refused(place, message, false);
                    Err(SendError(value))
                }
            }
        }
    }

    #[track_caller]
    pub fn send_timeout(
        &self,
        value: T,
        timeout: Duration,
    ) -> impl Future<Output = Result<(), SendTimeoutError<T>>> {
        let place = here();
        async move {
            let message = self.hold.draft(&value);
            let slot = self.slot(message, place, self.real.reserve());
            match time::timeout_from(place, timeout, slot).await {
                Ok(Ok(permit)) => {
                    self.hold.sent(place, message);
                    permit.send(Parcel { message, value });
                    Ok(())
                }
                Ok(Err(SendError(()))) => {
                    self.hold.refused(place, message, false);
                    Err(SendTimeoutError::Closed(value))
                }
                Err(_) => Err(SendTimeoutError::Timeout(value)),
            }
        }
    }

    #[track_caller]
    pub fn try_send(&self, value: T) -> Result<(), TrySendError<T>> {
        let place = here();
        let message = self.hold.draft(&value);
        match self.real.try_reserve() {
            Ok(permit) => {
                self.hold.sent(place, message);
                permit.send(Parcel { message, value });
                Ok(())
            }
            Err(TrySendError::Full(())) => {
                self.hold.refused(place, message, true);
                Err(TrySendError::Full(value))
            }
            Err(TrySendError::Closed(())) => {
                self.hold.refused(place, message, false);
                Err(TrySendError::Closed(value))
            }
        }
    }

    #[track_caller]
    pub fn blocking_send(&self, value: T) -> Result<(), SendError<T>> {
        let place = here();
        let message = self.hold.draft(&value);
        let result = self.real.blocking_send(Parcel { message, value });
        match result {
            Ok(()) => self.hold.sent(place, message),
            Err(_) => self.hold.refused(place, message, false),
        }
        result.map_err(|SendError(parcel)| SendError(parcel.value))
    }

    #[track_caller]
    pub fn reserve(&self) -> impl Future<Output = Result<Permit<'_, T>, SendError<()>>> {
        let place = here();
        async move {
            let real = self.slot(None, place, self.real.reserve()).await?;
            Ok(Permit::new(real, &self.hold))
        }
    }

    #[track_caller]
    pub fn reserve_many(
        &self,
        n: usize,
    ) -> impl Future<Output = Result<PermitIterator<'_, T>, SendError<()>>> {
        let place = here();
        async move {
            let real = self.slot(None, place, self.real.reserve_many(n)).await?;
            Ok(PermitIterator::new(real, &self.hold))
        }
    }

    #[track_caller]
    pub fn reserve_owned(self) -> impl Future<Output = Result<OwnedPermit<T>, SendError<()>>> {
        let place = here();
        async move {
            let Self { hold, real } = self;
            let wait = Wait::Slot(hold.id, None);
            let slot = Watched::new(hold.recorder.clone(), wait, place, real.reserve_owned());
            let real = slot.await?;
            Ok(OwnedPermit { hold, real })
        }
    }

    pub fn try_reserve(&self) -> Result<Permit<'_, T>, TrySendError<()>> {
        let real = self.real.try_reserve()?;
        Ok(Permit::new(real, &self.hold))
    }

    pub fn try_reserve_many(&self, n: usize) -> Result<PermitIterator<'_, T>, TrySendError<()>> {
        let real = self.real.try_reserve_many(n)?;
        Ok(PermitIterator::new(real, &self.hold))
    }

    pub fn try_reserve_owned(self) -> Result<OwnedPermit<T>, TrySendError<Self>> {
        let Self { hold, real } = self;
        match real.try_reserve_owned() {
            Ok(real) => Ok(OwnedPermit { hold, real }),
            Err(TrySendError::Full(real)) => Err(TrySendError::Full(Self { hold, real })),
            Err(TrySendError::Closed(real)) => Err(TrySendError::Closed(Self { hold, real })),
        }
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

    pub fn capacity(&self) -> usize {
        self.real.capacity()
    }

    pub fn max_capacity(&self) -> usize {
        self.real.max_capacity()
    }

    pub fn downgrade(&self) -> WeakSender<T> {
        WeakSender {
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

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        Self {
            hold: self.hold.clone(),
            real: self.real.clone(),
        }
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        label::or_left_out(&self.real, None, f)
    }
}

/// As Tokio's, and recorded.
pub struct WeakSender<T> {
    channel: Channel<T>,
    real: real::WeakSender<Parcel<T>>,
}

impl<T> WeakSender<T> {
    pub fn upgrade(&self) -> Option<Sender<T>> {
        let real = self.real.upgrade()?;
        let hold = Hold::another(&self.channel);
        Some(Sender { hold, real })
    }

    pub fn strong_count(&self) -> usize {
        self.real.strong_count()
    }

    pub fn weak_count(&self) -> usize {
        self.real.weak_count()
    }
}

impl<T> Clone for WeakSender<T> {
    fn clone(&self) -> Self {
        Self {
            channel: self.channel.clone(),
            real: self.real.clone(),
        }
    }
}

impl<T> fmt::Debug for WeakSender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        label::or_left_out(&self.real, None, f)
    }
}
