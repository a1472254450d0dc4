//! rejected: your_promises_hold_whatever_callers_do
//! says: callers stand in line
//! thinks: "I count the slots of a caller, and wake one of the callers that wait when there is one again."

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};
use tokio::{
    sync::{
        Notify,
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

type OwnSlot = Option<Taken>;

/// The slots of one caller.
struct OwnSlots {
    free: AtomicUsize,
    again: Notify,
}

/// One of them. Dropping it makes it free again.
struct Taken(Arc<OwnSlots>);

impl OwnSlots {
    fn take(self: Arc<Self>) -> OwnSlot {
        let less = |free: usize| free.checked_sub(1);
        let taken = self.free.fetch_update(Relaxed, Relaxed, less);
        taken.is_ok().then(|| Taken(self))
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        self.0.free.fetch_add(1, Relaxed);
        self.0.again.notify_one();
    }
}

#[derive(Clone)]
pub struct PreviewsHandle {
    sender: mpsc::Sender<(Url, OwnSlot)>,
    own_slots: Option<Arc<OwnSlots>>,
}

impl PreviewsHandle {
    pub async fn submit(&self, url: Url) -> Result<(), Closed> {
        let (own_slot, slot) = self.both_slots().await?;
        slot.send((url, own_slot));
        Ok(())
    }

    pub fn try_submit(&self, url: Url) -> Result<(), Refused<Url>> {
        let own_slot = match self.own_slots.clone().map(OwnSlots::take) {
            Some(None) => return Err(Refused::Full(url)),
            taken => taken.flatten(),
        };
        let refused = self.sender.try_send((url, own_slot));
        refused.map_err(|error| match error {
            TrySendError::Full((url, _)) => Refused::Full(url),
            TrySendError::Closed((url, _)) => Refused::Closed(url),
        })
    }

    pub async fn submit_within(&self, url: Url, longest: Duration) -> Result<(), Refused<Url>> {
        match timeout(longest, self.both_slots()).await {
            Ok(Ok((own_slot, slot))) => {
                slot.send((url, own_slot));
                Ok(())
            }
            Ok(Err(Closed)) => Err(Refused::Closed(url)),
            Err(_) => Err(Refused::Full(url)),
        }
    }

    pub fn limited_to(&self, slots: usize) -> PreviewsHandle {
        PreviewsHandle {
            sender: self.sender.clone(),
            own_slots: Some(Arc::new(OwnSlots {
                free: AtomicUsize::new(slots),
                again: Notify::new(),
            })),
        }
    }

    async fn both_slots(&self) -> Result<(OwnSlot, mpsc::Permit<'_, (Url, OwnSlot)>), Closed> {
        let mut own_slot = None;
        if let Some(slots) = &self.own_slots {
            while own_slot.is_none() {
                own_slot = slots.clone().take();
                if own_slot.is_none() {
                    slots.again.notified().await;
                }
            }
        }
        let slot = self.sender.reserve().await.map_err(|_| Closed)?;
        Ok((own_slot, slot))
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
