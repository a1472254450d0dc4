//! accepted: a semaphore holds the slots, and an unbounded channel the links: the permit travels with the link and goes back when a worker takes it. Two things to keep in step; the slots can be counted apart from the queue.

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

/// A slot of each kind that the link needs.
type Slots = Vec<OwnedSemaphorePermit>;

#[derive(Clone)]
pub struct PreviewsHandle {
    sender: mpsc::UnboundedSender<(Url, Slots)>,
    /// The caller's own first, if it is limited, then those that all share.
    slots: Vec<Arc<Semaphore>>,
}

impl PreviewsHandle {
    pub async fn submit(&self, url: Url) -> Result<(), Closed> {
        let slots = self.a_slot_of_each().await?;
        self.sender.send((url, slots)).map_err(|_| Closed)
    }

    pub fn try_submit(&self, url: Url) -> Result<(), Refused<Url>> {
        if self.sender.is_closed() {
            return Err(Refused::Closed(url));
        }
        let slots = self.slots.iter().cloned();
        match slots.map(Semaphore::try_acquire_owned).collect() {
            Ok(slots) => self.send(url, slots),
            Err(TryAcquireError::NoPermits) => Err(Refused::Full(url)),
            Err(TryAcquireError::Closed) => Err(Refused::Closed(url)),
        }
    }

    pub async fn submit_within(&self, url: Url, longest: Duration) -> Result<(), Refused<Url>> {
        // `timeout` asks no permit of a task that has used up its budget: what is free is taken without it.
        let url = match self.try_submit(url) {
            Err(Refused::Full(url)) => url,
            done => return done,
        };
        match timeout(longest, self.a_slot_of_each()).await {
            Ok(Ok(slots)) => self.send(url, slots),
            Ok(Err(Closed)) => Err(Refused::Closed(url)),
            Err(_) => Err(Refused::Full(url)),
        }
    }

    pub fn limited_to(&self, slots: usize) -> PreviewsHandle {
        let own = Arc::new(Semaphore::new(slots));
        PreviewsHandle {
            sender: self.sender.clone(),
            slots: [own].into_iter().chain(self.slots.clone()).collect(),
        }
    }

    async fn a_slot_of_each(&self) -> Result<Slots, Closed> {
        let mut slots = Vec::new();
        for kind in &self.slots {
            slots.push(tokio::select! {
                slot = kind.clone().acquire_owned() => slot.map_err(|_| Closed)?,
                () = self.sender.closed() => return Err(Closed),
            });
        }
        Ok(slots)
    }

    fn send(&self, url: Url, slots: Slots) -> Result<(), Refused<Url>> {
        self.sender
            .send((url, slots))
            .map_err(|error| Refused::Closed(error.0.0))
    }
}

pub fn open(capacity: usize, workers: usize, fetch: Fetch) -> PreviewsHandle {
    let (sender, mut mailbox) = mpsc::unbounded_channel::<(Url, Slots)>();
    tokio::spawn(async move {
        let mut fetching = JoinSet::new();
        loop {
            tokio::select! {
                Some(_) = fetching.join_next() => {}
                link = mailbox.recv(), if fetching.len() < workers => match link {
                    Some((url, slots)) => {
                        drop(slots);
                        let fetch = fetch.clone();
                        fetching.spawn(async move { fetch.get(url).await });
                    }
                    None => break,
                },
            }
        }
        // `join_all` would panic when a fetch did.
        while fetching.join_next().await.is_some() {}
    });
    PreviewsHandle {
        sender,
        slots: vec![Arc::new(Semaphore::new(capacity))],
    }
}

pub fn capacity_for(per_second: f64, longest_wait: Duration) -> usize {
    ((per_second * longest_wait.as_secs_f64()).floor() as usize).max(1)
}
