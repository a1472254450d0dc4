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

/// One of the slots of a caller. Dropping it makes it free again.
struct OwnSlot(watch::Sender<usize>);

impl OwnSlot {
    fn take(taken: &watch::Sender<usize>) -> Self {
        taken.send_modify(|taken| *taken += 1);
        Self(taken.clone())
    }
}

impl Drop for OwnSlot {
    fn drop(&mut self) {
        self.0.send_modify(|taken| *taken -= 1);
    }
}

/// How many slots a caller has, and how many of them are taken.
#[derive(Clone)]
struct OwnSlots {
    slots: usize,
    taken: watch::Sender<usize>,
}

#[derive(Clone)]
pub struct PreviewsHandle {
    sender: mpsc::Sender<(Url, Option<OwnSlot>)>,
    own_slots: Option<OwnSlots>,
}

type Slot<'a> = mpsc::Permit<'a, (Url, Option<OwnSlot>)>;

impl PreviewsHandle {
    pub async fn submit(&self, url: Url) -> Result<(), Closed> {
        let (own_slot, slot) = self.both_slots().await?;
        slot.send((url, own_slot));
        Ok(())
    }

    pub fn try_submit(&self, url: Url) -> Result<(), Refused<Url>> {
        let own_slot = match &self.own_slots {
            Some(own) if *own.taken.borrow() >= own.slots => return Err(Refused::Full(url)),
            own => own.as_ref().map(|own| OwnSlot::take(&own.taken)),
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
            own_slots: Some(OwnSlots {
                slots,
                taken: watch::Sender::new(0),
            }),
        }
    }

    async fn both_slots(&self) -> Result<(Option<OwnSlot>, Slot<'_>), Closed> {
        if let Some(own) = &self.own_slots {
            let mut taken = own.taken.subscribe();
            let free = taken.wait_for(|taken| *taken < own.slots).await;
            free.map_err(|_| Closed)?;
        }
        let slot = self.sender.reserve().await.map_err(|_| Closed)?;
        let own = self.own_slots.as_ref();
        Ok((own.map(|own| OwnSlot::take(&own.taken)), slot))
    }
}

pub fn capacity_for(per_second: f64, longest_wait: Duration) -> usize {
    ((per_second * longest_wait.as_secs_f64()) as usize).max(1)
}

async fn run(mut mailbox: mpsc::Receiver<(Url, Option<OwnSlot>)>, workers: usize, fetch: Fetch) {
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
