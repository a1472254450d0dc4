//! What an object that is no channel tells its recording: a semaphore, a lock, a `Notify`.

use crate::{
    event::{Access, BoxId, Got, Kind, Wait},
    place::Place,
    recorder::Recorder,
    state::BoxKind,
    turn::tap,
    waiting::Watched,
};
use std::{
    panic::UnwindSafe,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

/// An object's part in a recording.
#[derive(Clone)]
pub(super) struct Tap {
    /// `None` when the object was made outside of a recording.
    pub recorder: Option<Arc<Recorder>>,
    pub id: BoxId,
}

impl Tap {
    /// For statics, which outlive every recording: not recorded.
    pub const NONE: Self = Self {
        recorder: None,
        id: 0,
    };

    pub fn new(kind: BoxKind, capacity: Option<usize>, holds: String) -> Self {
        let recorder = tap();
        let id = recorder
            .as_ref()
            .map_or(0, |r| r.new_box(kind, capacity, holds));
        Self { recorder, id }
    }

    pub fn tell(&self, place: Option<Place>, kind: impl FnOnce(BoxId) -> Kind) {
        if let Some(recorder) = &self.recorder {
            recorder.push(place, kind(self.id));
        }
    }

    /// An operation that does not wait.
    pub fn step(&self) {
        if let Some(recorder) = &self.recorder {
            recorder.step();
        }
    }

    /// So many permits will never come back: nobody holds them.
    pub fn forgotten(&self, permits: usize) {
        if let Some(recorder) = &self.recorder {
            recorder.state().boxes[self.id].held -= permits;
        }
    }

    pub fn watched<F>(
        &self,
        place: Option<Place>,
        wait: impl FnOnce(BoxId) -> Wait,
        future: F,
    ) -> Watched<F> {
        Watched::new(self.recorder.clone(), wait(self.id), place, future)
    }

    /// Waits for a lock, and has it then.
    pub async fn locked<F: Future>(
        &self,
        place: Option<Place>,
        access: Access,
        future: F,
    ) -> (F::Output, Held) {
        let wait = |id| Wait::Lock(id, access);
        let guard = self.watched(place, wait, future).await;
        (guard, self.held(place, access))
    }

    /// A lock is taken.
    pub fn held(&self, place: Option<Place>, access: Access) -> Held {
        self.tell(place, |id| Kind::Received(Got::Lock(id, access)));
        Held(self.clone())
    }
}

/// A lock that is held. Dropped, it is given back.
pub(super) struct Held(Tap);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.tell(None, |of| Kind::Released { of, permits: 1 });
    }
}

/// An object of Tokio's in an `Arc`, since its owned guards need one, and its part in a recording.
pub(super) struct Shared<R> {
    pub tap: Tap,
    real: OnceLock<Arc<R>>,
    /// Where a static keeps it until it is used: no `Arc` can be made in a constant.
    fresh: Mutex<Option<R>>,
}

/// An `Arc` of what has a cell in it is not; Tokio's own object is.
impl<R: UnwindSafe> UnwindSafe for Shared<R> {}

impl<R> Shared<R> {
    pub fn new(tap: Tap, real: R) -> Self {
        Self {
            tap,
            real: OnceLock::from(Arc::new(real)),
            fresh: Mutex::new(None),
        }
    }

    pub const fn const_new(real: R) -> Self {
        Self {
            tap: Tap::NONE,
            real: OnceLock::new(),
            fresh: Mutex::new(Some(real)),
        }
    }

    pub fn real(&self) -> &Arc<R> {
        self.real.get_or_init(|| {
            let mut fresh = self.fresh.lock().unwrap_or_else(PoisonError::into_inner);
            let real = fresh.take();
            Arc::new(real.expect("it is taken out here, and this runs once"))
        })
    }

    pub fn get_mut(&mut self) -> &mut R {
        self.real();
        let real = self.real.get_mut().and_then(Arc::get_mut);
        real.expect("guards that share it keep the whole object borrowed or alive")
    }

    pub fn into_inner(self) -> R {
        self.real();
        let real = self.real.into_inner().and_then(Arc::into_inner);
        real.expect("guards that share it keep the whole object borrowed or alive")
    }
}
