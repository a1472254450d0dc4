//! `cargo course show`: runs one of the answers that the course knows, to talk about it.

use super::copy::Copy;
use crate::{
    check::{
        self,
        progress::ProgressHandle,
        status::{Outcome, Phase, Status},
    },
    error::Error,
    stand_in::{
        explore,
        schedules::{USUAL, green},
        trace::{self, Run},
        who_waits::Recorder,
    },
    terminal,
    workspace::{Exercise, Workspace, answers, did_you_mean},
};
use std::{path::PathBuf, sync::Arc};

/// An answer as it is chosen.
struct Shown {
    /// "time_out".
    name: String,
    /// "rejected/time_out.rs".
    label: String,
    file: PathBuf,
    /// Why it is right, or the thought behind it.
    about: String,
    /// The test that it is known to fail; `compile` for none.
    test: Option<String>,
    in_some_schedules: bool,
}

/// Lists the answers of an exercise, or runs one of them in a scratch copy; with `run`, shows its recorded run as well.
///
/// # Errors
/// There is no such exercise or answer; it cannot be copied, or its run not be recorded. That it is red is no error.
///
/// # Cancel safety
/// Dropping the future ends the processes.
pub async fn show(
    workspace: &Workspace,
    name: &str,
    answer: Option<&str>,
    run: bool,
) -> Result<u8, Error> {
    let exercise = workspace.exercise(name)?;
    let all = all(exercise)?;
    let Some(answer) = answer else {
        list(exercise, &all);
        return Ok(0);
    };
    let shown = find(exercise, &all, answer)?;
    let file = shown.file.strip_prefix(&workspace.root);
    terminal::say(format_args!(
        "{}\n{}\n",
        terminal::strong(file.unwrap_or(&shown.file).display()),
        shown.about
    ));
    let copy = Copy::new(workspace, exercise, &shown.file, &shown.name)?;
    let status = verdict(workspace, &copy).await;
    terminal::say(of(exercise, &status));
    if shown.in_some_schedules {
        schedules(workspace, &copy).await?;
    }
    if shown.test.is_some() {
        terminal::say(terminal::quiet(format_args!(
            "in the book: {}.html?answer={}",
            exercise.folder_name(),
            shown.name
        )));
    }
    let test = shown.test.clone().filter(|test| test != "compile");
    let failing = status.first_failing().map(|test| test.name.clone());
    let Some(test) = test.or(failing).filter(|_| status.phase == Phase::Done) else {
        return Ok(0);
    };
    if run {
        let trace = trace::trace(workspace, &copy.exercise, &test, Run::default()).await?;
        terminal::say(trace.chart.trim_end());
        terminal::say(terminal::bad(format_args!(
            "\n{}{}",
            trace.waits, trace.ends
        )));
    } else if exercise.real_tokio.is_none() {
        terminal::say(terminal::quiet(format_args!(
            "its run: cargo course show {} {} --run",
            exercise.name, shown.name
        )));
    }
    Ok(0)
}

fn all(exercise: &Exercise) -> Result<Vec<Shown>, Error> {
    let name = |file: &PathBuf| {
        let name = file.file_stem().unwrap_or_default();
        name.to_string_lossy().into_owned()
    };
    let mut all = vec![Shown {
        name: "solution".to_owned(),
        label: "src/lib.rs".to_owned(),
        file: exercise.solution.join("src").join("lib.rs"),
        about: "the solution".to_owned(),
        test: None,
        in_some_schedules: false,
    }];
    for answer in answers::accepted(exercise)? {
        let name = name(&answer.file);
        all.push(Shown {
            label: format!("accepted/{name}.rs"),
            name,
            file: answer.file,
            about: format!("right: {}", answer.why),
            test: None,
            in_some_schedules: false,
        });
    }
    for answer in answers::rejected(exercise)? {
        let name = answer.name();
        all.push(Shown {
            label: format!("rejected/{name}.rs"),
            name,
            file: answer.file,
            about: format!("thinks: {}", answer.thinks),
            test: Some(answer.test),
            in_some_schedules: answer.in_some_schedules,
        });
    }
    Ok(all)
}

fn list(exercise: &Exercise, all: &[Shown]) {
    for answer in all {
        terminal::say(format_args!(
            "{}  {}",
            terminal::strong(&answer.name),
            answer.about
        ));
    }
    terminal::say(terminal::quiet(format_args!(
        "\nto run one of them: cargo course show {} ANSWER",
        exercise.name
    )));
}

/// By "time_out", "time_out.rs" or "rejected/time_out.rs".
fn find<'a>(exercise: &Exercise, all: &'a [Shown], wanted: &str) -> Result<&'a Shown, Error> {
    let name = wanted.trim_end_matches(".rs");
    let same =
        |answer: &&Shown| answer.name == name || answer.label.trim_end_matches(".rs") == name;
    all.iter().find(same).ok_or_else(|| Error::UnknownAnswer {
        exercise: exercise.name.clone(),
        answer: wanted.to_owned(),
        near: did_you_mean(name, all.iter().map(|answer| answer.name.as_str())),
    })
}

async fn verdict(workspace: &Workspace, copy: &Copy) -> Status {
    let waiting = Status::waiting(&copy.exercise.name, &[]);
    let progress = ProgressHandle::new(vec![waiting]);
    let recorder = Recorder(Arc::new(workspace.clone()));
    check::check(&copy.exercise, &copy.settings, &progress, &recorder).await
}

/// The verdict, without the next steps of a learner.
fn of(exercise: &Exercise, status: &Status) -> String {
    if status.phase == Phase::Broken {
        return format!("{}\n", status.broken.trim_end());
    }
    let mut text = format!("{}\n", terminal::line(exercise, status));
    let failing = status.tests.iter();
    for test in failing.filter(|test| test.result != Outcome::Passes) {
        text.push_str(&format!(
            "  {} {} ({}): {}\n{}\n",
            terminal::bad("✗"),
            test.promise,
            test.name,
            test.result.words(),
            terminal::told(&test.said, 6)
        ));
    }
    text
}

/// What plain `cargo test` does not see of it.
async fn schedules(workspace: &Workspace, copy: &Copy) -> Result<(), Error> {
    terminal::say(terminal::quiet(explore::BEGINS));
    let numbers = 1..USUAL + 1;
    let red = explore::explore(workspace, &copy.exercise, None, numbers.clone()).await?;
    let mut result = explore::result(&copy.exercise, red, &green(&numbers));
    // It is that of the learner's own code.
    result.run.clear();
    terminal::say(terminal::schedules(&copy.exercise, &result));
    Ok(())
}
