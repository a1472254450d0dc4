//! Exercise 12, backpressure: link previews.
//!
//! A link in the room gets a preview of its page. Fetching a page takes long, so a few workers do it, and a bounded number
//! of links may wait for them. When all slots are taken, a caller waits, or is refused, or waits for some time: the caller chooses.
//!
//! Page: book/src/12-backpressure.md. The tests are in tests/backpressure.rs; they go step by step, and so can you:
//!
//!     cargo test -p backpressure
//!
//! Stuck? `cargo course hint backpressure` says a little more each time.

use std::{pin::Pin, sync::Arc, time::Duration};

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

/// How to fetch a page; leave it as it is. `fetch.get(url).await` fetches one. Clones are cheap.
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

/// Takes links to preview. The service runs as long as any handle is alive; all handles share its slots.
///
/// Callers that wait for a slot stand in line: they get one in the order in which they asked. Nobody overtakes them, not even a call
/// that need not wait.
#[derive(Clone)]
pub struct PreviewsHandle {
    // What does it need? In step 1 little; one thing more in step 4.
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
/// `capacity` is at least 1, and at most `tokio::sync::Semaphore::MAX_PERMITS`. `workers` is at least 1, and at most 10,000: each may be
/// a task, from the start. With other numbers it may panic.
pub fn open(capacity: usize, workers: usize, fetch: Fetch) -> PreviewsHandle {
    let _ = (capacity, workers, fetch, Fetch::get);
    todo!("step 1: a bounded mailbox, and one worker for now; step 3: as many as `workers`")
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
        let _ = url;
        todo!("step 1: send it, and wait for a slot")
    }

    /// Submits a link if there is a slot now.
    ///
    /// # Errors
    /// There is no slot, or the service has ended. The link comes back.
    pub fn try_submit(&self, url: Url) -> Result<(), Refused<Url>> {
        let _ = url;
        todo!("step 1: send it if there is a slot")
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
        let _ = (url, longest);
        todo!(
            "step 2: wait for a slot, but not for ever, and keep the link; step 5: for both kinds of slot together"
        )
    }

    /// A handle for one caller: of the links that come through it and its clones, at most `slots` wait at a time. The slots that
    /// all callers share are still taken as well.
    ///
    /// Its [`submit`](Self::submit) waits for both kinds of slot, its [`try_submit`](Self::try_submit) refuses when either is
    /// missing, and its [`submit_within`](Self::submit_within) waits for both together no longer than `longest`. A caller's slot is
    /// free again when a worker takes the link. A call that is refused, or gives up, keeps no slot of either kind. When the handle and its
    /// clones are gone, and their links fetched, no task of theirs is left.
    ///
    /// The handles of two calls of `limited_to` share none of these slots. `slots` is at least 1, and at most
    /// `tokio::sync::Semaphore::MAX_PERMITS`; with other numbers it may panic, or accept nothing. What becomes of a handle that is limited
    /// twice is up to you.
    pub fn limited_to(&self, slots: usize) -> PreviewsHandle {
        let _ = slots;
        todo!("step 4: a bound for one caller, beside the one for all")
    }
}

/// How many may wait, when `per_second` of them are served and nobody should wait longer than `longest_wait`: rounded down, and
/// 1 at the least. It never panics. (A product of floats may be a hair below a whole number, and be rounded down too: for 100 a
/// second and 290 ms, 28 is as right as 29.)
///
/// A rate of 0, a negative one and one that is not a number give 1 as well, and so does a wait of nothing. What no `usize` can hold gives [`usize::MAX`]: it means that the
/// wait bounds nothing, and is no capacity for [`open`].
pub fn capacity_for(per_second: f64, longest_wait: Duration) -> usize {
    let _ = (per_second, longest_wait);
    todo!("step 6: Little's law")
}
