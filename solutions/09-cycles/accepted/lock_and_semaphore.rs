//! accepted: no room task at all: handles share a lock, and a semaphore bounds what is not saved yet. A guard in the archive closes both when it ends, also by a panic.

use std::time::Duration;
use tokio::{
    sync::{mpsc, oneshot},
    time::sleep,
};

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

use std::sync::{Arc, Mutex};
use tokio::sync::Semaphore;
#[derive(Default)]
struct State {
    last: u64,
    done: u64,
    dead: bool,
}
struct Shared {
    state: Mutex<State>,
    permits: Semaphore,
}
struct Job {
    number: u64,
    text: String,
}
#[derive(Clone)]
pub struct RoomHandle {
    shared: Arc<Shared>,
    jobs: mpsc::UnboundedSender<Job>,
}
struct Guard(Arc<Shared>);
impl Drop for Guard {
    fn drop(&mut self) {
        self.0.state.lock().unwrap().dead = true;
        self.0.permits.close();
    }
}
pub fn open(mut store: Store, saved: mpsc::UnboundedSender<u64>) -> RoomHandle {
    let shared = Arc::new(Shared {
        state: Mutex::default(),
        permits: Semaphore::new(5),
    });
    let (jobs, mut work) = mpsc::unbounded_channel::<Job>();
    let guard = Guard(shared.clone());
    tokio::spawn(async move {
        let guard = guard;
        while let Some(job) = work.recv().await {
            store.save(job.number, &job.text).await;
            guard.0.state.lock().unwrap().done = job.number;
            let _ = saved.send(job.number);
            guard.0.permits.add_permits(1);
        }
    });
    RoomHandle { shared, jobs }
}
impl RoomHandle {
    pub async fn say(&self, text: String) -> Result<u64, Closed> {
        let permit = self.shared.permits.acquire().await.map_err(|_| Closed)?;
        let mut state = self.shared.state.lock().unwrap();
        if state.dead {
            return Err(Closed);
        }
        let number = state.last + 1;
        self.jobs.send(Job { number, text }).map_err(|_| Closed)?;
        state.last = number;
        permit.forget();
        Ok(number)
    }
    pub async fn unsaved(&self) -> Result<u64, Closed> {
        let state = self.shared.state.lock().unwrap();
        if state.dead {
            return Err(Closed);
        }
        Ok(state.last - state.done)
    }
}
