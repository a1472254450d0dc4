//! rejected: gone_ends_when_the_member_has
//! says: the end of `gone`
//! thinks: "When the loop is left, the actor says so: the last line of `run` sets a watch that all handles see."

use std::{pin::Pin, sync::Arc};
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

struct Member {
    screen: Screen,
    mailbox: mpsc::Receiver<String>,
    end: Arc<watch::Sender<bool>>,
}

impl Member {
    async fn run(mut self) {
        while let Some(line) = self.mailbox.recv().await {
            if self.screen.show(line).await.is_err() {
                break;
            }
        }
        let Self { screen, end, .. } = self;
        drop(screen);
        end.send_replace(true);
    }
}

#[derive(Clone)]
pub struct MemberHandle {
    lines: mpsc::Sender<String>,
    task: AbortHandle,
    end: Arc<watch::Sender<bool>>,
}

pub fn open(screen: Screen, capacity: usize) -> MemberHandle {
    let (lines, mailbox) = mpsc::channel(capacity);
    let end = Arc::new(watch::Sender::new(false));
    let member = Member {
        screen,
        mailbox,
        end: end.clone(),
    };
    let task = tokio::spawn(member.run()).abort_handle();
    MemberHandle { lines, task, end }
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
        let _ = self.end.subscribe().wait_for(|end| *end).await;
    }
}
