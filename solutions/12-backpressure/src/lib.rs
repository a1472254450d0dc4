//! A solution of exercise 12, backpressure: link previews.

use std::{pin::Pin, sync::Arc, time::Duration};
use tokio::{
    sync::{
        OwnedSemaphorePermit, Semaphore,
        mpsc::{self, error::TrySendError},
    },
    task::JoinSet,
    time::timeout,
};

/// The address of a page to preview.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Url(pub String);

/// The service has ended, although there is a handle: its runtime has ended, or is shutting down. Nothing else ends it, not even
/// a fetch that panics.
///
/// Once the service has ended, each call says so, and none waits any longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closed;

/// Not accepted; the value comes back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused<T> {
    /// As many wait already as may wait. Try again later, or do without.
    Full(T),
    /// The service has ended; see [`Closed`] for when that can be.
    Closed(T),
}

/// How to fetch a page. `fetch.get(url).await` fetches one. Clones are cheap.
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

/// A link that waits for a worker.
struct Waiting {
    url: Url,
    /// The slot of its caller, when that one is limited. Dropping it makes it free again.
    own_slot: Option<OwnedSemaphorePermit>,
}

struct Previews {
    /// The handles hold the other end. It is the only queue: what is in it waits, and what is not in it runs, or is with its caller.
    mailbox: mpsc::Receiver<Waiting>,
    workers: usize,
    fetch: Fetch,
    /// The fetches under way, never more than `workers`. Dropping the set would abort them.
    fetching: JoinSet<()>,
}

