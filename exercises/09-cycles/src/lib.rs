//! Exercise 09, cycles: a room and its archive know each other, and still come to an end.
//!
//! The room numbers what is said and gives it to the archive, which saves one message after another. When a message is
//! saved, its number is reported, and the room knows of it too: it says how many are not saved yet. So each of the two has
//! something to tell the other one.
//!
//! Page: book/src/09-cycles.md. The tests are in tests/cycles.rs; they go step by step, and so can you:
//!
//!     cargo test -p cycles
//!
//! Stuck? `cargo course hint cycles` says a little more each time.

use std::time::Duration;
use tokio::{sync::mpsc, time::sleep};

/// Where messages are saved. Saving takes a second; leave it as it is.
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

/// The room has ended: nothing can be said any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closed;

/// Reaches the room. Room and archive live as long as any clone of it does.
#[derive(Clone)]
pub struct RoomHandle {
    // Step 1: what does it need?
}

/// Opens a room whose archive saves to `store`, one message after another, in the order of their numbers. The number of each message
/// is reported on `saved` as soon as it is saved and the room gets to it: callers, however many, delay that a little, and do not put it off.
///
/// Both are async tasks. (The tests run in virtual time, which stands still while a closure of `spawn_blocking` is under way.)
///
/// 1. When the last handle is dropped and all is saved, room and archive end at once, and nobody has to stop them.
/// 2. The room knows how many messages are accepted and not saved yet: [`RoomHandle::unsaved`]. Their number is bounded.
/// 3. A message that was accepted is saved and reported before the two end (as long as archive and runtime live). They do not end
///    with the listener on `saved`.
/// 4. When the archive has died, [`RoomHandle::say`] returns [`Closed`], and from then on [`RoomHandle::unsaved`] does too.
///
/// To be called inside a Tokio runtime.
pub fn open(store: Store, saved: mpsc::UnboundedSender<u64>) -> RoomHandle {
    let _ = (store, saved, Store::save);
    todo!("step 1: two actors, each of which has something to tell the other one")
}

impl RoomHandle {
    /// Says something in the room, and returns the number of the message: 1, 2, 3 … It is saved later. As long as only a few wait to
    /// be saved (four, say), this takes no time. When there are many (two thousand, say), it waits, however long that takes. The
    /// caller that has waited longest has the next turn.
    ///
    /// # Errors
    /// The room or its archive has ended, or the runtime that they ran on. The message is not saved.
    ///
    /// # Cancel safety
    /// A call that is dropped takes nothing back: when the room has its message, the message is saved like every other one. When the
    /// call still waits for its turn, nothing is left of it, and no number is used up.
    pub async fn say(&self, text: String) -> Result<u64, Closed> {
        let _ = text;
        todo!("step 1: ask the room for the message's number")
    }

    /// How many messages are accepted and not saved yet.
    ///
    /// The answer comes at once, also while the archive saves. (It comes later only when the room itself has to wait for a
    /// slot in the archive's mailbox, as that of [`say`](Self::say) does: in its turn, however long that takes.)
    ///
    /// # Errors
    /// The room has ended, or the runtime that it ran on; or a `say` has found that the archive has ended.
    ///
    /// # Cancel safety
    /// Dropping it does no harm.
    pub async fn unsaved(&self) -> Result<u64, Closed> {
        todo!("step 2: ask the room how much is not saved yet")
    }
}
