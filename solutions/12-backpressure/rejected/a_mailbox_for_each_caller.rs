//! rejected: a_noisy_caller_leaves_slots_for_a_quiet_one
//! says: Or does the link wait somewhere else, and its slot is free already?
//! thinks: "Each caller gets a small mailbox of its own, and a task that hands its links on to the shared one."

use std::{pin::Pin, sync::Arc, time::Duration};
use tokio::{
    sync::mpsc::{
        self,
        error::{SendTimeoutError, TrySendError},
    },
    task::JoinSet,
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
}

impl PreviewsHandle {
    pub async fn submit(&self, url: Url) -> Result<(), Closed> {
        self.sender.send(url).await.map_err(|_| Closed)
    }

    pub fn try_submit(&self, url: Url) -> Result<(), Refused<Url>> {
        self.sender.try_send(url).map_err(|error| match error {
            TrySendError::Full(url) => Refused::Full(url),
            TrySendError::Closed(url) => Refused::Closed(url),
        })
    }

    pub async fn submit_within(&self, url: Url, longest: Duration) -> Result<(), Refused<Url>> {
        self.sender
            .send_timeout(url, longest)
            .await
            .map_err(|error| match error {
                SendTimeoutError::Timeout(url) => Refused::Full(url),
                SendTimeoutError::Closed(url) => Refused::Closed(url),
            })
    }

    pub fn limited_to(&self, slots: usize) -> PreviewsHandle {
        let (sender, mut own_mailbox) = mpsc::channel(slots);
        let shared = self.sender.clone();
        tokio::spawn(async move {
            while let Some(url) = own_mailbox.recv().await {
                if shared.send(url).await.is_err() {
                    break;
                }
            }
        });
        PreviewsHandle { sender }
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
    PreviewsHandle { sender }
}
