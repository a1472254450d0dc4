//! What `check` finds: each test has to fail with these words.

mod support;

use std::{future::pending, time::Duration};
use support::check;
use tokio::{sync::oneshot, time::sleep};

#[test]
#[should_panic(expected = "a task panicked")]
fn a_panic_that_nobody_awaits() {
    check(|| async {
        tokio::spawn(async { panic!("silently") });
        sleep(Duration::from_secs(1)).await;
    });
}

#[test]
#[should_panic(expected = "tasks are left over")]
fn a_task_that_never_ends() {
    check(|| async {
        tokio::spawn(pending::<()>());
    });
}

#[test]
#[should_panic(expected = "the test waits for ever")]
fn a_deadlock() {
    check(|| async {
        let (_reply, answer) = oneshot::channel::<u32>();
        let _ = answer.await;
    });
}

#[test]
fn hours_of_virtual_time_are_no_fault() {
    check(|| async { sleep(Duration::from_secs(5 * 3600)).await });
}
