//! The answers in many schedules: what is right is right in all of them, and a rejected answer may be wrong only in some.

use super::{
    Finding,
    answer::{Answer, Expected},
    finding, packages,
};
use crate::{
    check::settings::test_limit,
    error::Error,
    process::echo,
    scratch::build,
    stand_in::{
        Labels, Purpose,
        schedules::{USUAL, first_red, green, headline},
        stand_in,
    },
    workspace::Workspace,
};
use std::path::Path;

/// Goes on with the findings of those answers that are as they should be in the usual schedule.
pub async fn judge(
    workspace: &Workspace,
    answers: &[Answer],
    mut findings: Vec<Finding>,
    seeds: u64,
) -> Result<Vec<Finding>, Error> {
    let chosen: Vec<(&Answer, &mut Finding)> = (answers.iter().zip(&mut findings))
        .filter(|(answer, finding)| {
            let explored = matches!(
                answer.expected,
                Expected::Passes | Expected::FailsInSomeSchedule { .. }
            );
            let is_possible = answer.exercise.real_tokio.is_none();
            explored && is_possible && finding.is_right && seeds > 0
        })
        .collect();
    if chosen.is_empty() {
        return Ok(findings);
    }
    let folder = workspace.target.join("judge-schedules");
    let answers = chosen.iter().map(|(answer, _)| *answer);
    packages::lay_out(&folder, workspace, answers, |root| {
        stand_in(root, workspace, Purpose::Explore, Labels::Types);
    })?;
    let mut built = build::build(workspace, &folder, echo::has_terminal()).await?;
    for (answer, finding) in chosen {
        let built = built.remove(&answer.source.package).unwrap_or_default();
        match explored(answer, &built, &folder, seeds, finding).await {
            Ok(what) => finding.what = format!("{}; {what}", finding.what),
            Err(what) => (finding.is_right, finding.what) = (false, what),
        }
    }
    Ok(findings)
}

async fn explored(
    answer: &Answer,
    built: &build::Built,
    notes: &Path,
    seeds: u64,
    finding: &mut Finding,
) -> Result<String, String> {
    if !built.errors.is_empty() {
        return Err(format!(
            "it does not compile against the stand-in for Tokio:\n{}\nteach book/tokio-traced what it lacks",
            built.errors
        ));
    }
    let folder = &answer.exercise.folder;
    let mut tests = finding::tests(built, folder, test_limit()).await?;
    match &answer.expected {
        Expected::FailsInSomeSchedule { test, says } => {
            tests.retain(|(_, name)| name == test);
            let numbers = 1..seeds.max(USUAL) + 1;
            let Some(red) = first_red(&tests, folder, notes, numbers.clone()).await else {
                return Err(format!(
                    "`{test}` is {}: make the test see what is wrong, or move the answer to accepted/",
                    green(&numbers)
                ));
            };
            finding::heard(&red.said, says).map_err(|missing| {
                format!(
                    "{}, as it should, but does not say “{missing}”. It says:\n{}\n\n\
                     correct the `says:` line, or what the test tells learners",
                    headline(&red),
                    red.said
                )
            })?;
            finding.said.clone_from(&red.said);
            finding.schedule = Some(red.number);
            Ok(headline(&red))
        }
        _ => {
            let numbers = 1..seeds + 1;
            match first_red(&tests, folder, notes, numbers.clone()).await {
                None => Ok(green(&numbers)),
                Some(red) => Err(format!(
                    "{}:\n{}\n\ncorrect the answer; or, if it is right, let the test say `one_schedule` and why",
                    headline(&red),
                    red.said
                )),
            }
        }
    }
}
