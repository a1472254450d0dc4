//! rejected: the_capacity_follows_from_rate_and_wait
//! says: 300000000 links are served in a second
//! thinks: "Each link takes a second divided by the rate. So many of these times are in the wait: whole numbers, and no float that is a hair too small."

use std::{pin::Pin, sync::Arc, time::Duration};
use tokio::{
    sync::{
        OwnedSemaphorePermit, Semaphore,
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
    own_slot: Option<OwnedSemaphorePermit>,
}

struct Previews {
    mailbox: mpsc::Receiver<Waiting>,
    workers: usize,
    fetch: Fetch,
    fetching: JoinSet<()>,
}

impl Previews {
    async fn run(mut self) {
        loop {
            tokio::select! {
                Some(_) = self.fetching.join_next() => {}
                link = self.mailbox.recv(), if self.fetching.len() < self.workers => match link {
                    Some(Waiting { url, own_slot }) => {
                        drop(own_slot);
                        let fetch = self.fetch.clone();
                        self.fetching.spawn(async move { fetch.get(url).await });
                    }
                    None => break,
                },
            }
        }
        while self.fetching.join_next().await.is_some() {}
    }
}

#[derive(Clone)]
pub struct PreviewsHandle {
    sender: mpsc::Sender<Waiting>,
    own_slots: Option<Arc<Semaphore>>,
}

pub fn open(capacity: usize, workers: usize, fetch: Fetch) -> PreviewsHandle {
    assert_ne!(workers, 0, "without a worker no link is ever fetched");
    let (sender, mailbox) = mpsc::channel(capacity);
    tokio::spawn(
        Previews {
            mailbox,
            workers,
            fetch,
            fetching: JoinSet::new(),
        }
        .run(),
    );
    PreviewsHandle {
        sender,
        own_slots: None,
    }
}

impl PreviewsHandle {
    pub async fn submit(&self, url: Url) -> Result<(), Closed> {
        let (own_slot, slot) = self.both_slots().await?;
        slot.send(Waiting { url, own_slot });
        Ok(())
    }

    pub fn try_submit(&self, url: Url) -> Result<(), Refused<Url>> {
        if self.sender.is_closed() {
            return Err(Refused::Closed(url));
        }
        let own_slots = self.own_slots.clone();
        let Ok(own_slot) = own_slots.map(Semaphore::try_acquire_owned).transpose() else {
            return Err(Refused::Full(url));
        };
        let refused = self.sender.try_send(Waiting { url, own_slot });
        refused.map_err(|error| match error {
            TrySendError::Full(Waiting { url, .. }) => Refused::Full(url),
            TrySendError::Closed(Waiting { url, .. }) => Refused::Closed(url),
        })
    }

    pub async fn submit_within(&self, url: Url, longest: Duration) -> Result<(), Refused<Url>> {
        let url = match self.try_submit(url) {
            Err(Refused::Full(url)) => url,
            done => return done,
        };
        match timeout(longest, self.both_slots()).await {
            Ok(Ok((own_slot, slot))) => {
                slot.send(Waiting { url, own_slot });
                Ok(())
            }
            Ok(Err(Closed)) => Err(Refused::Closed(url)),
            Err(_) => Err(Refused::Full(url)),
        }
    }

    pub fn limited_to(&self, slots: usize) -> PreviewsHandle {
        PreviewsHandle {
            sender: self.sender.clone(),
            own_slots: Some(Arc::new(Semaphore::new(slots))),
        }
    }

    async fn both_slots(
        &self,
    ) -> Result<(Option<OwnedSemaphorePermit>, mpsc::Permit<'_, Waiting>), Closed> {
        let own_slot = match self.own_slots.clone() {
            Some(slots) => tokio::select! {
                slot = slots.acquire_owned() => Some(slot.map_err(|_| Closed)?),
                () = self.sender.closed() => return Err(Closed),
            },
            None => None,
        };
        let slot = self.sender.reserve().await.map_err(|_| Closed)?;
        Ok((own_slot, slot))
    }
}

pub fn capacity_for(per_second: f64, longest_wait: Duration) -> usize {
    if per_second.is_nan() || per_second <= 0.0 || longest_wait.is_zero() {
        return 1;
    }
    let each = Duration::try_from_secs_f64(1.0 / per_second).unwrap_or(Duration::MAX);
    let served = longest_wait.as_nanos().checked_div(each.as_nanos());
    served
        .and_then(|served| usize::try_from(served).ok())
        .unwrap_or(usize::MAX)
        .max(1)
}
