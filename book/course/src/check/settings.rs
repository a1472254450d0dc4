//! How to check; the same for all exercises.

use crate::check::meanwhile::Meanwhile;
use std::{
    env,
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::sync::watch;

/// Who gets cargo's own words: "Compiling tokio", "Blocking waiting for file lock".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CargoWords {
    /// The terminal too, with cargo's progress bar.
    Terminal,
    /// We alone: they become notes on the page, and the reason when cargo itself fails.
    Notes,
}

/// After how long a test is ended: 30 s. The harness has a watchdog of its own, which can say why, and gives up after
/// at most 10 s of computing; on a busy machine that takes longer. Like there, `HARNESS_PATIENCE=3` makes it three
/// times as long.
pub fn test_limit() -> Duration {
    let patience = env::var("HARNESS_PATIENCE")
        .ok()
        .and_then(|patience| patience.parse().ok());
    let patience = patience
        .filter(|patience: &f64| (1.0..=1000.0).contains(patience))
        .unwrap_or(1.0);
    Duration::from_secs(30).mul_f64(patience)
}

/// More than a build of one exercise takes.
const LONG: Duration = Duration::from_secs(10);

/// A workspace of our own, with copies of exercises.
#[derive(Clone, Debug)]
pub struct Scratch {
    /// Its Cargo.toml.
    pub manifest: PathBuf,
    /// Where to build it: where the exercises are built, so that the dependencies are there.
    pub target: PathBuf,
}

/// How to check; the same for all exercises.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The workspace's folder.
    pub root: PathBuf,
    /// What to build, if it is another workspace than that.
    pub scratch: Option<Scratch>,
    /// Cargo may not use the network.
    pub offline: bool,
    /// Who gets cargo's own words.
    pub words: CargoWords,
    /// After this time a test is ended.
    pub test_limit: Duration,
    /// After so long without a word of cargo's, a note says what it does; then after twice as long, and so on.
    pub long: Duration,
    /// Who is told what changed in the exercise while its tests ran; `None`: nobody watches it.
    pub meanwhile: Option<watch::Sender<Meanwhile>>,
}

impl Settings {
    /// The usual ones.
    pub fn new(root: &Path, words: CargoWords) -> Self {
        Self {
            root: root.to_owned(),
            scratch: None,
            offline: false,
            words,
            test_limit: test_limit(),
            long: LONG,
            meanwhile: None,
        }
    }
}
