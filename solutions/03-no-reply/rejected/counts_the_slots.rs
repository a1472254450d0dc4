//! rejected: tell_or_end_overtakes_nobody
//! says: a caller waits for it
//! thinks: "I count the slots myself: whoever comes when one is free has it, and the others are woken to look again."

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
};
use tokio::{
    sync::{Notify, mpsc},
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

struct Slots {
    free: AtomicUsize,
    freed: Notify,
}

impl Slots {
    fn take(&self) -> bool {
        let take = |free: usize| free.checked_sub(1);
        self.free.fetch_update(SeqCst, SeqCst, take).is_ok()
    }
}

struct Member {
    screen: Screen,
    mailbox: mpsc::UnboundedReceiver<String>,
    slots: Arc<Slots>,
}

impl Member {
    async fn run(mut self) -> Result<(), Lost> {
        while let Some(line) = self.mailbox.recv().await {
            self.slots.free.fetch_add(1, SeqCst);
            self.slots.freed.notify_one();
            self.screen.show(line).await?;
        }
        Ok(())
    }
}

#[derive(Clone)]
pub struct MemberHandle {
    lines: mpsc::UnboundedSender<String>,
    slots: Arc<Slots>,
    task: AbortHandle,
}

pub fn open(screen: Screen, capacity: usize) -> MemberHandle {
    let (lines, mailbox) = mpsc::unbounded_channel();
    let slots = Arc::new(Slots {
        free: AtomicUsize::new(capacity),
        freed: Notify::new(),
    });
    let member = Member {
        screen,
        mailbox,
        slots: slots.clone(),
    };
    let task = tokio::spawn(member.run()).abort_handle();
    MemberHandle { lines, slots, task }
}

impl MemberHandle {
    pub async fn tell(&self, line: String) -> Result<(), Closed> {
        while !self.slots.take() {
            tokio::select! {
                () = self.slots.freed.notified() => {}
                () = self.lines.closed() => return Err(Closed),
            }
        }
        self.lines.send(line).map_err(|_| Closed)
    }

    pub fn tell_or_end(&self, line: String) -> Result<(), Closed> {
        if !self.slots.take() {
            self.task.abort();
            return Err(Closed);
        }
        self.lines.send(line).map_err(|_| Closed)
    }

    pub async fn gone(&self) {
        self.lines.closed().await;
    }
}
