//! `tokio::task`, recorded.

mod join_handle;
pub mod join_set;

pub use join_handle::JoinHandle;
pub use join_set::JoinSet;
pub use tokio::task::*;

use crate::{
    actor::Actor,
    name,
    place::here,
    turn::{self, Seat},
};
use tokio::task as real;

/// As Tokio's, and recorded.
#[track_caller]
pub fn spawn<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    let seat = Seat::take(here(), name::of::<F>, false);
    JoinHandle::new(seat.clone(), real::spawn(Actor::new(seat, future)))
}

/// As Tokio's, and recorded.
#[track_caller]
pub fn spawn_local<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future + 'static,
    F::Output: 'static,
{
    let seat = Seat::take(here(), name::of::<F>, false);
    JoinHandle::new(seat.clone(), real::spawn_local(Actor::new(seat, future)))
}

/// As Tokio's, and recorded.
#[track_caller]
pub fn spawn_blocking<F, R>(closure: F) -> JoinHandle<R>
where
    F: FnOnce() -> R + Send + 'static,
    R: Send + 'static,
{
    let seat = Seat::take(here(), name::of_thread::<F>, true);
    let handle = real::spawn_blocking({
        let seat = seat.clone();
        move || match seat {
            Some(seat) => seat.run(closure),
            None => closure(),
        }
    });
    JoinHandle::new(seat, handle)
}

/// As Tokio's, and recorded.
pub async fn yield_now() {
    turn::yields();
    real::yield_now().await;
}
