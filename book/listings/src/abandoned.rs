//! Runs programs that `harness::check` would refuse: they hang, or leave tasks behind, and that is what the page says of them.

use std::time::Duration;
use tokio::{
    runtime::{Builder, Handle},
    time::{sleep, timeout},
};

/// Runs `program` on a runtime of its own, in virtual time. What has not ended by then is dropped with the runtime.
pub fn abandoned<F: Future>(program: F) -> F::Output {
    let runtime = Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(program)
}

/// Whether `program` hangs: in virtual time an hour passes only while every task waits.
pub async fn hangs(program: impl Future) -> bool {
    timeout(Duration::from_secs(3600), program).await.is_err()
}

/// How many tasks are left after everybody had a minute to finish.
pub async fn left_behind() -> usize {
    sleep(Duration::from_secs(60)).await;
    Handle::current().metrics().num_alive_tasks()
}
