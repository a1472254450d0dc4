//! The handle keeps the means to abort the task.

use super::super::{Closed, Ringer, bell::Bell};
use tokio::{sync::mpsc, task::AbortHandle};

// ANCHOR: abort
#[derive(Clone)]
pub struct BellsHandle {
    sender: mpsc::Sender<u32>,
    /// Ends the ringer where it stands.
    task: AbortHandle,
}

impl BellsHandle {
    pub fn new(capacity: usize, bell: Bell) -> Self {
        let (sender, mailbox) = mpsc::channel(capacity);
        let ringer = Ringer { mailbox, bell };
        let task = tokio::spawn(ringer.run()).abort_handle();
        Self { sender, task }
    }

    pub fn silence(&self) {
        self.task.abort();
    }
}
// ANCHOR_END: abort

impl BellsHandle {
    pub async fn ring(&self, floor: u32) -> Result<(), Closed> {
        let sent = self.sender.send(floor).await;
        sent.map_err(|_| Closed)
    }

    pub async fn gone(&self) {
        self.sender.closed().await;
    }
}
