//! rejected: a_slot_of_ones_own_comes_back
//! says: `try_submit` found no shared slot and refused
//! says: has that kept the slot of this caller?
//! thinks: "The handle takes a slot of the caller, and the service gives it back when a worker takes the link."

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

// Who has to give a slot back, and where.
type OwnSlots = Option<Arc<Semaphore>>;

#[derive(Clone)]
pub struct PreviewsHandle {
    sender: mpsc::Sender<(Url, OwnSlots)>,
    own_slots: OwnSlots,
}

impl PreviewsHandle {
    pub async fn submit(&self, url: Url) -> Result<(), Closed> {
        let slot = self.both_slots().await?;
        slot.send((url, self.own_slots.clone()));
        Ok(())
    }

    pub fn try_submit(&self, url: Url) -> Result<(), Refused<Url>> {
        if let Some(slots) = &self.own_slots {
            match slots.try_acquire() {
                Ok(slot) => slot.forget(),
                Err(_) => return Err(Refused::Full(url)),
            }
        }
        let refused = self.sender.try_send((url, self.own_slots.clone()));
        refused.map_err(|error| match error {
            TrySendError::Full((url, _)) => Refused::Full(url),
            TrySendError::Closed((url, _)) => Refused::Closed(url),
        })
    }

    pub async fn submit_within(&self, url: Url, longest: Duration) -> Result<(), Refused<Url>> {
        match timeout(longest, self.both_slots()).await {
            Ok(Ok(slot)) => {
                slot.send((url, self.own_slots.clone()));
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

    async fn both_slots(&self) -> Result<mpsc::Permit<'_, (Url, OwnSlots)>, Closed> {
        if let Some(slots) = &self.own_slots {
            slots.acquire().await.map_err(|_| Closed)?.forget();
        }
        self.sender.reserve().await.map_err(|_| Closed)
    }
}

pub fn capacity_for(per_second: f64, longest_wait: Duration) -> usize {
    ((per_second * longest_wait.as_secs_f64()) as usize).max(1)
}

async fn run(mut mailbox: mpsc::Receiver<(Url, OwnSlots)>, workers: usize, fetch: Fetch) {
    let mut fetching = JoinSet::new();
    loop {
        tokio::select! {
            Some(_) = fetching.join_next() => {}
            link = mailbox.recv(), if fetching.len() < workers => match link {
                Some((url, own_slots)) => {
                    if let Some(slots) = own_slots {
                        slots.add_permits(1);
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
        own_slots: None,
    }
}
