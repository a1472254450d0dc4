//! rejected: all_tellers_hear_of_the_end
//! says: so many calls still wait
//! thinks: "An Arc around the mailbox lets handle and task have it, so the handle can look how full it is."

use std::{pin::Pin, sync::Arc};
use tokio::{
    sync::{Mutex, mpsc},
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
    mailbox: Arc<Mutex<mpsc::Receiver<String>>>,
}

impl Member {
    async fn run(mut self) -> Result<(), Lost> {
        loop {
            let line = self.mailbox.lock().await.recv().await;
            let Some(line) = line else { return Ok(()) };
            if let Err(lost) = self.screen.show(line).await {
                self.mailbox.lock().await.close();
                return Err(lost);
            }
        }
    }
}

#[derive(Clone)]
pub struct MemberHandle {
    lines: mpsc::Sender<String>,
    /// To look how full it is.
    _mailbox: Arc<Mutex<mpsc::Receiver<String>>>,
    task: AbortHandle,
}

pub fn open(screen: Screen, capacity: usize) -> MemberHandle {
    let (lines, mailbox) = mpsc::channel(capacity);
    let mailbox = Arc::new(Mutex::new(mailbox));
    let member = Member {
        screen,
        mailbox: mailbox.clone(),
    };
    let task = tokio::spawn(member.run()).abort_handle();
    MemberHandle {
        lines,
        _mailbox: mailbox,
        task,
    }
}

impl MemberHandle {
    pub async fn tell(&self, line: String) -> Result<(), Closed> {
        self.lines.send(line).await.map_err(|_| Closed)
    }

    pub fn tell_or_end(&self, line: String) -> Result<(), Closed> {
        if self.task.is_finished() {
            return Err(Closed);
        }
        self.lines.try_send(line).map_err(|_| {
            self.task.abort();
            Closed
        })
    }

    pub async fn gone(&self) {
        self.lines.closed().await;
    }
}
