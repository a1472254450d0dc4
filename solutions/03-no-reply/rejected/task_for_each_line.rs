//! rejected: as_many_lines_wait_as_may_wait
//! says: so many lines were accepted while one was shown
//! thinks: "A slow line should not hold up the loop, so each line gets a task, and a mutex keeps them apart."

use std::{pin::Pin, sync::Arc};
use tokio::{
    sync::{
        Mutex,
        mpsc::{self, error::TrySendError},
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

struct Member {
    screen: Arc<Mutex<Screen>>,
    mailbox: mpsc::Receiver<String>,
}

impl Member {
    async fn run(mut self) -> Result<(), Lost> {
        while let Some(line) = self.mailbox.recv().await {
            let screen = self.screen.clone();
            tokio::spawn(async move { screen.lock().await.show(line).await });
        }
        Ok(())
    }
}

#[derive(Clone)]
pub struct MemberHandle {
    lines: mpsc::Sender<String>,
    task: AbortHandle,
}

pub fn open(screen: Screen, capacity: usize) -> MemberHandle {
    let (lines, mailbox) = mpsc::channel(capacity);
    let member = Member {
        screen: Arc::new(Mutex::new(screen)),
        mailbox,
    };
    let task = tokio::spawn(member.run()).abort_handle();
    MemberHandle { lines, task }
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
        self.lines.closed().await;
    }
}
