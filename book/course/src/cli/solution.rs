//! `cargo course solution`: the solution beside yours.

mod diff;

use crate::{
    error::Error,
    terminal,
    workspace::{Exercise, Workspace, answers, files},
};
use diff::Line;
use std::{fs, path::Path};

/// Shows what the solution has and what yours has, then which other designs are right.
///
/// # Errors
/// There is no such exercise, or one of the files cannot be read.
pub fn solution(workspace: &Workspace, name: &str) -> Result<u8, Error> {
    let exercise = workspace.exercise(name)?;
    if let Some(pipe) = files::pipe(&exercise.sources()) {
        return Err(Error::Pipe(pipe));
    }
    let yours = read(&exercise.folder.join("src").join("lib.rs"))?;
    let ours = read(&exercise.solution.join("src").join("lib.rs"))?;

    terminal::say(format_args!(
        "{}  {}\n{}  solutions/{}/src/lib.rs\n",
        terminal::bad("- yours:       "),
        exercise.file(),
        terminal::good("+ the solution:"),
        exercise.folder_name(),
    ));
    if yours == ours {
        terminal::say("yours is the solution, letter by letter");
    }
    terminal::say(compare(&yours, &ours));
    terminal::say(others(workspace, exercise)?);
    Ok(0)
}

/// Every line of both: those of one alone are marked.
fn compare(yours: &str, ours: &str) -> String {
    let (yours, ours): (Vec<_>, Vec<_>) = (yours.lines().collect(), ours.lines().collect());
    let lines = diff::lines(&yours, &ours)
        .into_iter()
        .map(|line| match line {
            Line::Both(line) => format!("  {line}\n"),
            Line::First(line) => terminal::bad(format_args!("- {line}")) + "\n",
            Line::Second(line) => terminal::good(format_args!("+ {line}")) + "\n",
        });
    lines.collect()
}

fn others(workspace: &Workspace, exercise: &Exercise) -> Result<String, Error> {
    let accepted = answers::accepted(exercise)?;
    let mut text = String::new();
    if !accepted.is_empty() {
        text.push_str("other right answers:\n");
    }
    for answer in accepted {
        let file = answer
            .file
            .strip_prefix(&workspace.root)
            .unwrap_or(&answer.file);
        text.push_str(&format!(
            "  {}\n      {}\n",
            terminal::strong(file.display()),
            answer.why
        ));
    }
    Ok(text)
}

fn read(file: &Path) -> Result<String, Error> {
    fs::read_to_string(file).map_err(|source| Error::Read {
        path: file.to_owned(),
        source,
    })
}
