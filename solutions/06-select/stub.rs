//! Exercise 06, select: deliver posts one after another, and listen to a pause button meanwhile.
//!
//! Two kinds of handles reach this actor, each by a channel of its own: one brings posts, the other pauses and resumes.
//! Either kind may be gone before the other.
//!
//! Page: book/src/06-select.md, with this exercise in five steps. The tests are in tests/select.rs, in the same order:
//!
//!     cargo test -p select
//!
//! Stuck? `cargo course hint select` says a little more each time.

use std::time::Duration;
use tokio::{sync::mpsc, time::sleep};

/// What the actor reports, in the order in which it happens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    Paused,
    Resumed,
    Delivered(String),
}

/// The actor has ended: what was sent cannot arrive any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closed;

/// Brings one post to its readers. It takes a second; leave it as it is.
async fn deliver(_text: &str) {
    sleep(Duration::from_secs(1)).await;
}

/// Sends posts to the actor.
#[derive(Clone)]
pub struct PostsHandle {
    // Step 1: what does it need?
}

/// Pauses and resumes the delivery.
#[derive(Clone)]
pub struct ControlHandle {
    // Step 2: what does it need?
}

/// Starts the actor. It reports to `out` all that it does, and goes on when nobody listens there. The steps:
///
/// 1. Posts are delivered one at a time, in their order.
/// 2. While paused, no delivery begins. A delivery that is under way is finished. Each press is reported; one resume ends a
///    pause, however often it was pressed.
/// 3. When all handles of one kind are gone, the other kind still works. If nobody can resume any more, a pause is over (whether
///    that is reported is up to you). When all handles of both kinds are gone, the posts that were accepted are delivered, then
///    the task ends.
/// 4. A pause or resume goes before the posts that wait.
/// 5. A pause or resume is heard, and reported, while a delivery is under way.
///
/// To be called inside a Tokio runtime.
pub fn open(out: mpsc::UnboundedSender<Event>) -> (PostsHandle, ControlHandle) {
    let _ = (out, deliver);
    todo!("step 1: a channel for posts, and an actor that delivers them")
}

impl PostsHandle {
    /// Accepts a post; it is delivered later. While too many others wait, callers wait in line, and the one that has waited longest gets
    /// the next slot. In a pause that may be after its end. A call that is dropped while it waits posts nothing.
    ///
    /// # Errors
    /// The actor has ended.
    pub async fn post(&self, text: String) -> Result<(), Closed> {
        let _ = text;
        todo!(
            "step 1: send it; there is no reply to wait for, so the send's own error is the only news"
        )
    }
}

impl ControlHandle {
    /// Once the actor has heard this, no delivery begins. The call waits for a slot, and for nothing else.
    ///
    /// # Errors
    /// The actor has ended.
    pub async fn pause(&self) -> Result<(), Closed> {
        todo!("step 2: send a message on a channel of its own")
    }

    /// Once the actor has heard this, deliveries begin again. The call waits for a slot, and for nothing else.
    ///
    /// # Errors
    /// The actor has ended.
    pub async fn resume(&self) -> Result<(), Closed> {
        todo!("step 2: send the other message")
    }
}
