//! `tokio::sync::watch`, recorded: a box with room for the newest value.

use super::channel::{Channel, Hold};
use crate::{
    event::{Got, Kind, Wait},
    label::Shown,
    place::{Place, here},
    state::BoxKind,
    waiting::Watched,
};
use std::fmt;
use tokio::sync::watch as real;
pub use tokio::sync::watch::{Ref, error};

use error::{RecvError, SendError};

/// As Tokio's, and recorded.
pub struct Sender<T> {
    hold: Hold<T>,
    real: real::Sender<T>,
}

/// As Tokio's, and recorded.
pub struct Receiver<T> {
    channel: Channel<T>,
    real: real::Receiver<T>,
}

/// As Tokio's, and recorded.
pub fn channel<T: Shown>(init: T) -> (Sender<T>, Receiver<T>) {
    let sender = Sender::new(init);
    let receiver = sender.subscribe();
    (sender, receiver)
}

impl<T> Sender<T> {
    pub fn new(init: T) -> Self
    where
        T: Shown,
    {
        Self {
            hold: Hold::first(&Channel::new(BoxKind::Watch, Some(1))),
            real: real::Sender::new(init),
        }
    }

    #[track_caller]
    pub fn send(&self, value: T) -> Result<(), SendError<T>> {
        let place = here();
        let message = self.hold.draft(&value);
        let result = self.real.send(value);
        match result {
            Ok(()) => self.hold.sent(place, message),
            Err(_) => self.hold.refused(place, message, false),
        }
        result
    }

    #[track_caller]
    pub fn send_modify<F: FnOnce(&mut T)>(&self, modify: F) {
        self.modified(here(), |value| {
            modify(value);
            true
        });
    }

    #[track_caller]
    pub fn send_if_modified<F: FnOnce(&mut T) -> bool>(&self, modify: F) -> bool {
        self.modified(here(), modify)
    }

    fn modified(&self, place: Option<Place>, modify: impl FnOnce(&mut T) -> bool) -> bool {
        let mut message = None;
        let modified = self.real.send_if_modified(|value| {
            let modified = modify(value);
            if modified {
                message = self.hold.draft(value);
            }
            modified
        });
        self.hold.sent(place, message);
        modified
    }

    #[track_caller]
    pub fn send_replace(&self, value: T) -> T {
        let message = self.hold.draft(&value);
        self.hold.sent(here(), message);
        self.real.send_replace(value)
    }

    pub fn borrow(&self) -> Ref<'_, T> {
        self.real.borrow()
    }

    pub fn is_closed(&self) -> bool {
        self.real.is_closed()
    }

    #[track_caller]
    pub fn closed(&self) -> impl Future<Output = ()> {
        let wait = Wait::Gone(self.hold.id);
        Watched::new(self.hold.recorder.clone(), wait, here(), self.real.closed())
    }

    pub fn subscribe(&self) -> Receiver<T> {
        Receiver {
            channel: (*self.hold).clone(),
            real: self.real.subscribe(),
        }
    }

    pub fn receiver_count(&self) -> usize {
        self.real.receiver_count()
    }

    pub fn sender_count(&self) -> usize {
        self.real.sender_count()
    }

    pub fn same_channel(&self, other: &Self) -> bool {
        self.real.same_channel(&other.real)
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

impl<T: Default + Shown> Default for Sender<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T: fmt::Debug> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.real.fmt(f)
    }
}

impl<T> Receiver<T> {
    pub fn borrow(&self) -> Ref<'_, T> {
        self.real.borrow()
    }

    pub fn borrow_and_update(&mut self) -> Ref<'_, T> {
        self.real.borrow_and_update()
    }

    pub fn has_changed(&self) -> Result<bool, RecvError> {
        self.real.has_changed()
    }

    pub fn is_closed(&self) -> bool {
        self.real.is_closed()
    }

    pub fn mark_changed(&mut self) {
        self.real.mark_changed();
    }

    pub fn mark_unchanged(&mut self) {
        self.real.mark_unchanged();
    }

    #[track_caller]
    pub fn changed(&mut self) -> impl Future<Output = Result<(), RecvError>> {
        let place = here();
        async move {
            let wait = Wait::Change(self.channel.id);
            let changed = self.real.changed();
            let result = Watched::new(self.channel.recorder.clone(), wait, place, changed).await;
            got(&self.channel, place, result.is_ok());
            result
        }
    }

    #[track_caller]
    pub fn wait_for(
        &mut self,
        condition: impl FnMut(&T) -> bool,
    ) -> impl Future<Output = Result<Ref<'_, T>, RecvError>> {
        let place = here();
        async move {
            let wait = Wait::Change(self.channel.id);
            let met = self.real.wait_for(condition);
            let result = Watched::new(self.channel.recorder.clone(), wait, place, met).await;
            got(&self.channel, place, result.is_ok());
            result
        }
    }

    pub fn same_channel(&self, other: &Self) -> bool {
        self.real.same_channel(&other.real)
    }
}

fn got<T>(channel: &Channel<T>, place: Option<Place>, changed: bool) {
    channel.reads();
    channel.tell(place, |id| {
        Kind::Received(if changed {
            Got::Change(id)
        } else {
            Got::End(id)
        })
    });
}

impl<T> Clone for Receiver<T> {
    fn clone(&self) -> Self {
        Self {
            channel: self.channel.clone(),
            real: self.real.clone(),
        }
    }
}

impl<T: fmt::Debug> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.real.fmt(f)
    }
}
