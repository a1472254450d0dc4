//! rejected: all_tellers_hear_of_the_end
//! says: so many calls still wait
//! thinks: "A oneshot ends the member. It cannot be cloned, so the first handle has it; the others only tell."

use std::{pin::Pin, sync::Mutex};
use tokio::sync::{
    mpsc::{self, error::TrySendError},
    oneshot,
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
    async fn run(mut self, ends: oneshot::Receiver<()>) {
        tokio::select! {
            biased;
            Ok(()) = ends => {}
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

pub struct MemberHandle {
    lines: mpsc::Sender<String>,
    ends: Mutex<Option<oneshot::Sender<()>>>,
}

impl Clone for MemberHandle {
    fn clone(&self) -> Self {
        Self {
            lines: self.lines.clone(),
            ends: Mutex::new(None),
        }
    }
}

pub fn open(screen: Screen, capacity: usize) -> MemberHandle {
    let (lines, mailbox) = mpsc::channel(capacity);
    let (ends, ended) = oneshot::channel();
    tokio::spawn(Member { screen, mailbox }.run(ended));
    MemberHandle {
        lines,
        ends: Mutex::new(Some(ends)),
    }
}

impl MemberHandle {
    pub async fn tell(&self, line: String) -> Result<(), Closed> {
        self.lines.send(line).await.map_err(|_| Closed)
    }

    pub fn tell_or_end(&self, line: String) -> Result<(), Closed> {
        self.lines.try_send(line).map_err(|error| {
            let ends = self.ends.lock().expect("nobody panicked").take();
            if let (TrySendError::Full(_), Some(ends)) = (error, ends) {
                let _ = ends.send(());
            }
            Closed
        })
    }

    pub async fn gone(&self) {
        self.lines.closed().await;
    }
}
