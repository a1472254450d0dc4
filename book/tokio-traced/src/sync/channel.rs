//! What the ends of every channel have in common: they know under which recording the channel was made, and as which box.

use crate::{
    event::{BoxId, Got, Kind, MessageId},
    label::{Label, Labeller, Shown},
    name,
    place::Place,
    recorder::Recorder,
    state::BoxKind,
    turn::tap,
};
use std::sync::Arc;

pub(crate) struct Channel<T> {
    /// `None` when the channel was made outside of a recording: then nothing here does anything.
    pub recorder: Option<Arc<Recorder>>,
    pub id: BoxId,
    label: Labeller<T>,
}

/// A message on its way, with its number in the recording.
#[derive(Debug, Clone)]
pub struct Parcel<T> {
    pub(crate) message: Option<MessageId>,
    pub(crate) value: T,
}

impl<T> Clone for Channel<T> {
    fn clone(&self) -> Self {
        Self {
            recorder: self.recorder.clone(),
            id: self.id,
            label: self.label,
        }
    }
}

impl<T> Channel<T> {
    pub fn new(kind: BoxKind, capacity: Option<usize>) -> Self
    where
        T: Shown,
    {
        let recorder = tap();
        let id = recorder
            .as_ref()
            .map_or(0, |r| r.new_box(kind, capacity, name::short::<T>()));
        Self {
            recorder,
            id,
            label: Label::of,
        }
    }

    pub fn tell(&self, place: Option<Place>, kind: impl FnOnce(BoxId) -> Kind) {
        if let Some(recorder) = &self.recorder {
            recorder.push(place, kind(self.id));
        }
    }

    /// Gives a message its number before it is sent, while it can still be looked at.
    pub fn draft(&self, value: &T) -> Option<MessageId> {
        let recorder = self.recorder.as_ref()?;
        recorder.step();
        Some(recorder.new_message((self.label)(value)))
    }

    pub fn sent(&self, place: Option<Place>, message: Option<MessageId>) {
        if let (Some(recorder), Some(message)) = (&self.recorder, message) {
            recorder.sent(place, self.id, message);
        }
    }

    pub fn refused(&self, place: Option<Place>, message: Option<MessageId>, full: bool) {
        if let Some(message) = message {
            self.tell(place, |to| Kind::Refused { to, message, full });
        }
    }

    /// The actor that runs now reads this channel.
    pub fn reads(&self) {
        if let Some(recorder) = &self.recorder {
            recorder.step();
            recorder.reads(self.id);
        }
    }

    /// The actor that runs now got a message.
    pub fn arrived(&self, place: Option<Place>, message: Option<MessageId>) {
        if let (Some(recorder), Some(message)) = (&self.recorder, message) {
            recorder.received(place, self.id, message);
        }
    }

    /// Unpacks what a receiver got: a message, or the news that there will be no more.
    pub fn took(&self, place: Option<Place>, parcel: Option<Parcel<T>>) -> Option<T> {
        let Some(Parcel { message, value }) = parcel else {
            self.tell(place, |from| Kind::Received(Got::End(from)));
            return None;
        };
        self.arrived(place, message);
        Some(value)
    }
}

/// One sender's part in keeping a channel open.
pub(crate) struct Hold<T>(Channel<T>);

impl<T> Hold<T> {
    /// The first one of a channel.
    pub fn first(channel: &Channel<T>) -> Self {
        Self(channel.clone())
    }

    pub fn another(channel: &Channel<T>) -> Self {
        if let Some(recorder) = &channel.recorder {
            recorder.sender_added(channel.id);
        }
        Self(channel.clone())
    }
}

impl<T> std::ops::Deref for Hold<T> {
    type Target = Channel<T>;
    fn deref(&self) -> &Channel<T> {
        &self.0
    }
}

impl<T> Clone for Hold<T> {
    fn clone(&self) -> Self {
        Self::another(&self.0)
    }
}

impl<T> Drop for Hold<T> {
    fn drop(&mut self) {
        if let Some(recorder) = &self.0.recorder {
            recorder.sender_dropped(self.0.id);
        }
    }
}
