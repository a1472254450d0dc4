//! rejected: your_promises_hold_whatever_callers_do
//! says: had something to do
//! thinks: "Each worker has a mailbox, and the links are given to one after the other. No lock, no select."

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError, mpsc},
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

/// A slot of each kind that the link needs.
type Slots = Vec<OwnedSemaphorePermit>;

#[derive(Clone)]
pub struct PreviewsHandle {
    mailboxes: Arc<[mpsc::UnboundedSender<(Url, Slots)>]>,
    next: Arc<AtomicUsize>,
    /// The caller's own first, if it is limited, then those that all share.
    slots: Vec<Arc<Semaphore>>,
}

impl PreviewsHandle {
    pub async fn submit(&self, url: Url) -> Result<(), Closed> {
        let slots = self.a_slot_of_each().await?;
        self.send(url, slots).map_err(|_| Closed)
    }

    pub fn try_submit(&self, url: Url) -> Result<(), Refused<Url>> {
        let slots = self.slots.iter().cloned();
        match slots.map(Semaphore::try_acquire_owned).collect() {
            Ok(slots) => self.send(url, slots),
            Err(TryAcquireError::NoPermits) => Err(Refused::Full(url)),
            Err(TryAcquireError::Closed) => Err(Refused::Closed(url)),
        }
    }

    pub async fn submit_within(&self, url: Url, longest: Duration) -> Result<(), Refused<Url>> {
        match timeout(longest, self.a_slot_of_each()).await {
            Ok(Ok(slots)) => self.send(url, slots),
            Ok(Err(Closed)) => Err(Refused::Closed(url)),
            Err(_) => Err(Refused::Full(url)),
        }
    }

    pub fn limited_to(&self, slots: usize) -> PreviewsHandle {
        let own = Arc::new(Semaphore::new(slots));
        PreviewsHandle {
            mailboxes: self.mailboxes.clone(),
            next: self.next.clone(),
            slots: [own].into_iter().chain(self.slots.clone()).collect(),
        }
    }

    async fn a_slot_of_each(&self) -> Result<Slots, Closed> {
        let mut slots = Vec::new();
        for kind in &self.slots {
            slots.push(kind.clone().acquire_owned().await.map_err(|_| Closed)?);
        }
        Ok(slots)
    }

    fn send(&self, url: Url, slots: Slots) -> Result<(), Refused<Url>> {
        let worker = self.next.fetch_add(1, Relaxed) % self.mailboxes.len();
        self.mailboxes[worker]
            .send((url, slots))
            .map_err(|error| Refused::Closed(error.0.0))
    }
}

pub fn open(capacity: usize, workers: usize, fetch: Fetch) -> PreviewsHandle {
    let mailboxes = (0..workers).map(|_| {
        let (sender, mut mailbox) = mpsc::unbounded_channel::<(Url, Slots)>();
        let fetch = fetch.clone();
        tokio::spawn(async move {
            while let Some((url, slots)) = mailbox.recv().await {
                drop(slots);
                let fetch = fetch.clone();
                let _ = tokio::spawn(async move { fetch.get(url).await }).await;
            }
        });
        sender
    });
    PreviewsHandle {
        mailboxes: mailboxes.collect(),
        next: Arc::default(),
        slots: vec![Arc::new(Semaphore::new(capacity))],
    }
}

pub fn capacity_for(per_second: f64, longest_wait: Duration) -> usize {
    ((per_second * longest_wait.as_secs_f64()).floor() as usize).max(1)
}
