//! `cargo course ready`: is everything here that a workshop needs, also without a network? One line to send to the trainer.

use super::copy::Copy;
use crate::{
    check::{
        build::{Build, NOT_ITS_CODE, build},
        progress::ProgressHandle,
        report::Report,
        settings::{CargoWords, Settings},
        status::Status,
    },
    error::Error,
    process::{echo, limited, plain},
    stand_in::{explore, trace},
    terminal,
    workspace::{Exercise, Workspace, stub},
};
use serde::Serialize;
use std::{
    env, fmt,
    time::{Duration, Instant},
};
use tokio::process::Command;

/// What the exercises, the recorder and the schedules take under `target`, and as much again.
const NEEDED_GB: f64 = 2.0;

/// What was found. It names neither a person nor a place.
#[derive(Debug, Default, Serialize)]
struct Found {
    v: u32,
    ready: bool,
    rustc: String,
    host: String,
    /// How many exercises can be built.
    built: usize,
    of: usize,
    /// Something was missing, and was downloaded now.
    downloaded: bool,
    /// A run was recorded without the network.
    recorded: bool,
    /// Tests ran in other schedules, without the network.
    explored: bool,
    free_gb: Option<f64>,
    seconds: u64,
    /// What is missing, in a line.
    problem: Option<String>,
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.problem {
            None => write!(f, "ready")?,
            Some(problem) => write!(f, "not ready: {problem}")?,
        }
        write!(f, " | rustc {}, {}", self.rustc, self.host)?;
        write!(f, " | {} of {} exercises built", self.built, self.of)?;
        if self.recorded {
            write!(f, ", a run recorded")?;
        }
        if self.explored {
            write!(f, ", schedules tried")?;
        }
        if self.problem.is_none() {
            write!(f, ", all offline")?;
        }
        match self.free_gb {
            Some(free) => write!(f, " | {free:.1} GB free")?,
            None => write!(f, " | free disk not known")?,
        }
        write!(f, " | {} s", self.seconds)
    }
}

/// Looks at everything, and prints the line. The exit code is 1 if something is missing.
///
/// # Errors
/// Cargo cannot be started. What is missing is no error: it is in the line.
///
/// # Cancel safety
/// Dropping the future ends the processes.
pub async fn ready(workspace: &Workspace, json: bool) -> Result<u8, Error> {
    let begin = Instant::now();
    let mut found = Found {
        v: 1,
        of: workspace.exercises.len(),
        ..Found::default()
    };
    (found.rustc, found.host) = rustc().await;
    let mut said = String::new();
    if let Err(words) = look(workspace, &mut found).await? {
        found.problem = Some(in_one_line(&words));
        said = words;
    }
    found.free_gb = free_gb(workspace);
    if let Some(free) = found.free_gb.filter(|free| *free < NEEDED_GB)
        && found.problem.is_none()
    {
        found.problem = Some(format!(
            "only {free:.1} GB of disk are free, and {NEEDED_GB} are needed"
        ));
    }
    found.ready = found.problem.is_none();
    found.seconds = begin.elapsed().as_secs();
    if !said.is_empty() {
        terminal::note(format_args!("{said}\n"));
    }
    match json {
        // A struct of numbers and texts always becomes JSON.
        true => terminal::say(serde_json::to_string(&found).unwrap_or_default()),
        false => {
            terminal::note(terminal::quiet("send this line to your trainer:"));
            terminal::say(&found);
        }
    }
    Ok(u8::from(!found.ready))
}

