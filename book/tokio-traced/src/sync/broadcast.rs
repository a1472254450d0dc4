//! `tokio::sync::broadcast`, recorded: every receiver gets every message.

use super::channel::{Channel, Hold, Parcel};
use crate::{
    event::{Got, Kind, Wait},
    label::Shown,
    place::{Place, here},
    state::BoxKind,
    waiting::Watched,
};
use std::fmt;
use tokio::sync::broadcast as real;
pub use tokio::sync::broadcast::error;

use error::{RecvError, SendError, TryRecvError};

/// As Tokio's, and recorded.
pub struct Sender<T> {
    hold: Hold<T>,
    real: real::Sender<Parcel<T>>,
}

/// As Tokio's, and recorded.
pub struct WeakSender<T> {
    channel: Channel<T>,
    real: real::WeakSender<Parcel<T>>,
}

/// As Tokio's, and recorded.
pub struct Receiver<T> {
    channel: Channel<T>,
    real: real::Receiver<Parcel<T>>,
}

/// As Tokio's, and recorded.
#[track_caller]
pub fn channel<T: Clone + Shown>(capacity: usize) -> (Sender<T>, Receiver<T>) {
    let (sender, receiver) = real::channel(capacity);
    let channel = Channel::new(BoxKind::Broadcast, Some(capacity));
    let sender = Sender {
        hold: Hold::first(&channel),
        real: sender,
    };
    let receiver = Receiver {
        channel,
        real: receiver,
    };
    (sender, receiver)
}

impl<T> Sender<T> {
    #[track_caller]
    pub fn new(capacity: usize) -> Self
    where
        T: Shown,
    {
        let real = real::Sender::new(capacity);
        let hold = Hold::first(&Channel::new(BoxKind::Broadcast, Some(capacity)));
        Self { hold, real }
    }

    #[track_caller]
    pub fn send(&self, value: T) -> Result<usize, SendError<T>> {
        let place = here();
        let message = self.hold.draft(&value);
        let result = self.real.send(Parcel { message, value });
        match result {
            Ok(_) => self.hold.sent(place, message),
            Err(_) => self.hold.refused(place, message, false),
        }
        result.map_err(|SendError(parcel)| SendError(parcel.value))
    }

    pub fn subscribe(&self) -> Receiver<T> {
        Receiver {
            channel: (*self.hold).clone(),
            real: self.real.subscribe(),
        }
    }

    pub fn downgrade(&self) -> WeakSender<T> {
        WeakSender {
            channel: (*self.hold).clone(),
            real: self.real.downgrade(),
        }
    }

    #[track_caller]
    pub fn closed(&self) -> impl Future<Output = ()> {
        let wait = Wait::Gone(self.hold.id);
        Watched::new(self.hold.recorder.clone(), wait, here(), self.real.closed())
    }

    pub fn len(&self) -> usize {
        self.real.len()
    }

    pub fn is_empty(&self) -> bool {
        self.real.is_empty()
    }

    pub fn receiver_count(&self) -> usize {
        self.real.receiver_count()
    }

    pub fn same_channel(&self, other: &Self) -> bool {
        self.real.same_channel(&other.real)
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

impl<T> Receiver<T> {
    pub fn len(&self) -> usize {
        self.real.len()
    }

    pub fn is_empty(&self) -> bool {
        self.real.is_empty()
    }

    pub fn is_closed(&self) -> bool {
        self.real.is_closed()
    }

    pub fn same_channel(&self, other: &Self) -> bool {
        self.real.same_channel(&other.real)
    }

    pub fn sender_strong_count(&self) -> usize {
        self.real.sender_strong_count()
    }

    pub fn sender_weak_count(&self) -> usize {
        self.real.sender_weak_count()
    }
}

impl<T: Clone> Receiver<T> {
    pub fn resubscribe(&self) -> Self {
        Self {
            channel: self.channel.clone(),
            real: self.real.resubscribe(),
        }
    }

    #[track_caller]
    pub fn recv(&mut self) -> impl Future<Output = Result<T, RecvError>> {
        let place = here();
        async move {
            let wait = Wait::Mail(self.channel.id);
            let recv = self.real.recv();
            let result = Watched::new(self.channel.recorder.clone(), wait, place, recv).await;
            self.got(place, result)
        }
    }

    #[track_caller]
    pub fn try_recv(&mut self) -> Result<T, TryRecvError> {
        let place = here();
        let result = match self.real.try_recv() {
            Ok(parcel) => Ok(parcel),
            Err(TryRecvError::Closed) => Err(RecvError::Closed),
            Err(TryRecvError::Lagged(missed)) => Err(RecvError::Lagged(missed)),
            Err(TryRecvError::Empty) => {
                self.channel.reads();
                return Err(TryRecvError::Empty);
            }
        };
        self.got(place, result).map_err(|error| match error {
            RecvError::Closed => TryRecvError::Closed,
            RecvError::Lagged(missed) => TryRecvError::Lagged(missed),
        })
    }

    #[track_caller]
    pub fn blocking_recv(&mut self) -> Result<T, RecvError> {
        let place = here();
        let result = self.real.blocking_recv();
        self.got(place, result)
    }

    fn got(
        &self,
        place: Option<Place>,
        result: Result<Parcel<T>, RecvError>,
    ) -> Result<T, RecvError> {
        self.channel.reads();
        match result {
            Err(RecvError::Lagged(missed)) => {
                let lagged = |id| Kind::Received(Got::Missed(id, missed));
                self.channel.tell(place, lagged);
                Err(RecvError::Lagged(missed))
            }
            result => {
                let parcel = self.channel.took(place, result.ok());
                parcel.ok_or(RecvError::Closed)
            }
        }
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.real.fmt(f)
    }
}

impl<T> fmt::Debug for WeakSender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.real.fmt(f)
    }
}

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.real.fmt(f)
    }
}
