//! rejected: workers_share_the_work
//! says: 3 fetches run at the same time at the most, and at the least
//! thinks: "The actor takes a link, fetches it, and takes the next one."

use std::{pin::Pin, sync::Arc, time::Duration};
use tokio::sync::mpsc::{
    self,
    error::{SendTimeoutError, TrySendError},
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
        let _ = slots;
        todo!("step 5")
    }
}

pub fn capacity_for(per_second: f64, longest_wait: Duration) -> usize {
    ((per_second * longest_wait.as_secs_f64()) as usize).max(1)
}

pub fn open(capacity: usize, _workers: usize, fetch: Fetch) -> PreviewsHandle {
    let (sender, mut mailbox) = mpsc::channel(capacity);
    tokio::spawn(async move {
        while let Some(url) = mailbox.recv().await {
            fetch.get(url).await;
        }
    });
    PreviewsHandle { sender }
}
