//! Single keys that steer `cargo course`, where it has a terminal to itself. What they do is what the commands of the same names do.

use super::{hint, pressed::Pressed, trace};
use crate::{
    check::{
        said::scenario_in,
        status::{Phase, Status},
    },
    live::Live,
    stand_in::trace::Run,
    terminal,
    workspace::Exercise,
};
use std::{fmt::Display, future};
use tokio::{select, task::spawn_blocking};

/// What there is to press.
const KEYS: &str =
    "keys: h hint · t its run · r run again · n next exercise · l list · o open the page · q quit";

/// Obeys the keys until `q`; for ever, where there is no terminal.
///
/// # Cancel safety
/// Dropping the future gives the terminal back as it was.
pub async fn obey(mut live: Live) {
    let Some(mut pressed) = Pressed::listen() else {
        return future::pending().await;
    };
    say(terminal::quiet(KEYS)).await;
    let mut at = None;
    let mut next = None;
    loop {
        let key = match next.take() {
            Some(key) => key,
            None => select! {
                key = pressed.next() => match key {
                    Some(key) => key,
                    None => break,
                },
                // The verdict on a save has just been told: it is what the keys are about from now on.
                Ok(()) = live.saved.changed() => {
                    at = None;
                    say(terminal::quiet(KEYS)).await;
                    continue;
                }
            },
        };
        if key == 'q' {
            return;
        }
        // What takes its time, as a recording does, is left when another key is pressed.
        select! {
            biased;
            () = obey_one(&live, key, &mut at) => {}
            Some(key) = pressed.next() => next = Some(key),
        }
    }
    // Nobody can press any more: the terminal is gone, and the pages go on.
    future::pending().await
}

/// `at`: where the reader was taken by `n`, until they save another exercise.
async fn obey_one(live: &Live, key: char, at: &mut Option<usize>) {
    let saved = *live.saved.borrow();
    let statuses = statuses(live).await;
    let is_open = |index: &usize| {
        statuses
            .get(*index)
            .is_some_and(|status| !status.is_green())
    };
    let current = (*at)
        .or(saved)
        .or_else(|| (0..statuses.len()).find(is_open))
        .unwrap_or(0);
    let (Some(exercise), Some(status)) = (live.exercises.get(current), statuses.get(current))
    else {
        return;
    };
    match key {
        'h' | 't' => {
            // What does not compile has no failing test: then the first test's hints are the first to read.
            let first = status
                .tests
                .first()
                .filter(|_| key == 'h' && status.phase == Phase::Broken);
            let Some(failing) = status.first_failing().or(first) else {
                return say(format!(
                    "{}  (h and t are about its first red test)",
                    terminal::line(exercise, status)
                ))
                .await;
            };
            let test = Some(failing.name.as_str());
            let run = Run {
                scenario: scenario_in(&failing.said),
                ..Run::default()
            };
            let told = match key {
                'h' => hint::hint(&live.workspace, &exercise.name, test).await,
                _ => trace::trace(&live.workspace, &exercise.name, test, run).await,
            };
            if let Err(error) = told {
                terminal::error(&error);
            }
        }
        'r' => {
            say(terminal::quiet(format!(
                "running {} …",
                exercise.folder_name()
            )))
            .await;
            // An error: the program is just ending.
            let _ = live.checker.check_now(&exercise.name).await;
        }
        'n' => {
            let next = (current + 1..statuses.len())
                .chain(0..=current)
                .find(is_open);
            *at = next;
            match next.and_then(|index| live.exercises.get(index)) {
                Some(next) => say(begin(next, &live.url)).await,
                None => say(terminal::good("all exercises are done")).await,
            }
        }
        'l' => {
            for (exercise, status) in live.exercises.iter().zip(&statuses) {
                say(terminal::line(exercise, status)).await;
            }
        }
        'o' => {
            let page = format!("{}/{}.html", live.url, exercise.folder_name());
            let opened = page.clone();
            let opened = spawn_blocking(move || open::that_detached(opened)).await;
            if !matches!(opened, Ok(Ok(()))) {
                say(format!("no browser can be started from here: open {page}")).await;
            }
        }
        _ => say(terminal::quiet(KEYS)).await,
    }
}

async fn statuses(live: &Live) -> Vec<Status> {
    let mut statuses = Vec::new();
    for exercise in live.exercises.iter() {
        // Both come from the same list.
        if let Some(status) = live.progress.watch(&exercise.name).await {
            statuses.push(status.borrow().clone());
        }
    }
    statuses
}

fn begin(exercise: &Exercise, url: &str) -> String {
    format!(
        "{}\n  to change: {}\n  to read:   {url}/{}.html",
        terminal::strong(exercise.folder_name()),
        exercise.file(),
        exercise.folder_name()
    )
}

/// A terminal that is paused (Ctrl-S) blocks whoever writes to it: not a thread that has other work.
async fn say(text: impl Display) {
    let text = text.to_string();
    let _ = spawn_blocking(move || terminal::say(text)).await;
}
