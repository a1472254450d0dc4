//! rejected: a_noisy_caller_leaves_slots_for_a_quiet_one
//! says: does its slot stay taken until a worker takes the link?
//! thinks: "Each call acquires a permit of its caller first, and there are as many permits as that caller has slots."

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

#[derive(Clone)]
pub struct PreviewsHandle {
    sender: mpsc::Sender<Url>,
    own_slots: Option<Arc<Semaphore>>,
}

impl PreviewsHandle {
    pub async fn submit(&self, url: Url) -> Result<(), Closed> {
        let slot = self.a_slot().await?;
        slot.send(url);
        Ok(())
    }

    pub fn try_submit(&self, url: Url) -> Result<(), Refused<Url>> {
        // The permit goes back at the end of this method, and the link waits on.
        let own_slots = self.own_slots.clone();
        let Ok(_own_slot) = own_slots.map(Semaphore::try_acquire_owned).transpose() else {
            return Err(Refused::Full(url));
        };
        self.sender.try_send(url).map_err(|error| match error {
            TrySendError::Full(url) => Refused::Full(url),
            TrySendError::Closed(url) => Refused::Closed(url),
        })
    }

    pub async fn submit_within(&self, url: Url, longest: Duration) -> Result<(), Refused<Url>> {
        match timeout(longest, self.a_slot()).await {
            Ok(Ok(slot)) => {
                slot.send(url);
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

    async fn a_slot(&self) -> Result<mpsc::Permit<'_, Url>, Closed> {
        let _own_slot = match &self.own_slots {
            Some(slots) => Some(slots.acquire().await.map_err(|_| Closed)?),
            None => None,
        };
        self.sender.reserve().await.map_err(|_| Closed)
    }
}

pub fn capacity_for(per_second: f64, longest_wait: Duration) -> usize {
    ((per_second * longest_wait.as_secs_f64()) as usize).max(1)
}

async fn run(mut mailbox: mpsc::Receiver<Url>, workers: usize, fetch: Fetch) {
    let mut fetching = JoinSet::new();
    loop {
        tokio::select! {
            Some(_) = fetching.join_next() => {}
            link = mailbox.recv(), if fetching.len() < workers => match link {
                Some(url) => {
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
        own_slots: None,
    }
}
