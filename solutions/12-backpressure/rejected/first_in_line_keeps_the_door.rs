//! rejected: nobody_overtakes_a_caller_in_line
//! says: one of the two free slots is its own
//! thinks: "The first in line holds a lock while it waits for a shared slot. Whoever does not get the lock would overtake it, and is refused."

use std::{pin::Pin, sync::Arc, time::Duration};
use tokio::{
    sync::{
        Mutex, OwnedSemaphorePermit, Semaphore,
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
    line: Arc<Mutex<()>>,
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
        line: Arc::default(),
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
        let Ok(_first) = self.line.try_lock() else {
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
            own_slots: Some(Arc::new(Semaphore::new(slots))),
            ..self.clone()
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
        let _first = self.line.lock().await;
        let slot = self.sender.reserve().await.map_err(|_| Closed)?;
        Ok((own_slot, slot))
    }
}

pub fn capacity_for(per_second: f64, longest_wait: Duration) -> usize {
    let served_meanwhile = per_second * longest_wait.as_nanos() as f64 / 1e9;
    (served_meanwhile as usize).max(1)
}
