//! Single keys that steer `cargo course`, where it has a terminal to itself. What they do is what the commands of the same names do.

mod pressed;

use super::{hint, trace};
use crate::{
    check::{
        said::scenario_in,
        status::{Phase, Status},
    },
    error::Error,
    live::Live,
    room::{
        learner::Learner,
        push::{Place, deliver},
        reporter::{Answer, ReporterHandle, Said},
        secret::Secret,
        standing::Name,
    },
    stand_in::trace::Run,
    terminal,
    workspace::Exercise,
};
use pressed::Pressed;
use std::{fmt::Display, future, time::Duration};
use tokio::{select, task::spawn_blocking, time::timeout};

/// What there is to press.
const KEYS: &str =
    "keys: h hint · t its run · r run again · n next exercise · l list · o open the page · q quit";

/// What there is to press besides, where there is a room.
const ROOM_KEY: &str = " · j join the room, or leave it";

/// How long leaving that room may hold up the end.
const FAREWELL: Duration = Duration::from_secs(1);

/// Obeys the keys until `q`; for ever, where there is no terminal. With `joins`, one of them leads into that room, under that name.
///
/// # Cancel safety
/// Dropping the future gives the terminal back as it was. A room that was joined forgets the learner by itself.
pub async fn obey(mut live: Live, joins: Option<(Place, Name)>) {
    let Some(mut pressed) = Pressed::listen() else {
        if joins.is_some() {
            terminal::warn(
                "without a terminal there is no key that joins the room: nothing is sent to it",
            );
        }
        return future::pending().await;
    };
    let keys = match joins {
        Some(_) => format!("{KEYS}{ROOM_KEY}"),
        None => KEYS.to_owned(),
    };
    let room = match joins
        .map(|(room, name)| reporter(&live, room, name))
        .transpose()
    {
        Ok(room) => room,
        Err(error) => {
            terminal::error(&error);
            None
        }
    };
    say(terminal::quiet(&keys)).await;
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
                    say(terminal::quiet(&keys)).await;
                    continue;
                }
            },
        };
        match (key, &room) {
            ('q', Some(room)) => {
                // If it takes longer, the room forgets the learner by itself.
                let _ = timeout(FAREWELL, room.leave()).await;
                return;
            }
            ('q', None) => return,
            ('j', Some(room)) => {
                room.toggle().await;
                continue;
            }
            _ => {}
        }
        // What takes its time, as a recording does, is left when another key is pressed.
        select! {
            biased;
            () = obey_one(&live, key, &keys, &mut at) => {}
            Some(key) = pressed.next() => next = Some(key),
        }
    }
    // Nobody can press any more: the terminal is gone, and the pages go on.
    future::pending().await
}

/// `at`: where the reader was taken by `n`, until they save another exercise.
async fn obey_one(live: &Live, key: char, keys: &str, at: &mut Option<usize>) {
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
                let why = match status.phase {
                    Phase::Broken => "there is no run of what cannot be built",
                    Phase::Done => "h and t are about its first red test",
                    _ => "h and t are about its first red test: wait for the verdict",
                };
                return say(format!("{}  ({why})", terminal::line(exercise, status))).await;
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
        _ => say(terminal::quiet(keys)).await,
    }
}

/// What tells the room, when the learner wants it.
fn reporter(live: &Live, room: Place, who: Name) -> Result<ReporterHandle, Error> {
    let key = Secret::new(Secret::TOKEN)?;
    let place = room.clone();
    let learner = Learner {
        who,
        exercises: live.exercises.clone(),
        progress: live.progress.clone(),
        saved: live.saved.clone(),
        folder: live.workspace.course_folder(),
    };
    let send = move |request| {
        let (room, key) = (room.clone(), key.clone());
        Box::pin(async move { deliver(&room, &key, &request).await }) as Answer
    };
    let tell = move |text| Box::pin(say(format!("room {place}: {text}"))) as Said;
    Ok(ReporterHandle::new(learner, Box::new(send), Box::new(tell)))
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

/// A terminal that is paused (Ctrl-S) blocks the thread that writes to it: not one that has other work.
async fn say(text: impl Display) {
    let text = text.to_string();
    let _ = spawn_blocking(move || terminal::say(text)).await;
}
