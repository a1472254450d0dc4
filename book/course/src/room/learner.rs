//! The learner at this machine, as far as the room may know.

use crate::{
    check::{
        progress::ProgressHandle,
        status::{Phase, Status},
    },
    room::standing::{COMPILE, Name, Standing, VERSION},
    workspace::{Exercise, shown::Shown},
};
use std::{path::PathBuf, sync::Arc};
use tokio::sync::watch;

/// Whom the room hears of, and where it is read how they stand.
#[derive(Debug)]
pub struct Learner {
    /// As the learner wants to be called.
    pub who: Name,
    /// The exercises, in the book's order.
    pub exercises: Arc<[Exercise]>,
    /// Knows how they stand.
    pub progress: ProgressHandle,
    /// Which of them was saved last: it changes with each verdict on a save.
    pub saved: watch::Receiver<Option<usize>>,
    /// Where the terminal notes which hints it has shown.
    pub folder: PathBuf,
}

impl Learner {
    /// Where the learner stands; `None`, when the program is just ending. An exercise that is being checked stands as in `last`, so that
    /// nobody seems to fall back while cargo builds.
    pub async fn standing(&self, last: Option<&Standing>) -> Option<Standing> {
        let status = self.status().await?;
        let last = last.filter(|last| last.exercise == status.name && !status.phase.is_verdict());
        Some(match last {
            Some(last) => last.clone(),
            None => self.tell(&status),
        })
    }

    /// Of the exercise that was saved last; before the first save, of the first one that is not done.
    async fn status(&self) -> Option<Status> {
        let saved = *self.saved.borrow();
        let mut found = None;
        for exercise in self.exercises.iter().skip(saved.unwrap_or(0)) {
            let status = self.progress.watch(&exercise.name).await?.borrow().clone();
            let is_it = saved.is_some() || !status.is_green();
            found = Some(status);
            if is_it {
                break;
            }
        }
        found
    }

    fn tell(&self, status: &Status) -> Standing {
        let first = match status.phase {
            Phase::Broken => COMPILE,
            Phase::Done => (status.first_failing())
                // One that the learner added has no promise.
                .filter(|test| !test.promise.is_empty())
                .map_or("", |test| &test.name),
            Phase::Waiting | Phase::Building | Phase::Running => "",
        };
        let number = |count: usize| u16::try_from(count).unwrap_or(u16::MAX);
        Standing {
            v: VERSION,
            who: self.who.clone(),
            exercise: status.name.clone(),
            passed: number(status.passed),
            of: number(status.of),
            first: first.to_owned(),
            hints: number(Shown::read(&self.folder).count(&status.name, first)),
        }
    }
}
