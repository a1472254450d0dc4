//! The trouble that the chapter begins with: a mailbox without a bound.

use super::{Screen, translate};

// ANCHOR: actor
use tokio::sync::mpsc::{self, error::SendError};

struct Translator {
    mailbox: mpsc::UnboundedReceiver<String>,
    screen: Screen,
}

impl Translator {
    async fn run(mut self) {
        while let Some(line) = self.mailbox.recv().await {
            let translation = translate(&line).await;
            self.screen.show(translation, self.mailbox.len());
        }
    }
}
// ANCHOR_END: actor

// ANCHOR: handle
#[derive(Clone)]
pub struct TranslatorHandle {
    sender: mpsc::UnboundedSender<String>,
}

impl TranslatorHandle {
    pub fn new(screen: Screen) -> Self {
        let (sender, mailbox) = mpsc::unbounded_channel();
        tokio::spawn(Translator { mailbox, screen }.run());
        Self { sender }
    }

    /// Never waits.
    pub fn tell(&self, line: String) -> Result<(), SendError<String>> {
        self.sender.send(line)
    }
}
// ANCHOR_END: handle
