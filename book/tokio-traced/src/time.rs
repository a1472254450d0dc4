//! `tokio::time`, recorded.

use crate::{
    event::{Kind, Timer, Wait},
    explore,
    place::{Place, here},
    recorder::Recorder,
    turn::{self, tap},
    waiting::{Users, Waiter},
};
use pin_project_lite::pin_project;
use std::{
    future::poll_fn,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};
use tokio::time as real;
pub use tokio::time::*;

/// A timer's part in a recording.
struct Alarm {
    recorder: Option<Arc<Recorder>>,
    waiter: Waiter,
    timer: Timer,
    made: Option<Place>,
}

impl Alarm {
    fn new(timer: Timer, made: Option<Place>) -> Self {
        let recorder = tap();
        Self {
            waiter: Waiter::new(recorder.clone()),
            recorder,
            timer,
            made,
        }
    }

    fn pending(&mut self, cx: &Context<'_>, awaited: Option<Place>, until: Instant) {
        let timer = self.timer;
        self.waiter.pending(cx, awaited.or(self.made), |recorder| {
            Wait::Until(timer, recorder.ms_of(until))
        });
    }

    /// It went off. That is news only if somebody waited for it, or if it is a tick.
    fn rings(&mut self, awaited: Option<Place>) {
        let waited = self.waiter.done();
        if let Some(recorder) = &self.recorder
            && (waited || self.timer == Timer::Tick)
        {
            recorder.push(awaited.or(self.made), Kind::Wakes(self.timer));
        }
    }

    /// It will ring at another time.
    fn moved(&mut self) {
        self.waiter.done();
    }
}

impl std::fmt::Debug for Alarm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.timer.fmt(f)
    }
}

pin_project! {
    /// As Tokio's, and recorded.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless you `.await` or poll them"]
    pub struct Sleep {
        #[pin]
        real: real::Sleep,
        alarm: Alarm,
    }
}

/// As Tokio's, and recorded.
#[track_caller]
pub fn sleep(duration: Duration) -> Sleep {
    Sleep {
        real: real::sleep(duration),
        alarm: Alarm::new(Timer::Sleep, here()),
    }
}

/// As Tokio's, and recorded.
#[track_caller]
pub fn sleep_until(deadline: Instant) -> Sleep {
    Sleep {
        real: real::sleep_until(deadline),
        alarm: Alarm::new(Timer::Sleep, here()),
    }
}

impl Sleep {
    pub fn deadline(&self) -> Instant {
        self.real.deadline()
    }

    pub fn is_elapsed(&self) -> bool {
        self.real.is_elapsed()
    }

    pub fn reset(self: Pin<&mut Self>, deadline: Instant) {
        let this = self.project();
        this.alarm.moved();
        this.real.reset(deadline);
    }
}

impl Future for Sleep {
    type Output = ();

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let (place, mut this) = (here(), self.project());
        let poll = this
            .alarm
            .waiter
            .noted(cx, |cx| this.real.as_mut().poll(cx));
        match poll {
            Poll::Pending => this.alarm.pending(cx, place, this.real.deadline()),
            Poll::Ready(()) => this.alarm.rings(place),
        }
        poll
    }
}

pin_project! {
    /// As Tokio's, and recorded.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless you `.await` or poll them"]
    pub struct Timeout<T> {
        #[pin]
        real: real::Timeout<Users<T>>,
        until: Option<Instant>,
        alarm: Alarm,
    }
}

/// As Tokio's, and recorded.
#[track_caller]
pub fn timeout<F: IntoFuture>(duration: Duration, future: F) -> Timeout<F::IntoFuture> {
    timeout_from(here(), duration, future)
}

/// As Tokio's, and recorded.
#[track_caller]
pub fn timeout_at<F: IntoFuture>(deadline: Instant, future: F) -> Timeout<F::IntoFuture> {
    Timeout {
        real: real::timeout_at(deadline, Users::new(future)),
        until: Some(deadline),
        alarm: Alarm::new(Timer::Timeout, here()),
    }
}

pub(crate) fn timeout_from<F: IntoFuture>(
    place: Option<Place>,
    duration: Duration,
    future: F,
) -> Timeout<F::IntoFuture> {
    Timeout {
        real: real::timeout(duration, Users::new(future)),
        until: Instant::now().checked_add(duration),
        alarm: Alarm::new(Timer::Timeout, place),
    }
}

impl<T> Timeout<T> {
    pub fn get_ref(&self) -> &T {
        &self.real.get_ref().future
    }

