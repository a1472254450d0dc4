//! rejected: your_promises_hold_whatever_callers_do
//! says: links of caller A waited for a worker at
//! thinks: "A caller waits until fewer of its links wait than may. Then it takes part in the shared line, and is counted when it is through."

use std::{pin::Pin, sync::Arc, time::Duration};
use tokio::{
    sync::{
        mpsc::{self, error::TrySendError},
        watch,
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

/// One of the places of a caller. Dropping it makes it free again.
struct OwnPlace(watch::Sender<usize>);

impl OwnPlace {
    fn take(taken: &watch::Sender<usize>) -> Self {
        taken.send_modify(|taken| *taken += 1);
        Self(taken.clone())
    }
}

impl Drop for OwnPlace {
    fn drop(&mut self) {
        self.0.send_modify(|taken| *taken -= 1);
    }
}

/// How many places a caller has, and how many of them are taken.
#[derive(Clone)]
struct OwnPlaces {
    places: usize,
    taken: watch::Sender<usize>,
}

#[derive(Clone)]
pub struct PreviewsHandle {
    sender: mpsc::Sender<(Url, Option<OwnPlace>)>,
    own_places: Option<OwnPlaces>,
}

type Place<'a> = mpsc::Permit<'a, (Url, Option<OwnPlace>)>;

impl PreviewsHandle {
    pub async fn submit(&self, url: Url) -> Result<(), Closed> {
        let (own_place, place) = self.both_places().await?;
        place.send((url, own_place));
        Ok(())
    }

    pub fn try_submit(&self, url: Url) -> Result<(), Refused<Url>> {
        let own_place = match &self.own_places {
            Some(own) if *own.taken.borrow() >= own.places => return Err(Refused::Full(url)),
            own => own.as_ref().map(|own| OwnPlace::take(&own.taken)),
        };
        let refused = self.sender.try_send((url, own_place));
        refused.map_err(|error| match error {
            TrySendError::Full((url, _)) => Refused::Full(url),
            TrySendError::Closed((url, _)) => Refused::Closed(url),
        })
    }

    pub async fn submit_within(&self, url: Url, longest: Duration) -> Result<(), Refused<Url>> {
        match timeout(longest, self.both_places()).await {
            Ok(Ok((own_place, place))) => {
                place.send((url, own_place));
                Ok(())
            }
            Ok(Err(Closed)) => Err(Refused::Closed(url)),
            Err(_) => Err(Refused::Full(url)),
        }
    }

    pub fn limited_to(&self, places: usize) -> PreviewsHandle {
        PreviewsHandle {
            sender: self.sender.clone(),
            own_places: Some(OwnPlaces {
                places,
                taken: watch::Sender::new(0),
            }),
        }
    }

    async fn both_places(&self) -> Result<(Option<OwnPlace>, Place<'_>), Closed> {
        if let Some(own) = &self.own_places {
            let mut taken = own.taken.subscribe();
            let free = taken.wait_for(|taken| *taken < own.places).await;
            free.map_err(|_| Closed)?;
        }
        let place = self.sender.reserve().await.map_err(|_| Closed)?;
        let own = self.own_places.as_ref();
        Ok((own.map(|own| OwnPlace::take(&own.taken)), place))
    }
}

pub fn capacity_for(per_second: f64, longest_wait: Duration) -> usize {
    ((per_second * longest_wait.as_secs_f64()) as usize).max(1)
}

async fn run(mut mailbox: mpsc::Receiver<(Url, Option<OwnPlace>)>, workers: usize, fetch: Fetch) {
    let mut fetching = JoinSet::new();
    loop {
        tokio::select! {
            Some(_) = fetching.join_next() => {}
            link = mailbox.recv(), if fetching.len() < workers => match link {
                Some((url, own_place)) => {
                    drop(own_place);
                    let fetch = fetch.clone();
                    fetching.spawn(async move { fetch.get(url).await });
                }
                None => break,
            },
        }
    }
    while fetching.join_next().await.is_some() {}
}

pub fn open(capacity: usize, workers: usize, fetch: Fetch) -> PreviewsHandle {
    let (sender, mailbox) = mpsc::channel(capacity);
    tokio::spawn(run(mailbox, workers, fetch));
    PreviewsHandle {
        sender,
        own_places: None,
    }
}
