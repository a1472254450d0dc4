//! Screens that write down what happens to them.

use no_reply::{Lost, Screen};
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::time::sleep;

pub const SECOND: Duration = Duration::from_secs(1);

/// What has happened to a screen. Clones see the same one.
#[derive(Clone, Default)]
pub struct Seen(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    begun: usize,
    shown: Vec<String>,
    at_a_time: usize,
    most_at_a_time: usize,
    dropped: bool,
}

/// A screen that needs so long for each line.
pub fn screen(takes: Duration) -> (Screen, Seen) {
    screen_that(takes, |_| Ok(()))
}

/// A screen that needs so long for each line, and is then lost, or panics, if `result` says so.
pub fn screen_that(
    takes: Duration,
    result: impl Fn(&str) -> Result<(), Lost> + Clone + Send + 'static,
) -> (Screen, Seen) {
    let seen = Seen::default();
    let connection = Connection(seen.clone());
    let screen = Screen::new(move |line| {
        let (seen, result) = (connection.0.clone(), result.clone());
        async move {
            let line_on = LineOn::begin(seen.clone());
            sleep(takes).await;
            result(&line)?;
            drop(line_on);
            seen.state().shown.push(line);
            Ok(())
        }
    });
    (screen, seen)
}

impl Seen {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many lines have begun.
    pub fn begun(&self) -> usize {
        self.state().begun
    }

    pub fn shown(&self) -> Vec<String> {
        self.state().shown.clone()
    }

    pub fn is_showing(&self) -> bool {
        self.state().at_a_time > 0
    }

    pub fn most_at_a_time(&self) -> usize {
        self.state().most_at_a_time
    }

    pub fn is_dropped(&self) -> bool {
        self.state().dropped
    }
}

/// As long as the screen is there.
struct Connection(Seen);

impl Drop for Connection {
    fn drop(&mut self) {
        self.0.state().dropped = true;
    }
}

/// As long as a line is being shown.
struct LineOn(Seen);

impl LineOn {
    fn begin(seen: Seen) -> Self {
        let mut state = seen.state();
        state.begun += 1;
        state.at_a_time += 1;
        state.most_at_a_time = state.most_at_a_time.max(state.at_a_time);
        drop(state);
        Self(seen)
    }
}

impl Drop for LineOn {
    fn drop(&mut self) {
        self.0.state().at_a_time -= 1;
    }
}
