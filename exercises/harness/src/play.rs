//! Plays scenarios. One that fails is shortened until nothing can be left out, and told as a story.

use crate::{
    check::{Body, Clock, another_failed, as_test, boxed, run},
    report::Report,
    scenario::{Scenario, Story, WHICH, Which},
    schedule,
    watchdog::Limits,
};
use std::{env, thread};

/// How many scenarios to play, instead of the number that the test asks for.
const HOW_MANY: &str = "SCENARIOS";

/// How often a scenario that fails is played again to shorten it, at most.
const SHORTENINGS: usize = 300;

const OTHERS_FIRST: &str = "Fails, as other tests do, and those say more. When they pass, this one tells what its random callers did.";

/// Plays `count` scenarios, short ones first. They are the same in every run.
///
/// With `SCENARIOS=5000` in the environment it plays so many; with `SCENARIO=` and what a failure says, that one alone.
///
/// # Panics
/// When a scenario fails, as [`check`](crate::check) does: the shortest one that still fails is told, and how to play it again. When
/// another test of this process has failed, that one says more, and no story is told.
pub fn scenarios<S: Scenario>(count: u32) {
    play_asked_for(draw::<S>, count);
}

/// Scenarios without their type, for the reason of [`Body`]: the number of steps that one has, and what takes them.
type Draw = fn(&Which, Story) -> (usize, Body);

pub(crate) fn draw<S: Scenario>(which: &Which, story: Story) -> (usize, Body) {
    let (begin, steps) = which.draw::<S>();
    let count = steps.len();
    let body = boxed(move || async move {
        story.begin();
        begin.play(steps, story).await;
    });
    (count, body)
}

fn play_asked_for(draw: Draw, count: u32) {
    let how_many = env::var(HOW_MANY).ok().and_then(|count| count.parse().ok());
    as_test(|| match Which::from_env() {
        Some(which) => play(draw, &which, 0),
        None => play_all(draw, how_many.unwrap_or(count)),
    });
}

pub(crate) fn play_all(draw: Draw, count: u32) -> Result<(), Box<Report>> {
    for number in 0..count {
        let which = Which { number, kept: None };
        if let Err(report) = play(draw, &which, number) {
            if another_failed() {
                return Err(Report::because(OTHERS_FIRST));
            }
            return Err(shortened(draw, number, report));
        }
    }
    Ok(())
}

/// Plays one scenario; its report has the story. Where other schedules are explored, each scenario has its own: shortened ones keep it.
fn play(draw: Draw, which: &Which, schedule: u32) -> Result<(), Box<Report>> {
    schedule::skip_to(schedule);
    let told = Story::default();
    let (_, body) = draw(which, told.clone());
    run(Clock::Virtual, Limits::from_env(), body).map_err(|report| {
        let test = thread::current().name().unwrap_or("NAME").to_owned();
        let package = package();
        report.with_story(format!(
            "What happened, in the shortest run found that shows it:\n\n{told}\n\
             The same once more, recorded step by step: cargo course trace {package} {test} --scenario {which}\n\
             The same without a recording, in a POSIX shell: {WHICH}={which} cargo test -p {package} {test}"
        ))
    })
}

/// The package whose tests these are. Cargo names it; a program that runs one test a process does not.
fn package() -> String {
    env::var("CARGO_PKG_NAME").unwrap_or_else(|_| {
        let program = env::current_exe().unwrap_or_default();
        let name = program.file_stem().unwrap_or_default().to_string_lossy();
        // Cargo adds a hash to the name of the test.
        let name = name.rsplit_once('-').map_or(&*name, |(name, _)| name);
        name.replace('_', "-")
    })
}

/// Leaves out whatever can be left out of a scenario that fails, and returns the last failure.
fn shortened(draw: Draw, number: u32, mut report: Box<Report>) -> Box<Report> {
    let (all, _) = draw(&Which { number, kept: None }, Story::default());
    let mut kept: Vec<usize> = (0..all).collect();
    let mut tries = 0;
    let mut chunk = all.div_ceil(2);
    while chunk > 0 {
        let before = kept.len();
        let mut at = 0;
        while at < kept.len() {
            tries += 1;
            if tries > SHORTENINGS || report.never_ends() {
                // A run that never ends leaves its thread behind, and costs seconds.
                return report;
            }
            let mut shorter = kept.clone();
            shorter.drain(at..(at + chunk).min(kept.len()));
            let which = Which {
                number,
                kept: Some(shorter.clone()),
            };
            match play(draw, &which, number) {
                Ok(()) => at += chunk,
                Err(again) => (report, kept) = (again, shorter),
            }
        }
        if chunk > 1 || kept.len() == before {
            chunk /= 2;
        }
    }
    report
}
