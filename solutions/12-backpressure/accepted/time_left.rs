//! accepted: one wait after the other, and `send_timeout` for the time that is left at the second. The link is in the future of the second wait, and comes back in its error; the time that is left must be kept in mind.

use std::{pin::Pin, sync::Arc, time::Duration};
use tokio::{
    sync::{
        OwnedSemaphorePermit, Semaphore,
        mpsc::{
            self,
            error::{SendTimeoutError, TrySendError},
        },
    },
    task::JoinSet,
    time::{Instant, timeout},
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

type OwnSlot = Option<OwnedSemaphorePermit>;

#[derive(Clone)]
pub struct PreviewsHandle {
    sender: mpsc::Sender<(Url, OwnSlot)>,
    own_slots: Option<Arc<Semaphore>>,
}

impl PreviewsHandle {
    pub async fn submit(&self, url: Url) -> Result<(), Closed> {
        let own_slot = self.own_slot().await?;
        self.sender.send((url, own_slot)).await.map_err(|_| Closed)
    }

    pub fn try_submit(&self, url: Url) -> Result<(), Refused<Url>> {
        if self.sender.is_closed() {
            return Err(Refused::Closed(url));
        }
        let own_slots = self.own_slots.clone();
        let Ok(own_slot) = own_slots.map(Semaphore::try_acquire_owned).transpose() else {
            return Err(Refused::Full(url));
        };
        let refused = self.sender.try_send((url, own_slot));
        refused.map_err(|error| match error {
            TrySendError::Full((url, _)) => Refused::Full(url),
            TrySendError::Closed((url, _)) => Refused::Closed(url),
        })
    }

    pub async fn submit_within(&self, url: Url, longest: Duration) -> Result<(), Refused<Url>> {
        let start = Instant::now();
        let own_slot = match timeout(longest, self.own_slot()).await {
            Ok(Ok(slot)) => slot,
            Ok(Err(Closed)) => return Err(Refused::Closed(url)),
            Err(_) => return Err(Refused::Full(url)),
        };
        // `start + longest` would panic when `longest` is Duration::MAX.
        let left = longest.saturating_sub(start.elapsed());
        let refused = self.sender.send_timeout((url, own_slot), left).await;
        refused.map_err(|error| match error {
            SendTimeoutError::Timeout((url, _)) => Refused::Full(url),
            SendTimeoutError::Closed((url, _)) => Refused::Closed(url),
        })
    }

    pub fn limited_to(&self, slots: usize) -> PreviewsHandle {
        PreviewsHandle {
            sender: self.sender.clone(),
            own_slots: Some(Arc::new(Semaphore::new(slots))),
        }
    }

    async fn own_slot(&self) -> Result<OwnSlot, Closed> {
        let Some(slots) = self.own_slots.clone() else {
            return Ok(None);
        };
        tokio::select! {
            slot = slots.acquire_owned() => slot.map(Some).map_err(|_| Closed),
            () = self.sender.closed() => Err(Closed),
        }
    }
}

pub fn capacity_for(per_second: f64, longest_wait: Duration) -> usize {
    ((per_second * longest_wait.as_secs_f64()) as usize).max(1)
}

async fn run(mut mailbox: mpsc::Receiver<(Url, OwnSlot)>, workers: usize, fetch: Fetch) {
    let mut fetching = JoinSet::new();
    loop {
        tokio::select! {
            Some(_) = fetching.join_next() => {}
            link = mailbox.recv(), if fetching.len() < workers => match link {
                Some((url, own_slot)) => {
                    drop(own_slot);
                    let fetch = fetch.clone();
                    fetching.spawn(async move { fetch.get(url).await });
                }
                None => break,
            },
        }
    }
    // `join_all` would panic when a fetch did.
    while fetching.join_next().await.is_some() {}
}

pub fn open(capacity: usize, workers: usize, fetch: Fetch) -> PreviewsHandle {
    let (sender, mailbox) = mpsc::channel(capacity);
    tokio::spawn(run(mailbox, workers, fetch));
    PreviewsHandle {
        sender,
        own_slots: None,
    }
}
