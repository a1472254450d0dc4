//! rejected: no_other_number_bounds_anything
//! says: 3,000 fetches panicked: the service goes on
//! thinks: "A thousand panics are no accident any more."

use std::{pin::Pin, sync::Arc, time::Duration};

use tokio::{
    select,
    sync::{OwnedSemaphorePermit, Semaphore, mpsc},
    time::timeout,
};

/// The address of a page to preview.
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
#[derive(Clone)]
pub struct PreviewsHandle {
    links: mpsc::Sender<Waiting>,
    own: Option<Arc<Semaphore>>,
}

struct Waiting {
    url: Url,
    own: Option<OwnedSemaphorePermit>,
}

pub fn open(capacity: usize, workers: usize, fetch: Fetch) -> PreviewsHandle {
    let (links, inbox) = mpsc::channel(capacity);
    tokio::spawn(run(inbox, workers, fetch));
    PreviewsHandle { links, own: None }
}

async fn run(mut inbox: mpsc::Receiver<Waiting>, workers: usize, fetch: Fetch) {
    let free = Arc::new(Semaphore::new(workers));
    let panics = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    loop {
        let Ok(worker) = free.clone().acquire_owned().await else {
            return;
        };
        let Some(Waiting { url, own }) = inbox.recv().await else {
            return;
        };
        drop(own);
        let fetch = fetch.clone();
        if panics.load(std::sync::atomic::Ordering::Relaxed) >= 1_000 {
            return;
        }
        let panics = panics.clone();
        tokio::spawn(async move {
            let _worker = worker;
            if tokio::spawn(async move { fetch.get(url).await })
                .await
                .is_err()
            {
                panics.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            }
        });
    }
}

impl PreviewsHandle {
    async fn own_slot(&self) -> Result<Option<OwnedSemaphorePermit>, Closed> {
        let Some(own) = &self.own else {
            return Ok(None);
        };
        select! {
            biased;
            () = self.links.closed() => Err(Closed),
            permit = own.clone().acquire_owned() => permit.map(Some).map_err(|_| Closed),
        }
    }

    async fn slots(
        &self,
    ) -> Result<(Option<OwnedSemaphorePermit>, mpsc::Permit<'_, Waiting>), Closed> {
        let own = self.own_slot().await?;
        let slot = self.links.reserve().await.map_err(|_| Closed)?;
        Ok((own, slot))
    }

    pub async fn submit(&self, url: Url) -> Result<(), Closed> {
        let (own, slot) = self.slots().await?;
        slot.send(Waiting { url, own });
        Ok(())
    }

    pub fn try_submit(&self, url: Url) -> Result<(), Refused<Url>> {
        if self.links.is_closed() {
            return Err(Refused::Closed(url));
        }
        let own = match &self.own {
            None => None,
            Some(own) => match own.clone().try_acquire_owned() {
                Ok(permit) => Some(permit),
                Err(_) => return Err(Refused::Full(url)),
            },
        };
        match self.links.try_reserve() {
            Ok(slot) => {
                slot.send(Waiting { url, own });
                Ok(())
            }
            Err(mpsc::error::TrySendError::Full(())) => Err(Refused::Full(url)),
            Err(mpsc::error::TrySendError::Closed(())) => Err(Refused::Closed(url)),
        }
    }

    pub async fn submit_within(&self, url: Url, longest: Duration) -> Result<(), Refused<Url>> {
        match timeout(longest, self.slots()).await {
            Ok(Ok((own, slot))) => {
                slot.send(Waiting { url, own });
                Ok(())
            }
            Ok(Err(Closed)) => Err(Refused::Closed(url)),
            Err(_) if self.links.is_closed() => Err(Refused::Closed(url)),
            Err(_) => Err(Refused::Full(url)),
        }
    }

    pub fn limited_to(&self, slots: usize) -> PreviewsHandle {
        PreviewsHandle {
            links: self.links.clone(),
            own: Some(Arc::new(Semaphore::new(slots))),
        }
    }
}

pub fn capacity_for(per_second: f64, longest_wait: Duration) -> usize {
    ((per_second * longest_wait.as_secs_f64()) as usize).max(1)
}
