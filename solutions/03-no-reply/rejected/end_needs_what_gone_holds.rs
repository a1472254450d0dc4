//! rejected: gone_ends_when_the_member_has
//! says: does the end need something that `gone` holds?
//! thinks: "One JoinHandle behind a mutex is enough for both: `gone` awaits it, and `tell_or_end` aborts by it."

use std::{pin::Pin, sync::Arc};
use tokio::{
    sync::{
        Mutex,
        mpsc::{self, error::TrySendError},
    },
    task::JoinHandle,
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

struct Member {
    screen: Screen,
    /// The handles hold the other end. The last field, so that it is dropped after the screen: who sees it closed knows that the
    /// screen is gone.
    mailbox: mpsc::Receiver<String>,
}

impl Member {
    async fn run(mut self) -> Result<(), Lost> {
        while let Some(line) = self.mailbox.recv().await {
            self.screen.show(line).await?;
        }
        Ok(())
    }
}

/// Tells one member what to show. Every clone reaches the same member.
#[derive(Clone)]
pub struct MemberHandle {
    /// The member holds the other end, until it ends.
    lines: mpsc::Sender<String>,
    task: Arc<Mutex<JoinHandle<Result<(), Lost>>>>,
}

/// Starts a member. While it shows a line, `capacity` more may wait. To be called inside a Tokio runtime.
///
/// # Panics
/// When `capacity` is 0, or more than `tokio::sync::Semaphore::MAX_PERMITS`.
pub fn open(screen: Screen, capacity: usize) -> MemberHandle {
    let (lines, mailbox) = mpsc::channel(capacity);
    let member = Member { screen, mailbox };
    let task = Arc::new(Mutex::new(tokio::spawn(member.run())));
    MemberHandle { lines, task }
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
        self.lines.send(line).await.map_err(|_| Closed)
    }

    /// Hands over a line to be shown later, if there is a slot for it now. If there is none, ends the member.
    ///
    /// # Errors
    /// The member has ended, by this call or before it.
    pub fn tell_or_end(&self, line: String) -> Result<(), Closed> {
        self.lines.try_send(line).map_err(|error| {
            if let TrySendError::Full(_) = error
                && let Ok(task) = self.task.try_lock()
            {
                task.abort();
            }
            Closed
        })
    }

    /// Waits until the member has ended, and its screen is dropped.
    ///
    /// # Cancel safety
    /// Dropping the call changes nothing.
    pub async fn gone(&self) {
        let mut task = self.task.lock().await;
        if !task.is_finished() {
            let _ = (&mut *task).await;
        }
    }
}
