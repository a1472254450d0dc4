//! accepted: a semaphore counts the slots, and each line brings its permit. More to write, and it decides when a slot becomes free. The member closes the semaphore when it ends: callers that wait hear of it there, all at once.

use std::{pin::Pin, sync::Arc};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, mpsc},
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

struct Member {
    screen: Screen,
    mailbox: mpsc::UnboundedReceiver<(String, OwnedSemaphorePermit)>,
    _open: Open,
}

/// Closes the slots with the member, so that nobody waits for one.
struct Open(Arc<Semaphore>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.close();
    }
}

impl Member {
    async fn run(mut self) -> Result<(), Lost> {
        while let Some((line, permit)) = self.mailbox.recv().await {
            drop(permit);
            self.screen.show(line).await?;
        }
        Ok(())
    }
}

#[derive(Clone)]
pub struct MemberHandle {
    lines: mpsc::UnboundedSender<(String, OwnedSemaphorePermit)>,
    slots: Arc<Semaphore>,
    task: AbortHandle,
}

pub fn open(screen: Screen, capacity: usize) -> MemberHandle {
    let (lines, mailbox) = mpsc::unbounded_channel();
    let slots = Arc::new(Semaphore::new(capacity));
    let member = Member {
        screen,
        mailbox,
        _open: Open(slots.clone()),
    };
    let task = tokio::spawn(member.run()).abort_handle();
    MemberHandle { lines, slots, task }
}

impl MemberHandle {
    pub async fn tell(&self, line: String) -> Result<(), Closed> {
        let permit = self.slots.clone().acquire_owned().await;
        let permit = permit.map_err(|_| Closed)?;
        self.lines.send((line, permit)).map_err(|_| Closed)
    }

    pub fn tell_or_end(&self, line: String) -> Result<(), Closed> {
        let permit = self.slots.clone().try_acquire_owned().map_err(|_| {
            self.task.abort();
            Closed
        })?;
        self.lines.send((line, permit)).map_err(|_| Closed)
    }

    pub async fn gone(&self) {
        self.lines.closed().await;
    }
}