    pub fn get_mut(&mut self) -> &mut T {
        &mut self.real.get_mut().future
    }

    pub fn into_inner(self) -> T {
        self.real.into_inner().future
    }
}

impl<T: Future> Future for Timeout<T> {
    type Output = Result<T::Output, error::Elapsed>;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let (place, this) = (here(), self.project());
        // What is ready comes before the end of the time, also at its very end.
        let is_over = this.until.is_some_and(|until| until <= Instant::now());
        let noted = || this.alarm.waiter.noted(cx, |cx| this.real.poll(cx));
        let poll = explore::all_of_it_if(is_over, noted);
        match (&poll, *this.until) {
            (Poll::Pending, Some(until)) => this.alarm.pending(cx, place, until),
            // So long that it never goes off.
            (Poll::Pending, None) => {}
            (Poll::Ready(Ok(_)), _) => this.alarm.moved(),
            (Poll::Ready(Err(_)), _) => this.alarm.rings(place),
        }
        poll
    }
}

/// As Tokio's, and recorded.
#[derive(Debug)]
pub struct Interval {
    real: real::Interval,
    next: Instant,
    alarm: Alarm,
}

/// As Tokio's, and recorded.
#[track_caller]
pub fn interval(period: Duration) -> Interval {
    interval_from(here(), real::interval(period), Instant::now())
}

/// As Tokio's, and recorded.
#[track_caller]
pub fn interval_at(start: Instant, period: Duration) -> Interval {
    interval_from(here(), real::interval_at(start, period), start)
}

fn interval_from(place: Option<Place>, real: real::Interval, next: Instant) -> Interval {
    Interval {
        real,
        next,
        alarm: Alarm::new(Timer::Tick, place),
    }
}

impl Interval {
    #[track_caller]
    pub fn tick(&mut self) -> impl Future<Output = Instant> {
        let place = here();
        async move {
            // The wait is this future's, not the interval's: it is over when the future is dropped.
            let mut alarm = Alarm::new(Timer::Tick, place);
            poll_fn(|cx| self.poll_with(&mut alarm, cx, place)).await
        }
    }

    #[track_caller]
    pub fn poll_tick(&mut self, cx: &mut Context<'_>) -> Poll<Instant> {
        let place = here();
        let mut alarm = std::mem::replace(&mut self.alarm, Alarm::new(Timer::Tick, place));
        let poll = self.poll_with(&mut alarm, cx, place);
        self.alarm = alarm;
        poll
    }

    fn poll_with(
        &mut self,
        alarm: &mut Alarm,
        cx: &mut Context<'_>,
        place: Option<Place>,
    ) -> Poll<Instant> {
        let poll = turn::recorded(cx, |cx| self.real.poll_tick(cx));
        match poll {
            Poll::Pending => alarm.pending(cx, place, self.next),
            Poll::Ready(was_due) => {
                self.next = self.after(was_due);
                alarm.rings(place);
            }
        }
        poll
    }

    /// The tick after the one that was due at this time: as Tokio reckons, which does not tell.
    fn after(&self, was_due: Instant) -> Instant {
        let (now, period) = (Instant::now(), self.period());
        let late = now.saturating_duration_since(was_due);
        // Less than that, Tokio counts as being in time.
        if late <= Duration::from_millis(5) {
            return was_due + period;
        }
        match self.missed_tick_behavior() {
            MissedTickBehavior::Burst => was_due + period,
            MissedTickBehavior::Delay => now + period,
            MissedTickBehavior::Skip => {
                let into = late.as_nanos() % period.as_nanos();
                now + period - Duration::from_nanos(into as u64)
            }
        }
    }

    pub fn reset(&mut self) {
        self.real.reset();
        self.next = Instant::now() + self.period();
        self.alarm.moved();
    }

    pub fn reset_immediately(&mut self) {
        self.real.reset_immediately();
        self.next = Instant::now();
        self.alarm.moved();
    }

    pub fn reset_after(&mut self, after: Duration) {
        self.real.reset_after(after);
        self.next = Instant::now() + after;
        self.alarm.moved();
    }

    pub fn reset_at(&mut self, deadline: Instant) {
        self.real.reset_at(deadline);
        self.next = deadline;
        self.alarm.moved();
    }

    pub fn missed_tick_behavior(&self) -> MissedTickBehavior {
        self.real.missed_tick_behavior()
    }

    pub fn set_missed_tick_behavior(&mut self, behavior: MissedTickBehavior) {
        self.real.set_missed_tick_behavior(behavior);
    }

    pub fn period(&self) -> Duration {
        self.real.period()
    }
}
