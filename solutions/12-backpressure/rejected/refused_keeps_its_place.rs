//! rejected: a_place_of_ones_own_comes_back
//! says: `try_submit` found no shared place and refused
//! says: has that kept the place of this caller?
//! thinks: "The handle takes a place of the caller, and the service gives it back when a worker takes the link."

use std::{pin::Pin, sync::Arc, time::Duration};
use tokio::{
    sync::{
        Semaphore,
        mpsc::{self, error::TrySendError},
    },
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

// Who has to give a place back, and where.
type OwnPlaces = Option<Arc<Semaphore>>;

#[derive(Clone)]
pub struct PreviewsHandle {
    sender: mpsc::Sender<(Url, OwnPlaces)>,
    own_places: OwnPlaces,
}

impl PreviewsHandle {
    pub async fn submit(&self, url: Url) -> Result<(), Closed> {
        let place = self.both_places().await?;
        place.send((url, self.own_places.clone()));
        Ok(())
    }

    pub fn try_submit(&self, url: Url) -> Result<(), Refused<Url>> {
        if let Some(places) = &self.own_places {
            match places.try_acquire() {
                Ok(place) => place.forget(),
                Err(_) => return Err(Refused::Full(url)),
            }
        }
        let refused = self.sender.try_send((url, self.own_places.clone()));
        refused.map_err(|error| match error {
            TrySendError::Full((url, _)) => Refused::Full(url),
            TrySendError::Closed((url, _)) => Refused::Closed(url),
        })
    }

    pub async fn submit_within(&self, url: Url, longest: Duration) -> Result<(), Refused<Url>> {
        match timeout(longest, self.both_places()).await {
            Ok(Ok(place)) => {
                place.send((url, self.own_places.clone()));
                Ok(())
            }
            Ok(Err(Closed)) => Err(Refused::Closed(url)),
            Err(_) => Err(Refused::Full(url)),
        }
    }

    pub fn limited_to(&self, places: usize) -> PreviewsHandle {
        PreviewsHandle {
            sender: self.sender.clone(),
            own_places: Some(Arc::new(Semaphore::new(places))),
        }
    }

    async fn both_places(&self) -> Result<mpsc::Permit<'_, (Url, OwnPlaces)>, Closed> {
        if let Some(places) = &self.own_places {
            places.acquire().await.map_err(|_| Closed)?.forget();
        }
        self.sender.reserve().await.map_err(|_| Closed)
    }
}

pub fn capacity_for(per_second: f64, longest_wait: Duration) -> usize {
    ((per_second * longest_wait.as_secs_f64()) as usize).max(1)
}

async fn run(mut mailbox: mpsc::Receiver<(Url, OwnPlaces)>, workers: usize, fetch: Fetch) {
    let mut fetching = JoinSet::new();
    loop {
        tokio::select! {
            Some(_) = fetching.join_next() => {}
            link = mailbox.recv(), if fetching.len() < workers => match link {
                Some((url, own_places)) => {
                    if let Some(places) = own_places {
                        places.add_permits(1);
                    }
                    let fetch = fetch.clone();
                    fetching.spawn(async move { fetch.get(url).await });
                }
                None => break,
            },
        }
    }
    fetching.join_all().await;
}

pub fn open(capacity: usize, workers: usize, fetch: Fetch) -> PreviewsHandle {
    let (sender, mailbox) = mpsc::channel(capacity);
    tokio::spawn(run(mailbox, workers, fetch));
    PreviewsHandle {
        sender,
        own_places: None,
    }
}
