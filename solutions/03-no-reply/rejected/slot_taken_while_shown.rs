//! rejected: as_many_lines_wait_as_may_wait
//! says: with a capacity of 1
//! thinks: "A line keeps its slot until it is on the screen: then the room knows that there is one again."

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
}

impl Member {
    async fn run(mut self) -> Result<(), Lost> {
        while let Some((line, slot)) = self.mailbox.recv().await {
            self.screen.show(line).await?;
            drop(slot);
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
    let member = Member { screen, mailbox };
    let task = tokio::spawn(member.run()).abort_handle();
    MemberHandle { lines, slots, task }
}

impl MemberHandle {
    pub async fn tell(&self, line: String) -> Result<(), Closed> {
        let slot = self.slots.clone().acquire_owned().await;
        let slot = slot.map_err(|_| Closed)?;
        self.lines.send((line, slot)).map_err(|_| Closed)
    }

    pub fn tell_or_end(&self, line: String) -> Result<(), Closed> {
        let Ok(slot) = self.slots.clone().try_acquire_owned() else {
            self.task.abort();
            return Err(Closed);
        };
        self.lines.send((line, slot)).map_err(|_| Closed)
    }

    pub async fn gone(&self) {
        self.lines.closed().await;
    }
}
