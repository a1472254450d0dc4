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
    terminal::say(trace.chart.trim_end());
    terminal::say(format_args!("\n{}", outcome(&trace)));
    Ok(0)
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
