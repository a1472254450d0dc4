//! Chapter 13, "When nobody waits": a type with a `Drop` of its own cannot be taken apart.

use tokio::{sync::oneshot, task::JoinHandle};

pub struct Shutdown {
    stop: oneshot::Sender<()>,
    report: JoinHandle<u32>,
}

impl Drop for Shutdown {
    fn drop(&mut self) {}
}

impl Shutdown {
    pub async fn stop(self) -> Option<u32> {
        let _ = self.stop.send(());
        self.report.await.ok()
    }
}
