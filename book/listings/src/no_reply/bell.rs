//! The bell of a house. It keeps what it rang, so that tests can read it.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};
use tokio::time::sleep;

/// A bell whose wire may tear. Clones are the same bell.
#[derive(Clone)]
pub struct Bell {
    rung: Arc<Mutex<Vec<u32>>>,
    covered: Arc<AtomicBool>,
    torn_after: usize,
}

/// The wire is torn: this bell never rings again.
#[derive(Debug, PartialEq, Eq)]
pub struct Torn;

impl Default for Bell {
    /// A bell with a good wire.
    fn default() -> Self {
        Self::torn_after(usize::MAX)
    }
}

impl Bell {
    pub fn torn_after(rings: usize) -> Self {
        Self {
            rung: Arc::default(),
            covered: Arc::default(),
            torn_after: rings,
        }
    }

    /// Rings at one floor, for a second.
    pub async fn ring(&self, floor: u32) -> Result<(), Torn> {
        sleep(Duration::from_secs(1)).await;
        let mut rung = self.rung.lock().expect("nobody panicked");
        if rung.len() == self.torn_after {
            return Err(Torn);
        }
        rung.push(floor);
        Ok(())
    }

    /// For the night.
    pub fn cover(&self) {
        self.covered.store(true, Relaxed);
    }

    pub fn is_covered(&self) -> bool {
        self.covered.load(Relaxed)
    }

    pub fn rung(&self) -> Vec<u32> {
        self.rung.lock().expect("nobody panicked").clone()
    }
}
