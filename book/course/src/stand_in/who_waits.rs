//! Who waits for whom in a test that got stuck, as a recording of it shows.

use crate::{
    check::{
        WhoWaits,
        said::{is_about_waiting, scenario_in},
    },
    stand_in::trace::{self, Run},
    workspace::{Exercise, Workspace},
};
use std::sync::Arc;

/// Records what it is asked about.
#[derive(Clone, Debug)]
pub struct Recorder(pub Arc<Workspace>);

impl WhoWaits for Recorder {
    async fn ask(&self, exercise: &Exercise, test: &str, said: &str) -> Option<String> {
        recorded(&self.0, exercise, test, said, None).await
    }
}

/// What a recording shows of a test that said this, in a schedule or in the usual one.
///
/// # Cancel safety
/// Dropping the future ends every process.
pub async fn recorded(
    workspace: &Workspace,
    exercise: &Exercise,
    test: &str,
    said: &str,
    schedule: Option<u64>,
) -> Option<String> {
    if !is_about_waiting(said) {
        return None;
    }
    let run = Run {
        schedule,
        scenario: scenario_in(said),
    };
    // The verdict holds without it, so an error is no news: a learner who asks for the recording itself is told.
    let recorded = trace::trace(workspace, exercise, test, run).await.ok()?;
    recorded.says_who_waits().then_some(recorded.waits)
}
