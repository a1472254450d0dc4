//! rejected: a_free_worker_takes_what_waits
//! says: In ten seconds the other one fetches the four links that wait
//! thinks: "Each worker has a mailbox, and the links are given to one after the other. No lock, no select."

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{
    sync::{
        OwnedSemaphorePermit, Semaphore,
        mpsc::{self, error::TrySendError},
    },
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
pub struct Fetch(Arc<dyn Fn(Url) -> Fetching + Send + Sync>);

type Fetching = Pin<Box<dyn Future<Output = ()> + Send>>;

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

struct Waiting {
    url: Url,
    own_place: Option<OwnedSemaphorePermit>,
}

async fn worker(mut mailbox: mpsc::Receiver<Waiting>, fetch: Fetch) {
    while let Some(Waiting { url, own_place }) = mailbox.recv().await {
        drop(own_place);
        fetch.get(url).await;
    }
}

#[derive(Clone)]
pub struct PreviewsHandle {
    workers: Vec<mpsc::Sender<Waiting>>,
    next: Arc<AtomicUsize>,
    own_places: Option<Arc<Semaphore>>,
}

pub fn open(capacity: usize, workers: usize, fetch: Fetch) -> PreviewsHandle {
    let workers = (0..workers).map(|_| {
        let (sender, mailbox) = mpsc::channel(capacity.div_ceil(workers));
        tokio::spawn(worker(mailbox, fetch.clone()));
        sender
    });
    PreviewsHandle {
        workers: workers.collect(),
        next: Arc::default(),
        own_places: None,
    }
}

impl PreviewsHandle {
    pub async fn submit(&self, url: Url) -> Result<(), Closed> {
        let (own_place, place) = self.both_places().await?;
        place.send(Waiting { url, own_place });
        Ok(())
    }

    pub fn try_submit(&self, url: Url) -> Result<(), Refused<Url>> {
        let own_places = self.own_places.clone();
        let Ok(own_place) = own_places.map(Semaphore::try_acquire_owned).transpose() else {
            return Err(Refused::Full(url));
        };
        let refused = self.next_worker().try_send(Waiting { url, own_place });
        refused.map_err(|error| match error {
            TrySendError::Full(Waiting { url, .. }) => Refused::Full(url),
            TrySendError::Closed(Waiting { url, .. }) => Refused::Closed(url),
        })
    }

    pub async fn submit_within(&self, url: Url, longest: Duration) -> Result<(), Refused<Url>> {
        match timeout(longest, self.both_places()).await {
            Ok(Ok((own_place, place))) => {
                place.send(Waiting { url, own_place });
                Ok(())
            }
            Ok(Err(Closed)) => Err(Refused::Closed(url)),
            Err(_) => Err(Refused::Full(url)),
        }
    }

    pub fn limited_to(&self, places: usize) -> PreviewsHandle {
        PreviewsHandle {
            workers: self.workers.clone(),
            next: self.next.clone(),
            own_places: Some(Arc::new(Semaphore::new(places))),
        }
    }

    fn next_worker(&self) -> &mpsc::Sender<Waiting> {
        let next = self.next.fetch_add(1, Ordering::Relaxed);
        &self.workers[next % self.workers.len()]
    }

    async fn both_places(
        &self,
    ) -> Result<(Option<OwnedSemaphorePermit>, mpsc::Permit<'_, Waiting>), Closed> {
        let own_place = match self.own_places.clone() {
            Some(places) => Some(places.acquire_owned().await.map_err(|_| Closed)?),
            None => None,
        };
        let place = self.next_worker().reserve().await.map_err(|_| Closed)?;
        Ok((own_place, place))
    }
}

pub fn capacity_for(per_second: f64, longest_wait: Duration) -> usize {
    let served_meanwhile = per_second * longest_wait.as_secs_f64();
    (served_meanwhile as usize).max(1)
}
