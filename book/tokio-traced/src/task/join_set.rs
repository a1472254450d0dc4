//! A set of tasks, recorded.

use crate::{
    actor::Actor,
    event::{ActorId, Ended, Kind, Wait},
    name,
    place::{Place, here},
    recorder::Recorder,
    turn::{self, Seat, tap},
    waiting::Waiter,
};
use std::{
    fmt,
    future::poll_fn,
    panic,
    sync::Arc,
    task::{Context, Poll},
};
use tokio::{
    runtime::Handle,
    task::{self as real, AbortHandle, Id, JoinError, LocalSet},
};

/// As Tokio's, and recorded.
pub struct JoinSet<T> {
    real: real::JoinSet<T>,
    /// Who the tasks are, oldest first. Tasks started outside of a recording are not in here.
    actors: Vec<(Id, ActorId)>,
    recorder: Option<Arc<Recorder>>,
    /// For `poll_join_next`, whose waits outlive the call. `join_next` has its own.
    waiter: Waiter,
}

/// How a task ended, by what awaiting it gave.
pub(crate) fn how(error: Option<&JoinError>) -> Ended {
    match error {
        None => Ended::Returned,
        Some(error) if error.is_panic() => Ended::Panicked,
        Some(_) => Ended::Aborted,
    }
}

impl<T> JoinSet<T> {
    pub fn new() -> Self {
        let recorder = tap();
        Self {
            real: real::JoinSet::new(),
            actors: Vec::new(),
            waiter: Waiter::new(recorder.clone()),
            recorder,
        }
    }

    pub fn len(&self) -> usize {
        self.real.len()
    }

    pub fn is_empty(&self) -> bool {
        self.real.is_empty()
    }
}