impl Previews {
    async fn run(mut self) {
        loop {
            tokio::select! {
                // An empty set gives None at once: then the pattern turns this branch off.
                Some(_) = self.fetching.join_next() => {}
                // A link leaves the mailbox only for a worker that is free.
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
        // Dropping the set would abort what is under way, and that was accepted.
        while self.fetching.join_next().await.is_some() {}
    }
}

/// Takes links to preview. The service runs as long as any handle is alive; all handles share its slots.
///
/// Callers that wait for a slot stand in line: they get one in the order in which they asked. Nobody overtakes them, not even a call
/// that need not wait.
#[derive(Clone)]
pub struct PreviewsHandle {
    /// The service holds the other end.
    sender: mpsc::Sender<Waiting>,
    /// The slots of one caller, which the clones of its handle share. Their permits are with the links that wait. `None`: no limit
    /// but that of the mailbox.
    own_slots: Option<Arc<Semaphore>>,
}

/// Starts the service: at most `workers` pages are fetched at a time, and at most `capacity` links wait for a worker.
///
/// Links are taken in the order in which they were accepted, and a worker that is free takes the next one at once. A fetch may take as long
/// as it likes. A fetch that panics is over: nobody is told, and its worker takes the next link.
///
/// When the last handle is dropped, what was accepted is fetched, then all tasks end.
///
/// To be called inside a Tokio runtime. All tasks of the service run there, also when a handle is used on another one.
///
/// # Panics
/// When `capacity` or `workers` is 0, or `capacity` is more than [`Semaphore::MAX_PERMITS`].
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
    /// Submits a link, and waits for a slot as long as it takes.
    ///
    /// # Errors
    /// The service has ended.
    ///
    /// # Cancel safety
    /// A call that is dropped while it waits takes no slot, and its link is not fetched.
    pub async fn submit(&self, url: Url) -> Result<(), Closed> {
        let (own_slot, slot) = self.both_slots().await?;
        slot.send(Waiting { url, own_slot });
        Ok(())
    }

    /// Submits a link if there is a slot now.
    ///
    /// # Errors
    /// There is no slot, or the service has ended. The link comes back.
    pub fn try_submit(&self, url: Url) -> Result<(), Refused<Url>> {
        // Another call of this caller may hold its slot, and not have heard of the end yet.
        if self.sender.is_closed() {
            return Err(Refused::Closed(url));
        }
        let own_slots = self.own_slots.clone();
        let Ok(own_slot) = own_slots.map(Semaphore::try_acquire_owned).transpose() else {
            return Err(Refused::Full(url));
        };
        // Whatever comes back has the caller's slot with it, and that is dropped here.
        let refused = self.sender.try_send(Waiting { url, own_slot });
        refused.map_err(|error| match error {
            TrySendError::Full(Waiting { url, .. }) => Refused::Full(url),
            TrySendError::Closed(Waiting { url, .. }) => Refused::Closed(url),
        })
    }

    /// Submits a link, and waits for a slot, but no longer than `longest`: with [`Duration::ZERO`] not at all, and with [`Duration::MAX`]
    /// as long as it takes. A slot that is free is taken in either case.
    ///
    /// # Errors
    /// There was no slot in all that time, or the service has ended. The link comes back.
    ///
    /// # Cancel safety
    /// A call that is dropped while it waits takes no slot, and its link is not fetched.
    pub async fn submit_within(&self, url: Url, longest: Duration) -> Result<(), Refused<Url>> {
        // `timeout` asks no permit of a task that has used up its budget: what is free is taken without it.
        let url = match self.try_submit(url) {
            Err(Refused::Full(url)) => url,
            done => return done,
        };
        // The link stays here until it has both slots: a wait that ends too early has nothing to lose.
        match timeout(longest, self.both_slots()).await {
            Ok(Ok((own_slot, slot))) => {
                slot.send(Waiting { url, own_slot });
                Ok(())
            }
            Ok(Err(Closed)) => Err(Refused::Closed(url)),
            Err(_) => Err(Refused::Full(url)),
        }
    }

    /// A handle for one caller: of the links that come through it and its clones, at most `slots` wait at a time. The slots that
    /// all callers share are still taken as well.
    ///
    /// Its [`submit`](Self::submit) waits for both kinds of slot, its [`try_submit`](Self::try_submit) refuses when either is
    /// missing, and its [`submit_within`](Self::submit_within) waits for both together no longer than `longest`. A caller's slot is
    /// free again when a worker takes the link. A call that is refused, or gives up, keeps no slot of either kind. When the handle and its
    /// clones are gone, and their links fetched, no task of theirs is left.
    ///
    /// The handles of two calls of `limited_to` share none of these slots. On a handle that is limited already, the new limit
    /// stands instead of the old one.
    ///
    /// # Panics
    /// When `slots` is more than [`Semaphore::MAX_PERMITS`]. (With 0, no link is ever accepted.)
    pub fn limited_to(&self, slots: usize) -> PreviewsHandle {
        PreviewsHandle {
            sender: self.sender.clone(),
            own_slots: Some(Arc::new(Semaphore::new(slots))),
        }
    }

    /// Waits for a slot of the caller's own, if it is limited, and then for one of those that all share. The other way round, the
    /// shared one would be kept from everybody while this caller waits for itself.
    async fn both_slots(
        &self,
    ) -> Result<(Option<OwnedSemaphorePermit>, mpsc::Permit<'_, Waiting>), Closed> {
        let own_slot = match self.own_slots.clone() {
            Some(slots) => tokio::select! {
                slot = slots.acquire_owned() => Some(slot.map_err(|_| Closed)?),
                // The semaphore does not know that the service has ended.
                () = self.sender.closed() => return Err(Closed),
            },
            None => None,
        };
        let slot = self.sender.reserve().await.map_err(|_| Closed)?;
        Ok((own_slot, slot))
    }
}

/// How many may wait, when `per_second` of them are served and nobody should wait longer than `longest_wait`: rounded down, and
/// 1 at the least. It never panics. For a whole rate it is exact, as far as an `f64` reaches.
///
/// A rate of 0, a negative one and one that is not a number give 1 as well, and so does a wait of nothing. What no `usize` can hold gives [`usize::MAX`]: it means that the
/// wait bounds nothing, and is no capacity for [`open`].
///
/// This is Little's law: what is in a queue is the rate times the time that each of it spends there.
pub fn capacity_for(per_second: f64, longest_wait: Duration) -> usize {
    // In nanoseconds, since 290 ms is no exact number of seconds: times 100 that is a hair less than 29.
    let served_meanwhile = per_second * longest_wait.as_nanos() as f64 / 1e9;
    // `as` rounds towards 0 and keeps to what a usize can hold; of what is not a number it makes 0.
    (served_meanwhile as usize).max(1)
}
