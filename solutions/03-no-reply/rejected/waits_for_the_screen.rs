//! rejected: a_tell_returns_before_its_line_is_shown
//! says: the end of a `tell` (8 lines may wait)
//! thinks: "Every message brings a oneshot for its answer. How else would the teller know that the line was shown?"

use std::pin::Pin;
use tokio::{
    sync::{
        mpsc::{self, error::TrySendError},
        oneshot,
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

type Line = (String, oneshot::Sender<()>);

struct Member {
    screen: Screen,
    mailbox: mpsc::Receiver<Line>,
}

impl Member {
    async fn run(mut self) -> Result<(), Lost> {
        while let Some((line, shown)) = self.mailbox.recv().await {
            self.screen.show(line).await?;
            let _ = shown.send(());
        }
        Ok(())
    }
}

#[derive(Clone)]
pub struct MemberHandle {
    lines: mpsc::Sender<Line>,
    task: AbortHandle,
}

pub fn open(screen: Screen, capacity: usize) -> MemberHandle {
    let (lines, mailbox) = mpsc::channel(capacity);
    let member = Member { screen, mailbox };
    let task = tokio::spawn(member.run()).abort_handle();
    MemberHandle { lines, task }
}

impl MemberHandle {
    pub async fn tell(&self, line: String) -> Result<(), Closed> {
        let (shown, is_shown) = oneshot::channel();
        let _ = self.lines.send((line, shown)).await;
        is_shown.await.map_err(|_| Closed)
    }

    pub fn tell_or_end(&self, line: String) -> Result<(), Closed> {
        let (shown, _) = oneshot::channel();
        self.lines.try_send((line, shown)).map_err(|error| {
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
