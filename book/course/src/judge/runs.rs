//! What each rejected answer does in the test that it fails, recorded: a chapter's page shows it to people who cannot run it.

use super::{
    Finding, Report,
    answer::{self, Answer},
    packages, told,
};
use crate::{
    check::said::scenario_in,
    error::Error,
    process::echo,
    scratch::{
        build::{self, Built},
        manifest::{read, update},
    },
    stand_in::{
        Labels, Purpose, stand_in,
        trace::{self, Run},
        with_debug,
    },
    workspace::{Workspace, stub},
};
use std::{
    collections::{BTreeMap, HashMap},
    path::Path,
    sync::Arc,
};
use tokio::{sync::Semaphore, task::JoinSet};

/// Nobody reads longer ones, and a page has 40 KiB for all of them.
const STEPS: usize = 200;

/// Many a wrong answer does nothing until the recorder gives it up, after seconds.
const AT_ONCE: usize = 8;

/// Recorded runs by exercise and answer, as [`Finding`] names them.
pub type Runs = BTreeMap<(String, String), String>;

/// Records the rejected answers that are as they should be. Those are missing that cannot be recorded, and whose runs are too long to be read or show nothing.
///
/// # Errors
/// A file cannot be read or written; cargo could not be started, or failed though rustc found nothing wrong.
///
/// # Cancel safety
/// Dropping the future ends every process.
pub async fn record(workspace: &Workspace, report: &Report) -> Result<Runs, Error> {
    let folder = workspace.target.join("judge-runs");
    let mut waiting = Vec::new();
    for exercise in &workspace.exercises {
        if exercise.real_tokio.is_some() {
            continue;
        }
        for answer in answer::of(exercise)? {
            let is_it = |f: &&Finding| f.exercise == exercise.name && f.label == answer.label;
            if let Some(finding) = report.findings.iter().find(is_it)
                && finding.is_right
                && answer.only_test().is_some()
            {
                waiting.push((answer, finding));
            }
        }
    }
    let mut runs = Runs::new();
    let permits = Arc::new(Semaphore::new(AT_ONCE));
    for labels in [Labels::Debug, Labels::Types] {
        let mut built = built(workspace, &folder, &mut waiting, labels).await?;
        let mut rest = Vec::new();
        let mut recording = JoinSet::new();
        for (answer, finding) in waiting {
            let built = built.remove(&answer.source.package).unwrap_or_default();
            if !built.errors.is_empty() {
                rest.push((answer, finding));
                continue;
            }
            let (finding, folder, permits) = (finding.clone(), folder.clone(), permits.clone());
            recording.spawn(async move {
                // An error says that the semaphore was closed, which nobody does.
                let _permit = permits.acquire().await;
                let run = recorded(&answer, &finding, &built, &folder).await?;
                Some(((finding.exercise, finding.label), run))
            });
        }
        runs.extend(recording.join_all().await.into_iter().flatten());
        waiting = rest;
    }
    Ok(runs)
}

/// Builds copies of the answers: without the headers, so that lines have the numbers that readers see.
async fn built(
    workspace: &Workspace,
    folder: &Path,
    waiting: &mut [(Answer, &Finding)],
    labels: Labels,
) -> Result<HashMap<String, Built>, Error> {
    if waiting.is_empty() {
        return Ok(HashMap::new());
    }
    for (answer, finding) in &mut *waiting {
        let file = answer.exercise.solution.join(&finding.label);
        let text = stub::plain(&read(&file)?);
        let code = told::code(&text);
        let copy = folder
            .join("src")
            .join(&answer.source.package)
            .join("lib.rs");
        match labels {
            Labels::Debug => update(&copy, with_debug(code))?,
            Labels::Types => update(&copy, code)?,
        }
        answer.source.file = copy;
    }
    let answers = waiting.iter().map(|(answer, _)| answer);
    packages::lay_out(folder, workspace, answers, |root| {
        stand_in(root, workspace, Purpose::Trace, labels);
    })?;
    build::build(workspace, folder, echo::has_terminal()).await
}

async fn recorded(
    answer: &Answer,
    finding: &Finding,
    built: &Built,
    folder: &Path,
) -> Option<String> {
    let run = Run {
        schedule: finding.schedule,
        scenario: scenario_in(&finding.said),
    };
    let recording = folder.join("recordings").join(&answer.source.package);
    let test = answer.only_test()?;
    let executable = built.executables.first()?;
    let trace = trace::record(executable, &answer.exercise, test, run, &recording).await;
    let trace = trace.ok().filter(|trace| !trace.ends_well())?;
    let is_short = trace.fragment.matches("<li>").count() <= STEPS;
    (is_short && shows_something(&trace.fragment)).then_some(trace.fragment)
}

/// Not so when the test's body is alone and sends nothing, or when what matters happens on a runtime that is not recorded.
fn shows_something(fragment: &str) -> bool {
    let is_alone = fragment.contains(r#""actors":["main"]"#) && !fragment.contains(r#","sent","#);
    let is_elsewhere = ["that is not recorded", "a recording shows one"]
        .iter()
        .any(|words| fragment.contains(words));
    !is_alone && !is_elsewhere
}
