//! accepted: a function with locals instead of a struct. A watch that it owns is dropped with it, however it ends, and that is what `gone` waits for.

use std::pin::Pin;
use tokio::{
    sync::{
        mpsc::{self, error::TrySendError},
        watch,
    },
    task::AbortHandle,
};

/// The member has ended: no line will be shown any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closed;

/// The screen cannot show anything any more: its connection is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lost;

/// One member's screen.
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

async fn member(
    // Dropped last: parameters are dropped in reverse order.
    _alive: watch::Sender<()>,
    mut mailbox: mpsc::Receiver<String>,
    mut screen: Screen,
) {
    while let Some(line) = mailbox.recv().await {
        if screen.show(line).await.is_err() {
            break;
        }
    }
}

#[derive(Clone)]
pub struct MemberHandle {
    lines: mpsc::Sender<String>,
    task: AbortHandle,
    alive: watch::Receiver<()>,
}

pub fn open(screen: Screen, capacity: usize) -> MemberHandle {
    let (lines, mailbox) = mpsc::channel(capacity);
    let (sender, alive) = watch::channel(());
    let task = tokio::spawn(member(sender, mailbox, screen)).abort_handle();
    MemberHandle { lines, task, alive }
}

impl MemberHandle {
    pub async fn tell(&self, line: String) -> Result<(), Closed> {
        self.lines.send(line).await.map_err(|_| Closed)
    }

    pub fn tell_or_end(&self, line: String) -> Result<(), Closed> {
        self.lines.try_send(line).map_err(|error| {
            if let TrySendError::Full(_) = error {
                self.task.abort();
            }
            Closed
        })
    }

    pub async fn gone(&self) {
        // An error: the member has dropped its end. It never sends anything.
        let _ = self.alive.clone().changed().await;
    }
}
