//! rejected: a_full_mailbox_ends_the_member
//! says: the screen is not dropped
//! thinks: "The mailbox is how one talks to an actor, so I send it a Stop; a task waits for the slot, since the mailbox is full."

use std::pin::Pin;
use tokio::sync::mpsc::{self, error::TrySendError};

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

enum Message {
    Line(String),
    Stop,
}

struct Member {
    screen: Screen,
    mailbox: mpsc::Receiver<Message>,
}

impl Member {
    async fn run(mut self) -> Result<(), Lost> {
        while let Some(Message::Line(line)) = self.mailbox.recv().await {
            self.screen.show(line).await?;
        }
        Ok(())
    }
}

#[derive(Clone)]
pub struct MemberHandle {
    lines: mpsc::Sender<Message>,
}

pub fn open(screen: Screen, capacity: usize) -> MemberHandle {
    let (lines, mailbox) = mpsc::channel(capacity);
    let member = Member { screen, mailbox };
    tokio::spawn(member.run());
    MemberHandle { lines }
}

impl MemberHandle {
    pub async fn tell(&self, line: String) -> Result<(), Closed> {
        self.lines
            .send(Message::Line(line))
            .await
            .map_err(|_| Closed)
    }

    pub fn tell_or_end(&self, line: String) -> Result<(), Closed> {
        self.lines.try_send(Message::Line(line)).map_err(|error| {
            if let TrySendError::Full(_) = error {
                let lines = self.lines.clone();
                tokio::spawn(async move { lines.send(Message::Stop).await });
            }
            Closed
        })
    }

    pub async fn gone(&self) {
        self.lines.closed().await;
    }
}
