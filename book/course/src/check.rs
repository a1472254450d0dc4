//! One check of one exercise: build, list, run. What it finds goes to the progress actor as it is found.

pub mod build;
pub mod meanwhile;
pub mod progress;
pub mod proof;
pub mod report;
pub mod run;
pub mod said;
pub mod settings;
pub mod signatures;
pub mod status;

use crate::{
    error::Error,
    workspace::{Exercise, answers, files, gallery},
};
use build::Build;
use meanwhile::Meanwhile;
use progress::ProgressHandle;
use report::Report;
use settings::Settings;
use status::{Causes, Outcome, Phase, Status, Thought};
use std::{
    collections::VecDeque,
    fs,
    num::NonZero,
    path::{Path, PathBuf},
    sync::Arc,
    thread::available_parallelism,
    time::Duration,
};
use tokio::task::JoinSet;

/// Knows more about a test that got stuck than the test itself.
pub trait WhoWaits: Sync {
    /// Who waits for whom, in a sentence; `None` if that cannot be seen.
    fn ask(
        &self,
        exercise: &Exercise,
        test: &str,
        said: &str,
    ) -> impl Future<Output = Option<String>> + Send;
}

/// Nobody is asked.
impl WhoWaits for () {
    async fn ask(&self, _: &Exercise, _: &str, _: &str) -> Option<String> {
        None
    }
}

/// Checks an exercise and returns the verdict, which `progress` was told too.
///
/// # Cancel safety
/// Dropping the future ends every process of the check. Progress then keeps what it heard last.
pub async fn check(
    exercise: &Exercise,
    settings: &Settings,
    progress: &ProgressHandle,
    who_waits: &impl WhoWaits,
) -> Status {
    let hints = exercise.hints();
    let mut report = Report {
        status: Status::waiting(&exercise.name, hints.as_deref().unwrap_or_default()),
        progress: progress.clone(),
    };
    report.status.phase = Phase::Building;
    report.publish().await;
    if let Err(error) = hints {
        return report.broken(error.to_string()).await;
    }

    if let Some(pipe) = files::pipe(&exercise.sources()) {
        return report.broken(Error::Pipe(pipe).to_string()).await;
    }

    let built = build::build(settings, &exercise.name, &mut report).await;
    let executables = match built {
        Ok(Build::Ready {
            executables,
            warnings,
            undone,
        }) => {
            report.status.warnings = warnings;
            report.status.undone = undone;
            executables
        }
        Ok(Build::Broken {
            text,
            only_in_tests,
        }) => {
            let short = only_in_tests.and_then(|words| signatures::report(exercise, &words));
            return report.broken(short.unwrap_or(text)).await;
        }
        Err(error) => return report.broken(error.to_string()).await,
    };

    let mut waiting = VecDeque::new();
    for executable in executables {
        match run::list(&executable, &exercise.folder, settings.test_limit).await {
            Ok(names) => waiting.extend(names.into_iter().map(|name| (executable.clone(), name))),
            Err(text) => return report.broken(text).await,
        }
    }
    let names: Vec<String> = waiting.iter().map(|(_, name)| name.clone()).collect();
    let missing = format!(
        "This test is gone from exercises/{folder}/tests: it was deleted or renamed.\n\
         `git checkout exercises/{folder}/tests` brings the tests back as they were.",
        folder = exercise.folder_name()
    );
    report.status.phase = Phase::Running;
    report.status.note.clear();
    report.status.found_tests(&names, &missing);
    // In the page's order: what the reader looks at first is known first. But what takes longest has to begin before.
    let place = |name: &str| {
        report
            .status
            .tests
            .iter()
            .position(|test| test.name == name)
    };
    waiting
        .make_contiguous()
        .sort_by_key(|(_, name)| (!name.starts_with(SCENARIOS), place(name)));
    report.publish().await;

    let begin = Meanwhile::begin(&exercise.name, exercise.sources());
    let meanwhile = settings.meanwhile.as_ref();
    meanwhile.inspect(|sender| _ = sender.send_replace(begin));
    run_all(waiting, &exercise.folder, settings.test_limit, &mut report).await;
    let left: Vec<_> = (report.status.tests.iter())
        .filter(|test| test.result == Outcome::Waiting)
        .map(|test| test.name.clone())
        .collect();
    for name in left {
        let said = "The checker could not run this test: save again.".to_owned();
        report.status.set_result(&name, Outcome::Fails, said);
    }
    say_who_waits(who_waits, exercise, &mut report).await;
    report.status.say_panics_once();
    if !report.status.is_green() {
        say_causes(exercise, &settings.root, &mut report.status);
    }
    if let Some(place) = tests_in_src(&exercise.folder) {
        let note = format!(
            "{place}: a test in `src` is not run. Put it into a file of its own beside the exercise's tests, such as tests/mine.rs."
        );
        report.status.note = note;
    }
    // After all that runs the learner's code, the recording too.
    if let Some(sender) = meanwhile {
        sender.send_modify(Meanwhile::end);
        let note = sender.borrow().note();
        if !note.is_empty() {
            report.status.note = note;
        }
    }
    report.status.phase = Phase::Done;
    report.publish().await;
    report.status
}

/// How the names of those tests begin that play scenarios nobody wrote.
const SCENARIOS: &str = "your_promises_hold";

/// The harness says the same where all tests run in one process.
const OTHERS_FIRST: &str = "Fails, as other tests do, and those say more. When they pass, this one tells what its random callers did.";

/// After this many tests that never end, no further one is begun: each costs its time, and most have the same cause.
const ENOUGH: usize = 3;

/// How long a test is waited for when another one never ends, at least: a hundred times what most need.
const WHILE_STUCK: Duration = Duration::from_secs(2);

