//! rejected: a_slot_of_ones_own_comes_back
//! says: before it looked: has it kept that slot?
//! thinks: "Slots are numbers behind one lock, and so is the line. A call that is dropped when its turn had come gives the slot back, for the next in line."

use std::{
    collections::VecDeque,
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};
use tokio::{
    sync::{Notify, oneshot},
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
type Own = Option<Arc<AtomicUsize>>;
struct Service {
    state: Mutex<State>,
    wake: Notify,
    fetch: Fetch,
    workers: usize,
}
struct State {
    closed: bool,
    gone: bool,
    free: usize,
    running: usize,
    next: u64,
    queue: VecDeque<(Url, Own)>,
    line: VecDeque<Waiter>,
}
struct Waiter {
    id: u64,
    own: Own,
    granted: oneshot::Sender<()>,
}
impl State {
    fn take(&mut self, own: &Own) -> bool {
        if self.free == 0 {
            return false;
        }
        if let Some(own) = own {
            if own.load(Relaxed) == 0 {
                return false;
            }
            own.fetch_sub(1, Relaxed);
        }
        self.free -= 1;
        true
    }
    fn give(&mut self, own: &Own) {
        self.free += 1;
        if let Some(own) = own {
            own.fetch_add(1, Relaxed);
        }
        self.pump();
    }
    fn pump(&mut self) {
        let mut at = 0;
        while at < self.line.len() && self.free > 0 {
            let own = self.line[at].own.clone();
            if self.take(&own) {
                let waiter = self.line.remove(at).unwrap();
                if waiter.granted.send(()).is_err() {
                    self.free += 1;
                    if let Some(own) = own {
                        own.fetch_add(1, Relaxed);
                    }
                }
            } else {
                at += 1;
            }
        }
    }
}
struct Place<'a> {
    service: &'a Service,
    id: u64,
    own: &'a Own,
    granted: oneshot::Receiver<()>,
    done: bool,
}
impl Drop for Place<'_> {
    fn drop(&mut self) {
        if self.done {
            return;
        }
        let mut state = self.service.state.lock().unwrap();
        if let Some(at) = state.line.iter().position(|waiter| waiter.id == self.id) {
            state.line.remove(at);
        } else if self.granted.try_recv().is_ok() {
            state.give(&None);
        }
    }
}
struct Token(Arc<Service>);
impl Drop for Token {
    fn drop(&mut self) {
        self.0.state.lock().unwrap().gone = true;
        self.0.wake.notify_one();
    }
}
struct Closer(Arc<Service>);
impl Drop for Closer {
    fn drop(&mut self) {
        let mut state = self.0.state.lock().unwrap();
        state.closed = true;
        state.line.clear();
        state.queue.clear();
    }
}
struct Worker(Arc<Service>);
impl Drop for Worker {
    fn drop(&mut self) {
        self.0.state.lock().unwrap().running -= 1;
        self.0.wake.notify_one();
    }
}

#[derive(Clone)]
pub struct PreviewsHandle {
    service: Arc<Token>,
    own: Own,
}

pub fn open(capacity: usize, workers: usize, fetch: Fetch) -> PreviewsHandle {
    assert!(capacity > 0 && workers > 0);
    let state = State {
        closed: false,
        gone: false,
        free: capacity,
        running: 0,
        next: 0,
        queue: VecDeque::new(),
        line: VecDeque::new(),
    };
    let service = Arc::new(Service {
        state: Mutex::new(state),
        wake: Notify::new(),
        fetch,
        workers,
    });
    let closer = Closer(service.clone());
    tokio::spawn(async move {
        let service = &closer.0;
        loop {
            {
                let mut state = service.state.lock().unwrap();
                while state.running < service.workers {
                    let Some((url, own)) = state.queue.pop_front() else {
                        break;
                    };
                    state.running += 1;
                    state.give(&own);
                    let worker = Worker(service.clone());
                    tokio::spawn(async move { worker.0.fetch.get(url).await });
                }
                if state.gone && state.queue.is_empty() {
                    return;
                }
            }
            service.wake.notified().await;
        }
    });
    PreviewsHandle {
        service: Arc::new(Token(service)),
        own: None,
    }
}
impl PreviewsHandle {
    async fn wait(&self) -> Result<(), Closed> {
        let service = &*self.service.0;
        let mut place = {
            let mut state = service.state.lock().unwrap();
            if state.closed {
                return Err(Closed);
            }
            if state.take(&self.own) {
                return Ok(());
            }
            let (send, granted) = oneshot::channel();
            let id = state.next;
            state.next += 1;
            state.line.push_back(Waiter {
                id,
                own: self.own.clone(),
                granted: send,
            });
            Place {
                service,
                id,
                own: &self.own,
                granted,
                done: false,
            }
        };
        let granted = (&mut place.granted).await;
        place.done = true;
        granted.map_err(|_| Closed)
    }
    fn enqueue(&self, url: Url) {
        self.service
            .0
            .state
            .lock()
            .unwrap()
            .queue
            .push_back((url, self.own.clone()));
        self.service.0.wake.notify_one();
    }
    pub async fn submit(&self, url: Url) -> Result<(), Closed> {
        self.wait().await?;
        self.enqueue(url);
        Ok(())
    }
    pub fn try_submit(&self, url: Url) -> Result<(), Refused<Url>> {
        {
            let mut state = self.service.0.state.lock().unwrap();
            if state.closed {
                return Err(Refused::Closed(url));
            }
            if !state.take(&self.own) {
                return Err(Refused::Full(url));
            }
        }
        self.enqueue(url);
        Ok(())
    }
    pub async fn submit_within(&self, url: Url, longest: Duration) -> Result<(), Refused<Url>> {
        match timeout(longest, self.wait()).await {
            Ok(Ok(())) => {
                self.enqueue(url);
                Ok(())
            }
            Ok(Err(Closed)) => Err(Refused::Closed(url)),
            Err(_) if self.service.0.state.lock().unwrap().closed => Err(Refused::Closed(url)),
            Err(_) => Err(Refused::Full(url)),
        }
    }
    pub fn limited_to(&self, slots: usize) -> PreviewsHandle {
        PreviewsHandle {
            service: self.service.clone(),
            own: Some(Arc::new(AtomicUsize::new(slots))),
        }
    }
}

pub fn capacity_for(per_second: f64, longest_wait: Duration) -> usize {
    ((per_second * longest_wait.as_secs_f64()) as usize).max(1)
}
