//! rejected: a_caller_that_gives_up_takes_no_slot
//! says: has one of the callers that gave up taken it?
//! thinks: "The queue is unbounded, and a counter says whether there is a slot. A caller that finds none waits until it has gone down."

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};
use tokio::{
    sync::{Notify, mpsc},
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
    sender: mpsc::UnboundedSender<Url>,
    slots: Arc<Slots>,
}

struct Slots {
    waiting: AtomicUsize,
    capacity: usize,
    freed: Notify,
}

impl PreviewsHandle {
    pub async fn submit(&self, url: Url) -> Result<(), Closed> {
        self.sender.send(url).map_err(|_| Closed)?;
        if self.slots.waiting.fetch_add(1, SeqCst) >= self.slots.capacity {
            self.slots.freed.notified().await;
        }
        Ok(())
    }

    pub fn try_submit(&self, url: Url) -> Result<(), Refused<Url>> {
        if self.slots.waiting.load(SeqCst) >= self.slots.capacity {
            return Err(Refused::Full(url));
        }
        self.slots.waiting.fetch_add(1, SeqCst);
        self.sender
            .send(url)
            .map_err(|error| Refused::Closed(error.0))
    }

    pub async fn submit_within(&self, url: Url, longest: Duration) -> Result<(), Refused<Url>> {
        match timeout(longest, self.submit(url.clone())).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(Closed)) => Err(Refused::Closed(url)),
            Err(_) => Err(Refused::Full(url)),
        }
    }

    pub fn limited_to(&self, slots: usize) -> PreviewsHandle {
        let _ = slots;
        todo!("step 5")
    }
}

pub fn open(capacity: usize, workers: usize, fetch: Fetch) -> PreviewsHandle {
    let (sender, mut mailbox) = mpsc::unbounded_channel();
    let slots = Arc::new(Slots {
        waiting: AtomicUsize::new(0),
        capacity,
        freed: Notify::new(),
    });
    let freed = slots.clone();
    tokio::spawn(async move {
        let mut fetching = JoinSet::new();
        loop {
            tokio::select! {
                Some(_) = fetching.join_next() => {}
                link = mailbox.recv(), if fetching.len() < workers => match link {
                    Some(url) => {
                        freed.waiting.fetch_sub(1, SeqCst);
                        freed.freed.notify_one();
                        let fetch = fetch.clone();
                        fetching.spawn(async move { fetch.get(url).await });
                    }
                    None => break,
                },
            }
        }
        fetching.join_all().await;
    });
    PreviewsHandle { sender, slots }
}

pub fn capacity_for(per_second: f64, longest_wait: Duration) -> usize {
    ((per_second * longest_wait.as_secs_f64()) as usize).max(1)
}
