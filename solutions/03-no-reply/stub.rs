//! Exercise 03, no-reply: one member's screen.
//!
//! A room tells each member what was said. It waits for no answer: a line is handed over, and the room goes on. A member who is too
//! slow must not hold the room up, so the room can also end the member instead of waiting.
//!
//! Page: book/src/03-no-reply.md. The tests are in tests/no_reply.rs; they go step by step, and so can you:
//!
//!     cargo test -p no-reply
//!
//! Stuck? `cargo course hint no-reply` says a little more each time.

use std::pin::Pin;

/// The member has ended: no line will be shown any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closed;

/// The screen cannot show anything any more: its connection is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lost;

/// One member's screen; leave it as it is. `screen.show(line).await` shows one line, and takes as long as it takes. Dropping the
/// screen ends its connection.
pub struct Screen(Box<dyn FnMut(String) -> Showing + Send>);

type Showing = Pin<Box<dyn Future<Output = Result<(), Lost>> + Send>>;

impl Screen {
    pub fn new<F: Future<Output = Result<(), Lost>> + Send + 'static>(
        mut show: impl FnMut(String) -> F + Send + 'static,
    ) -> Self {
        Self(Box::new(move |line| Box::pin(show(line))))
    }

    /// # Errors
    /// The connection is lost, and every later line would be lost as well.
    async fn show(&mut self, line: String) -> Result<(), Lost> {
        (self.0)(line).await
    }
}

/// Tells one member what to show. Every clone reaches the same member.
///
/// A member has one task, which `open` starts. It ends when
///
/// - the last handle is dropped, after all lines that were accepted have been shown;
/// - the screen is lost, or panics;
/// - [`tell_or_end`](Self::tell_or_end) ends it.
///
/// In the last two cases, the lines that were accepted and not shown yet are dropped. Once the member has ended, every call says
/// [`Closed`], and so does every call that waits.
#[derive(Clone)]
pub struct MemberHandle {
    // What does a handle need in order to tell, and to end its member?
}

/// Starts a member. It shows one line after another, in the order in which they were accepted. While it shows one, `capacity` more
/// may wait.
///
/// To be called inside a Tokio runtime. (A handle may be used, and dropped, anywhere.)
///
/// `capacity` is at least 1, and at most `tokio::sync::Semaphore::MAX_PERMITS`. With other numbers it may panic.
pub fn open(screen: Screen, capacity: usize) -> MemberHandle {
    let _ = (screen, capacity, Screen::show);
    todo!("step 1: a bounded mailbox, and a task that shows what comes out of it")
}

impl MemberHandle {
    /// Hands over a line to be shown later. Waits while there is no slot for it: callers stand in line, and the one that has waited longest
    /// gets the next slot.
    ///
    /// # Errors
    /// The member has ended.
    ///
    /// # Cancel safety
    /// When a call is dropped while it waits, its line is not shown, and its turn in line is given up.
    pub async fn tell(&self, line: String) -> Result<(), Closed> {
        let _ = line;
        todo!("step 1: hand the line over, and say when nobody will ever show it")
    }

    /// Hands over a line to be shown later, if there is a slot for it now. If there is none, ends the member: its screen is dropped,
    /// in the middle of a line if need be, and no other line begins. (A member that is at work on another thread just then may go on to
    /// where it next has to wait.) A slot that others wait for does not count.
    ///
    /// # Errors
    /// The member has ended, by this call or before it. The line will not be shown.
    pub fn tell_or_end(&self, line: String) -> Result<(), Closed> {
        let _ = line;
        todo!("step 2: hand the line over if there is a slot, and otherwise end the member")
    }

    /// Waits until the member has ended, whatever the reason: when it returns, the screen is dropped. Returns at once if that is so
    /// already. Any number of callers may wait. A caller that waits keeps its handle, so the member does not end for lack of handles.
    ///
    /// # Cancel safety
    /// Dropping the call changes nothing.
    pub async fn gone(&self) {
        todo!("step 3: wait for the end of the member")
    }
}
