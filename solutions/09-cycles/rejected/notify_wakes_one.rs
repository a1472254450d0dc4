//! rejected: callers_stand_in_line
//! says: callers stand in line
//! thinks: "A `Notify` wakes the caller that waits longest. That one looks for a free slot, and has it."

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, AtomicU64, Ordering::SeqCst},
};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::{sync::mpsc, time::sleep};

#[derive(Debug)]
pub struct Store {
    breaks_at: Option<u64>,
    /// Sees what is saved. The tests hold the other end.
    disk: Option<mpsc::UnboundedSender<(u64, String)>>,
}

impl Store {
    /// A store that works.
    pub fn new() -> Self {
        Self {
            breaks_at: None,
            disk: None,
        }
    }

    /// A store that panics when it should save this message.
    pub fn that_breaks_at(number: u64) -> Self {
        Self {
            breaks_at: Some(number),
            disk: None,
        }
    }

    /// Sends what is saved to `disk`, too: the message's number and its text.
    pub fn on(self, disk: mpsc::UnboundedSender<(u64, String)>) -> Self {
        Self {
            disk: Some(disk),
            ..self
        }
    }

    async fn save(&mut self, number: u64, text: &str) {
        sleep(Duration::from_secs(1)).await;
        assert!(self.breaks_at != Some(number), "the disk is full");
        if let Some(disk) = &self.disk {
            let _ = disk.send((number, text.to_owned()));
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closed;

struct Job {
    number: u64,
    text: String,
    permit: OwnedSemaphorePermit,
}
#[derive(Clone)]
pub struct RoomHandle {
    free: Arc<tokio::sync::Notify>,
    places: Arc<Semaphore>,
    last: Arc<Mutex<u64>>,
    unsaved: Arc<AtomicU64>,
    jobs: mpsc::UnboundedSender<Job>,
}

struct Guard(Arc<Semaphore>, Arc<tokio::sync::Notify>);
impl Drop for Guard {
    fn drop(&mut self) {
        self.0.close();
        self.1.notify_waiters();
        self.1.notify_one();
    }
}

pub fn open(mut store: Store, saved: mpsc::UnboundedSender<u64>) -> RoomHandle {
    let (jobs, mut todo) = mpsc::unbounded_channel::<Job>();
    let places = Arc::new(Semaphore::new(20));
    let unsaved = Arc::new(AtomicU64::new(0));
    let free = Arc::new(tokio::sync::Notify::new());
    let (count, guard, freed) = (
        unsaved.clone(),
        Guard(places.clone(), free.clone()),
        free.clone(),
    );
    tokio::spawn(async move {
        let _guard = guard;
        while let Some(job) = todo.recv().await {
            store.save(job.number, &job.text).await;
            count.fetch_sub(1, SeqCst);
            let _ = saved.send(job.number);
            drop(job.permit);
            freed.notify_one();
        }
    });
    RoomHandle {
        free,
        places,
        last: Arc::default(),
        unsaved,
        jobs,
    }
}
impl RoomHandle {
    pub async fn say(&self, text: String) -> Result<u64, Closed> {
        let permit = loop {
            let woken = self.free.notified();
            match self.places.clone().try_acquire_owned() {
                Ok(permit) => break permit,
                Err(tokio::sync::TryAcquireError::Closed) => {
                    self.free.notify_waiters();
                    self.free.notify_one();
                    return Err(Closed);
                }
                Err(_) => woken.await,
            }
        };
        let mut last = self.last.lock().unwrap();
        let number = *last + 1;
        self.unsaved.fetch_add(1, SeqCst);
        self.jobs
            .send(Job {
                number,
                text,
                permit,
            })
            .map_err(|_| Closed)?;
        *last = number;
        Ok(number)
    }
    pub async fn unsaved(&self) -> Result<u64, Closed> {
        if self.jobs.is_closed() {
            return Err(Closed);
        }
        Ok(self.unsaved.load(SeqCst))
    }
}
