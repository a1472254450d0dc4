//! When a recording that does not stop by itself is cut.

use std::time::Duration;

/// When to stop a recording that does not stop by itself.
#[derive(Debug, Clone)]
pub struct Limits {
    /// So many events are enough. 2,000.
    pub events: usize,
    /// So large may a recording get in a page, about. 1,000,000 bytes.
    pub bytes: usize,
    /// Polls of tasks without one moment in which all of them wait: somebody spins. 20,000.
    pub turns: u64,
    /// Virtual time in which nothing happens: everybody waits for somebody else. An hour.
    pub idle: Duration,
    /// Real time in which nothing happens: a thread is blocked, and the virtual clock stands still for as long. 5 s.
    pub blocked: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            events: 2_000,
            bytes: 1_000_000,
            turns: 20_000,
            idle: Duration::from_secs(3600),
            blocked: Duration::from_secs(5),
        }
    }
}
