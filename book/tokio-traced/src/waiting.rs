//! What is around each future that may have to wait.

use crate::{
    event::{ActorId, Kind, Wait},
    place::{Place, here},
    recorder::Recorder,
    turn::{self, tap},
};
use pin_project_lite::pin_project;
use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
};
use tokio::task::coop::has_budget_remaining;

/// One wait, told to the recorder while it lasts. Dropping it ends the wait; whether that is worth an event depends on what it was.
#[derive(Default)]
pub(crate) struct Waiter {
    recorder: Option<Arc<Recorder>>,
    waiting: Option<Waiting>,
    /// Whether the combinator's waker was called that it was polled with last.
    called: Arc<AtomicBool>,
}

/// A combinator's waker, which notes that it was called.
struct Noting {
    called: Arc<AtomicBool>,
    waker: Waker,
}

impl Wake for Noting {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.called.store(true, Ordering::Release);
        self.waker.wake_by_ref();
    }
}

struct Waiting {
    actor: ActorId,
    key: u64,
    what: Wait,
    line_of: Option<Place>,
}

impl Waiter {
    pub fn new(recorder: Option<Arc<Recorder>>) -> Self {
        Self {
            recorder,
            waiting: None,
            called: Arc::default(),
        }
    }

    /// Polls what is recorded. If a combinator polls it with a waker of its own, it is noted whether that is called.
    pub fn noted<T>(
        &mut self,
        cx: &mut Context<'_>,
        poll: impl FnOnce(&mut Context<'_>) -> T,
    ) -> T {
        if self.recorder.is_none() || turn::polls_itself(cx.waker()) {
            return turn::recorded(cx, poll);
        }
        self.called = Arc::default();
        let noting = Arc::new(Noting {
            called: self.called.clone(),
            waker: cx.waker().clone(),
        });
        poll(&mut Context::from_waker(&Waker::from(noting)))
    }

    /// The future said Pending. Returns whether the wait begins with that.
    pub fn pending(
        &mut self,
        cx: &Context<'_>,
        place: Option<Place>,
        what: impl FnOnce(&Arc<Recorder>) -> Wait,
    ) -> bool {
        let Some(recorder) = &self.recorder else {
            return false;
        };
        if !has_budget_remaining() {
            return false; // Tokio makes the task yield
        }
        let begins = self.waiting.is_none();
        let me = recorder.me();
        if let Some(moved) = self.waiting.take_if(|waiting| waiting.actor != me) {
            recorder.waits_no_more(moved.actor, moved.key);
        }
        let waiting = self.waiting.get_or_insert_with(|| Waiting {
            actor: me,
            key: recorder.next_wait(),
            what: what(recorder),
            line_of: place,
        });
        let on_its_own = (!turn::polls_itself(cx.waker())).then(|| self.called.clone());
        recorder.waits(me, waiting.key, waiting.what.clone(), place, on_its_own);
        begins
    }

    /// The future is ready. Returns whether it had to wait.
    pub fn done(&mut self) -> bool {
        self.end().is_some()
    }

    fn end(&mut self) -> Option<Waiting> {
        let waiting = self.waiting.take()?;
        if let Some(recorder) = &self.recorder {
            recorder.waits_no_more(waiting.actor, waiting.key);
        }
        Some(waiting)
    }

    /// The future is given up. Others see that of a blocked send and of a question, and of nothing else.
    pub fn give_up(&mut self) {
        if let (Some(recorder), Some(waiting)) = (&self.recorder, &self.waiting) {
            recorder.wait_dropped(waiting.actor, waiting.key, &waiting.what);
        }
        let Some(waiting) = self.end() else { return };
        if let (Some(recorder), Wait::Slot(..) | Wait::Answer(_)) = (&self.recorder, &waiting.what)
        {
            recorder.push(waiting.line_of, Kind::Cancelled(waiting.what));
        }
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        self.give_up();
    }
}

/// Says of a future that it is ready when all other tasks wait: who awaits it then waits for that, and not "for something that is
/// not recorded".
#[track_caller]
pub fn until_all_wait<F: Future>(future: F) -> impl Future<Output = F::Output> {
    Watched::new(tap(), Wait::Rest, here(), future)
}

pin_project! {
    /// A future of Tokio's that waits for `what`.
    pub(crate) struct Watched<F> {
        // Before `future`, so that the wait is over before the future's own end has effects.
        waiter: Waiter,
        what: Wait,
        place: Option<Place>,
        #[pin]
        future: F,
    }
}

impl<F> Watched<F> {
    pub fn new(
        recorder: Option<Arc<Recorder>>,
        what: Wait,
        place: Option<Place>,
        future: F,
    ) -> Self {
        Self {
            waiter: Waiter::new(recorder),
            what,
            place,
            future,
        }
    }
}

impl<F: Future> Future for Watched<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let poll = this.waiter.noted(cx, |cx| this.future.poll(cx));
        if poll.is_ready() {
            this.waiter.done();
        } else if this.waiter.pending(cx, *this.place, |_| this.what.clone())
            && let (Some(recorder), Wait::Slot(to, Some(message))) =
                (&this.waiter.recorder, &*this.what)
        {
            let (to, message) = (*to, *message);
            recorder.push(*this.place, Kind::Blocked { to, message });
        }
        poll
    }
}

pin_project! {
    /// A future of the user's inside of one of Tokio's that is recorded.
    #[derive(Debug)]
    pub(crate) struct Users<T> {
        #[pin]
        pub future: T,
    }
}

impl<T> Users<T> {
    pub fn new(future: impl IntoFuture<IntoFuture = T>) -> Self {
        let future = future.into_future();
        Self { future }
    }
}

impl<T: Future> Future for Users<T> {
    type Output = T::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T::Output> {
        turn::not_recorded(cx, |cx| self.project().future.poll(cx))
    }
}
