//! `tokio::sync::Barrier`, recorded: who waits at it.
//!
//! Tokio's wakes those who wait in a random order. Here it is the order in which they came, so that the same code gives the same
//! trace.

use super::tap::Tap;
use crate::{
    event::{Got, Kind, Wait},
    label,
    place::here,
    state::BoxKind,
};
use std::{
    fmt,
    sync::{Mutex, PoisonError},
};
use tokio::sync::Notify;

/// As Tokio's, and recorded.
pub struct Barrier {
    tap: Tap,
    /// Rung for all who wait when the last one comes.
    complete: Notify,
    n: usize,
    waiting: Mutex<usize>,
}

/// As Tokio's.
#[derive(Debug, Clone)]
pub struct BarrierWaitResult(bool);

impl BarrierWaitResult {
    pub fn is_leader(&self) -> bool {
        self.0
    }
}

impl Barrier {
    #[track_caller]
    pub fn new(n: usize) -> Self {
        let n = n.max(1);
        Self {
            tap: Tap::new(BoxKind::Barrier, Some(n), String::new()),
            complete: Notify::new(),
            n,
            waiting: Mutex::new(0),
        }
    }

    #[track_caller]
    pub fn wait(&self) -> impl Future<Output = BarrierWaitResult> {
        let place = here();
        async move {
            let complete = self.comes();
            let is_leader = complete.is_none();
            if let Some(complete) = complete {
                self.tap.watched(place, Wait::Barrier, complete).await;
            }
            self.tap.tell(place, |of| Kind::Received(Got::Barrier(of)));
            BarrierWaitResult(is_leader)
        }
    }

    /// What to wait for; `None` for the last one, who wakes the others.
    fn comes(&self) -> Option<tokio::sync::futures::Notified<'_>> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        *waiting += 1;
        if *waiting == self.n {
            *waiting = 0;
            self.complete.notify_waiters();
            return None;
        }
        // Made while nobody else can come: it misses no ring.
        Some(self.complete.notified())
    }
}

impl fmt::Debug for Barrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        label::or_left_out(&"Barrier", None, f)
    }
}