/// Runs the tests, as many at once as there are cores.
async fn run_all(
    mut waiting: VecDeque<(PathBuf, String)>,
    folder: &Path,
    limit: Duration,
    report: &mut Report,
) {
    let at_once = available_parallelism().map_or(1, NonZero::get);
    let folder: Arc<Path> = folder.into();
    let mut stuck: Vec<String> = Vec::new();
    // Whether a test has said why it fails. One that this check has ended has not. The stories of scenarios are for readers whom no
    // other test has anything to tell: they are held back until then.
    let mut explained = false;
    let mut stories = Vec::new();
    // A JoinSet, not plain spawned tasks: when this check is dropped, the set aborts them and their processes end.
    let mut running = JoinSet::new();
    loop {
        while running.len() < at_once
            && stuck.len() < ENOUGH
            && let Some((executable, name)) = waiting.pop_front()
        {
            let folder = folder.clone();
            // From the first one that is stuck on, the others get their chance, and not much more.
            let short = stuck.first().map(|_| (limit / 15).max(WHILE_STUCK));
            running.spawn(async move {
                let limit = short.map_or(limit, |short| short.min(limit));
                let verdict = run::run(&executable, &folder, &name, limit).await;
                (name, verdict, short)
            });
        }
        match running.join_next().await {
            Some(Ok((name, verdict, _)))
                if name.starts_with(SCENARIOS) && verdict.outcome != Outcome::Passes =>
            {
                stories.push((name, verdict));
            }
            Some(Ok((name, mut verdict, short))) => {
                explained |= verdict.outcome == Outcome::Fails
                    || verdict.outcome == Outcome::NeverEnds && !verdict.was_ended;
                if verdict.outcome == Outcome::NeverEnds {
                    if let (Some(short), Some(first)) = (short, stuck.first())
                        && verdict.was_ended
                    {
                        verdict.said = format!(
                            "Not waited for: `{first}` never ends, and this test had not ended after {} s either. That one first.",
                            short.as_secs()
                        );
                    }
                    stuck.push(name.clone());
                    // The reader begins at the top of the page.
                    let tests = &report.status.tests;
                    stuck.sort_by_key(|name| tests.iter().position(|test| test.name == *name));
                }
                report
                    .status
                    .set_result(&name, verdict.outcome, verdict.said);
                report.publish().await;
            }
            // Nobody aborts these tasks, so this one panicked: a fault of ours, and the test has no result.
            Some(Err(_)) => {}
            None => break,
        }
    }
    for (name, verdict) in stories {
        let (outcome, said) = match explained {
            true => (Outcome::Fails, OTHERS_FIRST.to_owned()),
            false => (verdict.outcome, verdict.said),
        };
        report.status.set_result(&name, outcome, said);
    }
    if let Some(first) = stuck.first() {
        for (_, name) in waiting {
            let said =
                format!("Not run: {ENOUGH} tests never end, `{first}` for one. Those first.");
            report.status.set_result(&name, Outcome::Fails, said);
        }
    }
}

/// Adds to what the first test that got stuck has said who waits for whom. The others keep what they said: each recording takes
/// time, and most have the same cause.
async fn say_who_waits(who_waits: &impl WhoWaits, exercise: &Exercise, report: &mut Report) {
    let stuck = (report.status.tests.iter())
        .find(|test| test.result == Outcome::Fails && said::is_about_waiting(&test.said));
    let Some((name, said)) = stuck.map(|test| (test.name.clone(), test.said.clone())) else {
        return;
    };
    let note = "all results are here; recording who waits for whom".to_owned();
    report.note(note).await;
    if let Some(waits) = who_waits.ask(exercise, &name, &said).await {
        let said = format!("{said}\n\nRecorded: {waits}");
        report.status.set_result(&name, Outcome::Fails, said);
    }
    report.status.note.clear();
}

/// When more thoughts than these lead to the same words, none of them tells anything.
const TELLING: usize = 3;

/// Adds what is known to lead to each failure. Where nothing can be read of that, the verdict does without.
fn say_causes(exercise: &Exercise, root: &Path, status: &mut Status) {
    let mut entries = gallery::general(root).unwrap_or_default();
    entries.extend(gallery::entries(exercise).unwrap_or_default());
    status.say_causes(|test, said| {
        if said == OTHERS_FIRST {
            return None;
        }
        let found = gallery::find(&entries, test, said);
        let anchor = match found[..] {
            [entry] => entry.anchor.clone(),
            _ if entries.iter().any(|entry| entry.test == test) => gallery::anchor(exercise, test),
            _ => return None,
        };
        let page = format!("{}#{anchor}", gallery::PAGE);
        let mut thoughts: Vec<_> = (found.iter())
            .flat_map(|entry| entry.thoughts.iter().zip(&entry.answers))
            .map(|(words, answer)| Thought {
                words: words.clone(),
                answer: answer.clone(),
            })
            .collect();
        if thoughts.len() > TELLING {
            thoughts.clear();
        }
        Some(Causes { page, thoughts })
    });
}

/// Where in `src` the first test stands, if there is one: "src/lib.rs:120". The exercises' libraries are not built as test programs
/// (`[lib] test = false`: measured, one more program makes each check a sixth slower), so cargo passes over such a test silently.
fn tests_in_src(folder: &Path) -> Option<String> {
    let is_test = |line: &str| {
        let line = line.trim_start();
        line.starts_with("#[test]") || line.starts_with("#[tokio::test")
    };
    let files = answers::rust_files(&folder.join("src")).ok()?;
    files.iter().find_map(|file| {
        let line = fs::read_to_string(file).ok()?.lines().position(is_test)?;
        let name = file.file_name()?.to_string_lossy();
        Some(format!("src/{name}:{}", line + 1))
    })
}
