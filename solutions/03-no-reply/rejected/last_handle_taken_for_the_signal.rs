//! rejected: accepted_lines_are_shown_before_the_end
//! says: all these lines were accepted before the last handle was dropped
//! thinks: "`_ = ends.wait_for(..)` is the branch for the end: whatever it returns, it is over."

use std::pin::Pin;
use tokio::sync::{
    mpsc::{self, error::TrySendError},
    watch,
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
    mailbox: mpsc::Receiver<String>,
}

impl Member {
    async fn run(mut self, mut ends: watch::Receiver<bool>) {
        tokio::select! {
            biased;
            _ = ends.wait_for(|ends| *ends) => {}
            _ = self.show_all() => {}
        }
    }

    async fn show_all(&mut self) -> Result<(), Lost> {
        while let Some(line) = self.mailbox.recv().await {
            self.screen.show(line).await?;
        }
        Ok(())
    }
}

#[derive(Clone)]
pub struct MemberHandle {
    lines: mpsc::Sender<String>,
    ends: watch::Sender<bool>,
}

pub fn open(screen: Screen, capacity: usize) -> MemberHandle {
    let (lines, mailbox) = mpsc::channel(capacity);
    let (ends, ended) = watch::channel(false);
    let member = Member { screen, mailbox };
    tokio::spawn(member.run(ended));
    MemberHandle { lines, ends }
}

impl MemberHandle {
    pub async fn tell(&self, line: String) -> Result<(), Closed> {
        self.lines.send(line).await.map_err(|_| Closed)
    }

    pub fn tell_or_end(&self, line: String) -> Result<(), Closed> {
        self.lines.try_send(line).map_err(|error| {
            if let TrySendError::Full(_) = error {
                self.ends.send_replace(true);
            }
            Closed
        })
    }

    pub async fn gone(&self) {
        self.lines.closed().await;
    }
}
