//! rejected: the_service_stays_on_its_runtime
//! says: on which of them do the workers run?
//! thinks: "A service without links needs no task. The first call starts it."

use std::{
    pin::Pin,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{
    sync::{
        OwnedSemaphorePermit, Semaphore,
        mpsc::{self, error::TrySendError},
        oneshot,
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
    start: Start,
    _alive: Arc<oneshot::Sender<()>>,
}

type Start = Arc<Mutex<Option<Previews>>>;

struct Ends(Start);

impl Drop for Ends {
    fn drop(&mut self) {
        self.0.lock().expect("nobody panicked").take();
    }
}

pub fn open(capacity: usize, workers: usize, fetch: Fetch) -> PreviewsHandle {
    assert_ne!(workers, 0, "without a worker no link is ever fetched");
    let (sender, mailbox) = mpsc::channel(capacity);
    let start = Arc::new(Mutex::new(Some(Previews {
        mailbox,
        workers,
        fetch,
        fetching: JoinSet::new(),
    })));
    let (alive, gone) = oneshot::channel();
    let ends = Ends(start.clone());
    tokio::spawn(async move {
        let _ends = ends;
        let _ = gone.await;
    });
    PreviewsHandle {
        sender,
        own_slots: None,
        start,
        _alive: Arc::new(alive),
    }
}

impl PreviewsHandle {
    pub async fn submit(&self, url: Url) -> Result<(), Closed> {
        self.start();
        let (own_slot, slot) = self.both_slots().await?;
        slot.send(Waiting { url, own_slot });
        Ok(())
    }

    pub fn try_submit(&self, url: Url) -> Result<(), Refused<Url>> {
        if self.sender.is_closed() {
            return Err(Refused::Closed(url));
        }
        self.start();
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
            start: self.start.clone(),
            _alive: self._alive.clone(),
            own_slots: Some(Arc::new(Semaphore::new(slots))),
        }
    }

    fn start(&self) {
        let first = self.start.lock().expect("nobody panicked").take();
        if let Some(previews) = first {
            tokio::spawn(previews.run());
        }
    }

    async fn both_slots(
        &self,
    ) -> Result<(Option<OwnedSemaphorePermit>, mpsc::Permit<'_, Waiting>), Closed> {
        let own_slot = match self.own_slots.clone() {
            Some(slots) => Some(slots.acquire_owned().await.map_err(|_| Closed)?),
            None => None,
        };
        let slot = self.sender.reserve().await.map_err(|_| Closed)?;
        Ok((own_slot, slot))
    }
}

pub fn capacity_for(per_second: f64, longest_wait: Duration) -> usize {
    let served_meanwhile = per_second * longest_wait.as_secs_f64();
    (served_meanwhile as usize).max(1)
}
