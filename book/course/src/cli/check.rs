//! `cargo course check`: a verdict in the terminal.

use crate::{
    check::{
        self, WhoWaits,
        progress::ProgressHandle,
        settings::{CargoWords, Settings},
        status::Status,
    },
    error::Error,
    process::echo,
    stand_in::{
        explore,
        schedules::{USUAL, green},
        who_waits::Recorder,
    },
    terminal::{self, Detail, Verdict},
    workspace::{Exercise, Workspace},
};
use std::{convert::Infallible, future, sync::Arc};
use tokio::sync::watch;

/// Checks the named exercise, and then goes on with it in other schedules; or checks all of them. The exit code is 1 if something
/// is red.
///
/// # Errors
/// There is no such exercise.
pub async fn check(workspace: &Workspace, name: Option<&str>) -> Result<u8, Error> {
    match name {
        Some(name) => {
            let exercise = workspace.exercise(name)?;
            let recorder = Recorder(Arc::new(workspace.clone()));
            let status = verdict(workspace, exercise, &recorder).await;
            tell(workspace, exercise, &status);
            let is_right = status.is_green() && is_green_in_schedules(workspace, exercise).await;
            Ok(u8::from(!is_right))
        }
        None => all(workspace).await,
    }
}

/// Goes on where all tests are green. What cannot be explored leaves the verdict as it is.
async fn is_green_in_schedules(workspace: &Workspace, exercise: &Exercise) -> bool {
    if !explore::is_possible(workspace, exercise) {
        return true;
    }
    terminal::say(terminal::quiet(explore::BEGINS));
    let numbers = 1..USUAL + 1;
    match explore::explore(workspace, exercise, None, numbers.clone()).await {
        Ok(red) => {
            let is_green = red.is_none();
            let result = explore::result(exercise, red, &format!("also {}", green(&numbers)));
            terminal::say(terminal::schedules(exercise, &result));
            is_green
        }
        Err(_) => {
            terminal::say(terminal::quiet(explore::not_tried(exercise)));
            true
        }
    }
}

async fn all(workspace: &Workspace) -> Result<u8, Error> {
    let recorder = Recorder(Arc::new(workspace.clone()));
    let mut unfinished = None;
    for exercise in &workspace.exercises {
        let status = verdict(workspace, exercise, &recorder).await;
        terminal::say(terminal::line(exercise, &status));
        if unfinished.is_none() && !status.is_green() {
            unfinished = Some((exercise, status));
        }
    }
    match unfinished {
        Some((exercise, status)) => {
            terminal::say("");
            tell(workspace, exercise, &status);
            Ok(1)
        }
        None => {
            terminal::say("all exercises are done");
            Ok(0)
        }
    }
}

/// Checks one exercise; of a test that got stuck, `who_waits` is asked. Cargo's own progress is shown where there is a
/// terminal for it.
pub(super) async fn verdict(
    workspace: &Workspace,
    exercise: &Exercise,
    who_waits: &impl WhoWaits,
) -> Status {
    let words = match echo::has_terminal() {
        true => CargoWords::Terminal,
        false => CargoWords::Notes,
    };
    // A check reports to this actor. What takes long is shown, unless cargo's progress bar shows it.
    let progress = ProgressHandle::new(vec![Status::waiting(&exercise.name, &[])]);
    let watched = match words {
        CargoWords::Terminal => None,
        CargoWords::Notes => progress.watch(&exercise.name).await,
    };
    let settings = Settings::new(&workspace.root, words);
    tokio::select! {
        status = check::check(exercise, &settings, &progress, who_waits) => status,
        never = show_long(exercise, watched) => match never {},
    }
}

/// Shows on stderr what takes the build long.
async fn show_long(exercise: &Exercise, watched: Option<watch::Receiver<Status>>) -> Infallible {
    let mut told = 0;
    if let Some(mut status) = watched {
        // An error: the check has ended.
        while status.changed().await.is_ok() {
            let status = status.borrow_and_update();
            if status.long > told {
                told = status.long;
                terminal::note(terminal::long(exercise, &status));
            }
        }
    }
    future::pending().await
}

fn tell(workspace: &Workspace, exercise: &Exercise, status: &Status) {
    if !status.warnings.is_empty() {
        terminal::say(&status.warnings);
    }
    let mut from_here = workspace
        .exercises
        .iter()
        .skip_while(|other| *other != exercise);
    terminal::say(Verdict {
        exercise,
        status,
        detail: Detail::All,
        next: from_here.nth(1),
        served: None,
    });
}
