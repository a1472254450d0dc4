//! `cargo course trace`: the learner's own code, recorded, as a chart in the terminal.

use super::check::verdict;
use crate::{
    check::{
        said::scenario_in,
        status::{Outcome, Phase, Test},
    },
    error::Error,
    stand_in::trace::{self, Run, Trace},
    terminal,
    workspace::{Exercise, Workspace},
};
use std::io::{IsTerminal, stdout};

/// Records this run of the named test, or of the first one that fails, and shows what happened. The exit code tells that there is
/// something to see: 0 even when the run ends badly.
///
/// # Errors
/// There is no such exercise or test, or it cannot be recorded.
///
/// # Cancel safety
/// Dropping the future ends the processes.
pub async fn trace(
    workspace: &Workspace,
    name: &str,
    test: Option<&str>,
    mut run: Run<'_>,
) -> Result<u8, Error> {
    let exercise = workspace.exercise(name)?;
    let said;
    let test = match test {
        Some(test) => test.to_owned(),
        None => match first_failing(workspace, exercise).await? {
            Some(test) => {
                said = test.said;
                run.scenario = run.scenario.or(scenario_in(&said));
                test.name
            }
            None => {
                terminal::say(format_args!(
                    "all tests of {name} pass: name the one to see, as in `cargo course trace {name} TEST`\nits tests are: {}",
                    tests(exercise)?,
                    name = exercise.name
                ));
                return Ok(0);
            }
        },
    };
    terminal::say(terminal::quiet(format_args!(
        "recording {test} (the first time, the recorder is built too) …\n"
    )));
    let trace = trace::trace(workspace, exercise, &test, run).await?;
    let chart = trace.chart.trim_end();
    // In a file or a pager, all of it.
    match stdout().is_terminal() {
        true => terminal::say(folded(chart)),
        false => terminal::say(chart),
    }
    terminal::say(format_args!("\n{}", outcome(&trace)));
    Ok(0)
}

/// So many lines may be one after the other that differ in their numbers alone.
const ALIKE: usize = 12;

/// What happens again and again is shown once, and the last time. Up to six lines may make one turn.
fn folded(chart: &str) -> String {
    let lines: Vec<&str> = chart.lines().collect();
    let shapes: Vec<String> = lines.iter().map(|line| shape(line)).collect();
    let mut shown = String::new();
    let mut at = 0;
    while at < lines.len() {
        let (turn, turns) = (1..=6)
            .map(|turn| {
                let same = (at..lines.len() - turn.min(lines.len() - at))
                    .take_while(|line| shapes[*line] == shapes[line + turn]);
                (turn, 1 + same.count() / turn)
            })
            .find(|(turn, turns)| turn * turns > ALIKE && *turns > 2)
            .unwrap_or((1, 1));
        for line in &lines[at..at + turn] {
            shown += &format!("{line}\n");
        }
        if turns > 1 {
            let fold = format!("      … {} times more, and then …\n", turns - 2);
            shown += &terminal::quiet(fold);
            for line in &lines[at + (turns - 1) * turn..at + turns * turn] {
                shown += &format!("{line}\n");
            }
        }
        at += turn * turns;
    }
    shown.truncate(shown.trim_end().len());
    shown
}

/// A line without its numbers.
fn shape(line: &str) -> String {
    let mut shape = line.replace(|c: char| c.is_ascii_digit(), "#");
    while shape.contains("##") {
        shape = shape.replace("##", "#");
    }
    shape
}

/// Why it is stuck, who holds which Sender, the panic; else that all ended well.
fn outcome(trace: &Trace) -> String {
    if trace.ends_well() {
        return terminal::good("in this recording no task panics, and every task has ended");
    }
    let said = [trace.waits.as_str(), &trace.ends];
    let said: Vec<&str> = said.into_iter().filter(|text| !text.is_empty()).collect();
    terminal::bad(said.join("\n"))
}

async fn first_failing(workspace: &Workspace, exercise: &Exercise) -> Result<Option<Test>, Error> {
    let status = verdict(workspace, exercise, &()).await;
    if status.phase == Phase::Broken {
        return Err(Error::NotRecorded {
            reason: "it does not compile".to_owned(),
            next: format!("`cargo course check {}` says why", exercise.name),
        });
    }
    let mut tests = status.tests.into_iter();
    Ok(tests.find(|test| matches!(test.result, Outcome::Fails | Outcome::NeverEnds)))
}

fn tests(exercise: &Exercise) -> Result<String, Error> {
    let hints = exercise.hints()?;
    let names: Vec<&str> = hints.iter().map(|hints| hints.test.as_str()).collect();
    Ok(names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(lines: impl Iterator<Item = String>) -> String {
        lines.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn what_happens_again_and_again_is_shown_once_and_the_last_time() {
        let sends = lines((1..=600).map(|number| format!("puts {number} into the mailbox")));
        let text =
            anstream::adapter::strip_str(&folded(&format!("begins\n{sends}\nends"))).to_string();
        assert_eq!(
            text,
            "begins\nputs 1 into the mailbox\n      … 598 times more, and then …\nputs 600 into the mailbox\nends"
        );
        let turns =
            lines((1..=9).flat_map(|turn| [format!("takes {turn}"), format!("answers {turn}")]));
        let text = anstream::adapter::strip_str(&folded(&turns)).to_string();
        assert_eq!(
            text,
            "takes 1\nanswers 1\n      … 7 times more, and then …\ntakes 9\nanswers 9"
        );
        let few = lines((1..=12).map(|number| format!("puts {number}")));
        assert_eq!(folded(&few), few);
        assert_eq!(folded("one"), "one");
    }
}