/// Builds all exercises, then records a run of a solution and tries its schedules. The inner error is what is missing, in cargo's words
/// or ours.
async fn look(workspace: &Workspace, found: &mut Found) -> Result<Result<(), String>, Error> {
    let words = match echo::has_terminal() {
        true => CargoWords::Terminal,
        false => CargoWords::Notes,
    };
    let offline = Settings {
        offline: true,
        ..Settings::new(&workspace.root, words)
    };
    for exercise in &workspace.exercises {
        terminal::note(terminal::quiet(format_args!(
            "building {} …",
            exercise.folder_name()
        )));
        let mut missing = builds(&offline, exercise).await?;
        if missing.is_some() {
            terminal::note(terminal::quiet(
                "something is missing: trying the network …",
            ));
            let online = Settings {
                offline: false,
                ..offline.clone()
            };
            builds(&online, exercise).await?;
            missing = builds(&offline, exercise).await?;
            found.downloaded |= missing.is_none();
        }
        if let Some(words) = missing {
            return Ok(Err(words));
        }
        found.built += 1;
    }
    let recordable = |exercise: &&Exercise| exercise.real_tokio.is_none();
    let Some(exercise) = workspace.exercises.iter().find(recordable) else {
        return Ok(Ok(()));
    };
    let solution = exercise.solution.join("src").join("lib.rs");
    let copy = Copy::new(workspace, exercise, &solution, "ready")?;
    let workspace = Workspace {
        offline: true,
        ..workspace.clone()
    };
    terminal::note(terminal::quiet("recording a run …"));
    let hints = exercise.hints()?;
    let test = hints.first().map(|hints| hints.test.as_str());
    let run = trace::Run::default();
    match trace::trace(&workspace, &copy.exercise, test.unwrap_or_default(), run).await {
        Ok(_) => found.recorded = true,
        Err(error) => return Ok(Err(error.to_string())),
    }
    terminal::note(terminal::quiet("trying schedules …"));
    match explore::explore(&workspace, &copy.exercise, None, 1..2).await {
        Ok(_) => found.explored = true,
        Err(error) => return Ok(Err(error.to_string())),
    }
    Ok(Ok(()))
}

/// Builds an exercise as a check does. `None`: it can be built, whatever the learner has written; else what is missing. One that is as it
/// came may only say what it starts with.
async fn builds(settings: &Settings, exercise: &Exercise) -> Result<Option<String>, Error> {
    let status = Status::waiting(&exercise.name, &[]);
    let mut report = Report {
        progress: ProgressHandle::new(vec![status.clone()]),
        status,
    };
    Ok(match build(settings, &exercise.name, &mut report).await? {
        Build::Broken { text, .. } => {
            let is_its_code = !text.contains(NOT_ITS_CODE) && !text.contains("linker `");
            let as_it_came = stub::is(exercise)? && !text.contains(&exercise.starts_with);
            (as_it_came || !is_its_code).then_some(text)
        }
        _ => None,
    })
}

/// The compiler's version, and what it compiles for.
async fn rustc() -> (String, String) {
    let mut command = Command::new(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    command.arg("-vV");
    let said = match limited::run(command, Duration::from_secs(30)).await {
        Ok(finished) => finished.stdout,
        Err(_) => String::new(),
    };
    let value = |name: &str| {
        let mut lines = said.lines();
        let value = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        value.unwrap_or("not known").to_owned()
    };
    (value("release"), value("host"))
}

/// The first line that says what is wrong.
fn in_one_line(words: &str) -> String {
    let words = plain::text(words);
    let mut lines = words.lines().map(str::trim);
    let error = lines.clone().find(|line| line.starts_with("error"));
    let line = error.or_else(|| lines.find(|line| !line.is_empty()));
    line.unwrap_or("nobody says why").to_owned()
}

/// What is free where cargo builds.
#[cfg(unix)]
fn free_gb(workspace: &Workspace) -> Option<f64> {
    let there = rustix::fs::statvfs(&workspace.target)
        .or_else(|_| rustix::fs::statvfs(&workspace.root))
        .ok()?;
    let bytes = there.f_bavail.saturating_mul(there.f_frsize);
    // To a tenth: nobody needs more.
    Some((bytes as f64 / 1e8).round() / 10.0)
}

/// The standard library does not say.
#[cfg(not(unix))]
fn free_gb(_: &Workspace) -> Option<f64> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(problem: Option<&str>) -> String {
        let found = Found {
            rustc: "1.95.0".to_owned(),
            host: "x86_64-unknown-linux-gnu".to_owned(),
            built: 15,
            of: 15,
            recorded: true,
            explored: true,
            free_gb: Some(53.04),
            seconds: 61,
            problem: problem.map(str::to_owned),
            ..Found::default()
        };
        found.to_string()
    }

    #[test]
    fn it_is_one_line_that_says_whether_and_what() {
        assert_eq!(
            found(None),
            "ready | rustc 1.95.0, x86_64-unknown-linux-gnu | 15 of 15 exercises built, a run recorded, schedules tried, all offline \
             | 53.0 GB free | 61 s"
        );
        let problem = in_one_line(
            "\n`recipe` could not be built, and not because of its Rust code.\n\n  \u{1b}[31merror\u{1b}[0m: linker `cc` not found\n  |\n",
        );
        assert_eq!(problem, "error: linker `cc` not found");
        assert!(
            found(Some(&problem)).starts_with("not ready: error: linker `cc` not found | rustc")
        );
        assert_eq!(
            in_one_line("cannot record: why\nmore"),
            "cannot record: why"
        );
    }
}
