//! rejected: exactly_as_many_wait_as_may_wait
//! says: A task for each of them?
//! thinks: "A task for each link, and each waits for its permit: never more than so many fetches at a time."

use std::{pin::Pin, sync::Arc, time::Duration};
use tokio::sync::{
    Semaphore,
    mpsc::{
        self,
        error::{SendTimeoutError, TrySendError},
    },
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

pub fn open(capacity: usize, workers: usize, fetch: Fetch) -> PreviewsHandle {
    let (sender, mut mailbox) = mpsc::channel(capacity);
    let permits = Arc::new(Semaphore::new(workers));
    tokio::spawn(async move {
        while let Some(url) = mailbox.recv().await {
            let (permits, fetch) = (permits.clone(), fetch.clone());
            tokio::spawn(async move {
                let Ok(_permit) = permits.acquire().await else {
                    return;
                };
                fetch.get(url).await;
            });
        }
    });
    PreviewsHandle { sender }
}
