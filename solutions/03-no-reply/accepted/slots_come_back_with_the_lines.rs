//! accepted: an unbounded channel whose lines carry their permits, and a semaphore that nobody closes: when the mailbox is dropped, the permits in it come back, callers that wait are woken by them, and find the channel closed. It costs a permit in each line.

use std::{pin::Pin, sync::Arc};
use tokio::{
    sync::{
        OwnedSemaphorePermit, Semaphore,
        mpsc::{self, UnboundedReceiver, UnboundedSender},
    },
    task::AbortHandle,
};

/// The member has ended: no line will be shown any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closed;

/// The screen cannot show anything any more: its connection is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lost;

/// One member's screen. `screen.show(line).await` shows one line, and takes as long as it takes. Dropping the screen ends its
/// connection.
pub struct Screen(Box<dyn FnMut(String) -> Showing + Send>);

type Showing = Pin<Box<dyn Future<Output = Result<(), Lost>> + Send>>;

impl Screen {
    pub fn new<F: Future<Output = Result<(), Lost>> + Send + 'static>(
        mut show: impl FnMut(String) -> F + Send + 'static,
    ) -> Self {
        Self(Box::new(move |line| Box::pin(show(line))))
    }

    async fn show(&mut self, line: String) -> Result<(), Lost> {
        (self.0)(line).await
    }
}

/// A line, and the slot that it takes until the member takes it.
type Waiting = (String, OwnedSemaphorePermit);

struct Member {
    screen: Screen,
    /// The handles hold the other end. The last field, so that it is dropped after the screen: who sees it closed knows that the
    /// screen is gone.
    mailbox: UnboundedReceiver<Waiting>,
}

impl Member {
    async fn run(mut self) -> Result<(), Lost> {
        while let Some((line, slot)) = self.mailbox.recv().await {
            drop(slot);
            self.screen.show(line).await?;
        }
        Ok(())
    }
}

/// Tells one member what to show. Every clone reaches the same member.
#[derive(Clone)]
pub struct MemberHandle {
    /// The member holds the other end, until it ends.
    lines: UnboundedSender<Waiting>,
    slots: Arc<Semaphore>,
    /// Ends the member where it stands. Keeps nothing alive.
    task: AbortHandle,
}

/// Starts a member. While it shows a line, `capacity` more may wait. To be called inside a Tokio runtime.
///
/// # Panics
/// When `capacity` is 0, or more than `tokio::sync::Semaphore::MAX_PERMITS`.
pub fn open(screen: Screen, capacity: usize) -> MemberHandle {
    let (lines, mailbox) = mpsc::unbounded_channel();
    let slots = Arc::new(Semaphore::new(capacity));
    let member = Member { screen, mailbox };
    let task = tokio::spawn(member.run()).abort_handle();
    MemberHandle { lines, slots, task }
}

impl MemberHandle {
    /// Hands over a line to be shown later, and waits while there is no slot for it.
    ///
    /// # Errors
    /// The member has ended.
    ///
    /// # Cancel safety
    /// When a call is dropped while it waits, its line is not shown, and its turn in line is given up.
    pub async fn tell(&self, line: String) -> Result<(), Closed> {
        let slot = self.slots.clone().acquire_owned().await;
        let slot = slot.map_err(|_| Closed)?;
        self.lines.send((line, slot)).map_err(|_| Closed)
    }

    /// Hands over a line to be shown later, if there is a slot for it now. If there is none, ends the member.
    ///
    /// # Errors
    /// The member has ended, by this call or before it.
    pub fn tell_or_end(&self, line: String) -> Result<(), Closed> {
        let Ok(slot) = self.slots.clone().try_acquire_owned() else {
            self.task.abort();
            return Err(Closed);
        };
        self.lines.send((line, slot)).map_err(|_| Closed)
    }

    /// Waits until the member has ended, and its screen is dropped.
    ///
    /// # Cancel safety
    /// Dropping the call changes nothing.
    pub async fn gone(&self) {
        self.lines.closed().await;
    }
}
