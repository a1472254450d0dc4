//! accepted: a semaphore holds the places, and an unbounded channel the links: the permit travels with the link and goes back when a worker takes it. Two things to keep in step; the places can be counted apart from the queue.

use std::{pin::Pin, sync::Arc, time::Duration};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError, mpsc},
    task::JoinSet,
    time::timeout,
};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Url(pub String);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closed;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused<T> {
    Full(T),
    Closed(T),
}

#[derive(Clone)]
pub struct Fetch(Arc<dyn Fn(Url) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>);

impl Fetch {
    pub fn new<F: Future<Output = ()> + Send + 'static>(
        get: impl Fn(Url) -> F + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(move |url| Box::pin(get(url))))
    }

    async fn get(&self, url: Url) {
        (self.0)(url).await;
    }
}

#[derive(Clone)]
pub struct PreviewsHandle {
    sender: mpsc::UnboundedSender<(Url, OwnedSemaphorePermit)>,
    places: Arc<Semaphore>,
}

impl PreviewsHandle {
    pub async fn submit(&self, url: Url) -> Result<(), Closed> {
        let place = self
            .places
            .clone()
            .acquire_owned()
            .await
            .map_err(|_| Closed)?;
        self.sender.send((url, place)).map_err(|_| Closed)
    }

    pub fn try_submit(&self, url: Url) -> Result<(), Refused<Url>> {
        match self.places.clone().try_acquire_owned() {
            Ok(place) => self
                .sender
                .send((url, place))
                .map_err(|error| Refused::Closed(error.0.0)),
            Err(TryAcquireError::NoPermits) => Err(Refused::Full(url)),
            Err(TryAcquireError::Closed) => Err(Refused::Closed(url)),
        }
    }

    pub async fn submit_within(&self, url: Url, longest: Duration) -> Result<(), Refused<Url>> {
        match timeout(longest, self.places.clone().acquire_owned()).await {
            Ok(Ok(place)) => self
                .sender
                .send((url, place))
                .map_err(|error| Refused::Closed(error.0.0)),
            Ok(Err(_)) => Err(Refused::Closed(url)),
            Err(_) => Err(Refused::Full(url)),
        }
    }
}

pub fn open(capacity: usize, workers: usize, fetch: Fetch) -> PreviewsHandle {
    let (sender, mut mailbox) = mpsc::unbounded_channel::<(Url, OwnedSemaphorePermit)>();
    tokio::spawn(async move {
        let mut fetching = JoinSet::new();
        loop {
            tokio::select! {
                Some(_) = fetching.join_next() => {}
                link = mailbox.recv(), if fetching.len() < workers => match link {
                    Some((url, place)) => {
                        drop(place);
                        let fetch = fetch.clone();
                        fetching.spawn(async move { fetch.get(url).await });
                    }
                    None => break,
                },
            }
        }
        fetching.join_all().await;
    });
    PreviewsHandle {
        sender,
        places: Arc::new(Semaphore::new(capacity)),
    }
}

pub fn capacity_for(per_second: f64, longest_wait: Duration) -> usize {
    ((per_second * longest_wait.as_secs_f64()).floor() as usize).max(1)
}
