//! What a check has found so far, told as it is found.

use crate::check::{
    progress::ProgressHandle,
    status::{Phase, Status},
};

/// What is known so far, and where it is told.
#[derive(Debug)]
pub struct Report {
    /// All of it.
    pub status: Status,
    /// Who is told.
    pub progress: ProgressHandle,
}

impl Report {
    /// Tells what takes cargo so long.
    pub async fn note_long(&mut self, note: String) {
        self.status.long += 1;
        self.note(note).await;
    }

    /// Tells what cargo does now.
    pub async fn note(&mut self, note: String) {
        self.status.note = note;
        self.publish().await;
    }

    /// Tells what is known.
    pub async fn publish(&mut self) {
        // Progress is gone when the program ends: then nobody is left to be told.
        let _ = self.progress.report(self.status.clone()).await;
    }

    /// Tells that there is no verdict, and why.
    pub async fn broken(mut self, text: String) -> Status {
        self.status.phase = Phase::Broken;
        self.status.note.clear();
        self.status.broken = text;
        self.publish().await;
        self.status
    }
}