impl<T: 'static> JoinSet<T> {
    fn added(&mut self, seat: Option<Seat>, handle: AbortHandle) -> AbortHandle {
        if let Some(seat) = seat {
            self.actors.push((handle.id(), seat.actor));
            seat.recorder.can_abort(seat.actor, handle.clone());
        }
        handle
    }

    #[track_caller]
    pub fn spawn<F>(&mut self, task: F) -> AbortHandle
    where
        F: Future<Output = T> + Send + 'static,
        T: Send,
    {
        let seat = Seat::take(here(), name::of::<F>, false);
        let handle = self.real.spawn(Actor::new(seat.clone(), task));
        self.added(seat, handle)
    }

    #[track_caller]
    pub fn spawn_on<F>(&mut self, task: F, handle: &Handle) -> AbortHandle
    where
        F: Future<Output = T> + Send + 'static,
        T: Send,
    {
        let seat = Seat::take(here(), name::of::<F>, false);
        let handle = self.real.spawn_on(Actor::new(seat.clone(), task), handle);
        self.added(seat, handle)
    }

    #[track_caller]
    pub fn spawn_local<F>(&mut self, task: F) -> AbortHandle
    where
        F: Future<Output = T> + 'static,
    {
        let seat = Seat::take(here(), name::of::<F>, false);
        let handle = self.real.spawn_local(Actor::new(seat.clone(), task));
        self.added(seat, handle)
    }

    #[track_caller]
    pub fn spawn_local_on<F>(&mut self, task: F, local_set: &LocalSet) -> AbortHandle
    where
        F: Future<Output = T> + 'static,
    {
        let seat = Seat::take(here(), name::of::<F>, false);
        let actor = Actor::new(seat.clone(), task);
        let handle = self.real.spawn_local_on(actor, local_set);
        self.added(seat, handle)
    }

    #[track_caller]
    pub fn spawn_blocking<F>(&mut self, closure: F) -> AbortHandle
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send,
    {
        let seat = Seat::take(here(), name::of_thread::<F>, true);
        let handle = self.real.spawn_blocking({
            let seat = seat.clone();
            move || match seat {
                Some(seat) => seat.run(closure),
                None => closure(),
            }
        });
        self.added(seat, handle)
    }

    #[track_caller]
    pub fn join_next(&mut self) -> impl Future<Output = Option<Result<T, JoinError>>> {
        let next = self.next_from(here());
        async move {
            let result = next.await?;
            Some(result.map(|(_, value)| value))
        }
    }

    #[track_caller]
    pub fn join_next_with_id(
        &mut self,
    ) -> impl Future<Output = Option<Result<(Id, T), JoinError>>> {
        self.next_from(here())
    }

    async fn next_from(&mut self, place: Option<Place>) -> Option<Result<(Id, T), JoinError>> {
        let mut waiter = Waiter::new(self.recorder.clone());
        poll_fn(|cx| self.poll_with(&mut waiter, cx, place)).await
    }

    #[track_caller]
    pub fn poll_join_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<T, JoinError>>> {
        let poll = self.poll_join_next_with_id(cx);
        poll.map(|next| next.map(|result| result.map(|(_, value)| value)))
    }

    #[track_caller]
    pub fn poll_join_next_with_id(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<(Id, T), JoinError>>> {
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
    ) -> Poll<Option<Result<(Id, T), JoinError>>> {
        if let Some(recorder) = &self.recorder {
            recorder.step(); // an empty set is ready at once, every time
        }
        let poll = turn::recorded(cx, |cx| self.real.poll_join_next_with_id(cx));
        match &poll {
            Poll::Pending => {
                waiter.pending(cx, place, |_| {
                    Wait::Tasks(self.actors.iter().map(|(_, actor)| *actor).collect())
                });
            }
            Poll::Ready(next) => {
                waiter.done();
                if let Some(result) = next {
                    self.joined(place, result);
                }
            }
        }
        poll
    }

    #[track_caller]
    pub fn try_join_next(&mut self) -> Option<Result<T, JoinError>> {
        let result = self.try_join_next_with_id()?;
        Some(result.map(|(_, value)| value))
    }

    #[track_caller]
    pub fn try_join_next_with_id(&mut self) -> Option<Result<(Id, T), JoinError>> {
        let place = here();
        let result = self.real.try_join_next_with_id()?;
        self.joined(place, &result);
        Some(result)
    }

    fn joined(&mut self, place: Option<Place>, result: &Result<(Id, T), JoinError>) {
        let id = match result {
            Ok((id, _)) => *id,
            Err(error) => error.id(),
        };
        let Some(at) = self.actors.iter().position(|(of, _)| *of == id) else {
            return;
        };
        let (_, actor) = self.actors.remove(at);
        let how = how(result.as_ref().err());
        if let Some(recorder) = &self.recorder {
            recorder.push(place, Kind::Joined { actor, how });
        }
    }

    #[track_caller]
    pub fn shutdown(&mut self) -> impl Future<Output = ()> {
        let place = here();
        async move {
            self.abort_all();
            while self.next_from(place).await.is_some() {}
        }
    }

    #[track_caller]
    pub fn join_all(mut self) -> impl Future<Output = Vec<T>> {
        let place = here();
        async move {
            let mut outputs = Vec::with_capacity(self.len());
            while let Some(result) = self.next_from(place).await {
                match result {
                    Ok((_, output)) => outputs.push(output),
                    Err(error) if error.is_panic() => panic::resume_unwind(error.into_panic()),
                    Err(error) => panic!("{error}"),
                }
            }
            outputs
        }
    }

    pub fn abort_all(&mut self) {
        self.real.abort_all();
    }

    pub fn detach_all(&mut self) {
        self.actors.clear();
        self.real.detach_all();
    }
}

impl<T> fmt::Debug for JoinSet<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.real.fmt(f)
    }
}

impl<T> Default for JoinSet<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T, F> FromIterator<F> for JoinSet<T>
where
    F: Future<Output = T> + Send + 'static,
    T: Send + 'static,
{
    fn from_iter<I: IntoIterator<Item = F>>(tasks: I) -> Self {
        let mut set = Self::new();
        set.extend(tasks);
        set
    }
}

impl<T, F> Extend<F> for JoinSet<T>
where
    F: Future<Output = T> + Send + 'static,
    T: Send + 'static,
{
    fn extend<I: IntoIterator<Item = F>>(&mut self, tasks: I) {
        for task in tasks {
            self.spawn(task);
        }
    }
}
