//! The one entry point of every test: records its body, and leaves the recording in a folder.

use crate::{
    schedule::{self, Schedule},
    trial::Tried,
};
use std::{
    cell::Cell,
    env, fs, io, panic,
    path::{Path, PathBuf},
};
use tokio::{Event, Kind, Recording, Trace};

/// Names the folder that the recording is left in.
const FOLDER: &str = "COURSE_TRACE_FOLDER";

/// Says what the recording shows: the test's promise.
const TITLE: &str = "COURSE_TRACE_TITLE";

/// The file whose lines are shown: the learner's.
const LISTING: &str = "lib.rs";

thread_local! {
    static EXPECTED_PANICS: Cell<Option<&'static str>> = const { Cell::new(None) };
}

/// Records `body`, with the tasks that it starts, up to their end.
///
/// # Panics
/// When the run shows a fault: a panic, a deadlock, tasks that are left over. And when nobody asked for a recording.
pub fn check<F>(body: impl FnOnce() -> F + Clone + Send + 'static)
where
    F: Future<Output = ()>,
{
    let folder = folder();
    if let Err(WentBadly) = schedule::each(|| record(&folder, body.clone())) {
        // A test may call `check` again: the recording to keep is the one that shows the fault.
        panic::resume_unwind(Box::new("the recording shows why"));
    }
}

fn folder() -> PathBuf {
    match env::var_os(FOLDER) {
        Some(folder) => folder.into(),
        None => panic!("{FOLDER} is not set: start this by `cargo course trace`"),
    }
}

/// Records `body`, which is tried by a test of tests, and says what became of it. The recording that is kept is the last one: of the
/// body by which the test is decided.
pub(crate) fn record_on_trial<F>(body: impl FnOnce() -> F) -> Tried
where
    F: Future<Output = ()>,
{
    let (trace, ..) = recorded(&folder(), body);
    let main_panics = trace.events.iter().find_map(|event| match &event.kind {
        Kind::Panicked { message, .. } if event.actor == 0 => Some(message.to_string()),
        _ => None,
    });
    if let Some(message) = main_panics {
        return Tried::Failed(message);
    }
    let is_cut = |event: &Event| matches!(event.kind, Kind::Cut(_));
    let beside = [who_waits(&trace), how_it_ended(&trace)].concat();
    match () {
        () if trace.why_stuck().is_some() || trace.events.iter().any(is_cut) => {
            Tried::NeverEnded(beside)
        }
        () if beside.is_empty() => Tried::Passed,
        () => Tried::Overlooked(beside),
    }
}

/// Adds to the recording that is kept what is wrong with how it ended.
///
/// # Panics
/// When it cannot be written.
pub(crate) fn leave_end(wrong: &str) {
    let folder = folder();
    if let Err(error) = fs::write(folder.join("ends.txt"), wrong) {
        cannot_write(&folder, &error);
    }
}

struct WentBadly;

fn record<F>(folder: &Path, body: impl FnOnce() -> F) -> Result<(), WentBadly>
where
    F: Future<Output = ()>,
{
    let (_, waits, ends) = recorded(folder, body);
    match waits.is_empty() && ends.is_empty() {
        true => Ok(()),
        false => Err(WentBadly),
    }
}

/// The recording, who waits for whom in it, and what else is wrong.
fn recorded<F>(folder: &Path, body: impl FnOnce() -> F) -> (Trace, String, String)
where
    F: Future<Output = ()>,
{
    Schedule::next().begin();
    let trace = Recording::new(&env::var(TITLE).unwrap_or_default())
        .listing(LISTING, "")
        .run(async { body().await });

    let waits = who_waits(&trace);
    let ends = how_it_ended(&trace);
    if let Err(error) = leave(folder, &trace, &waits, &ends) {
        cannot_write(folder, &error);
    }
    (trace, waits, ends)
}

fn cannot_write(folder: &Path, error: &io::Error) -> ! {
    panic!(
        "{}: {error}; make room or rights to write there",
        folder.display()
    );
}

/// Cannot be recorded: a recording's clock jumps when all tasks wait, and would do so while a packet is on its way.
///
/// # Panics
/// Always.
pub fn check_in_real_time<F>(_body: impl FnOnce() -> F + Send + 'static)
where
    F: Future<Output = ()>,
{
    panic!("this test needs the real clock, and a recording has a virtual one");
}

/// Says that tasks may panic in this test, with a message that begins with `words`.
pub fn expect_panics(words: &'static str) {
    EXPECTED_PANICS.set(Some(words));
}

/// What `wait.rs` says of the tasks that are alive besides: the recording shows them.
pub(crate) fn others(_alive: usize) -> String {
    String::new()
}

/// Who waits for whom, or who holds whose Sender; empty when everybody ended.
fn who_waits(trace: &Trace) -> String {
    match trace.why_stuck() {
        Some(stuck) => stuck,
        None => trace.leaks().join("\n"),
    }
}

/// What else is wrong: panics that nobody asked for, and the recording's own limits.
fn how_it_ended(trace: &Trace) -> String {
    let events = trace.events.iter().zip(trace.sentences());
    let ends = events.filter(|(event, _)| match &event.kind {
        Kind::Panicked { message, .. } => {
            let expected = EXPECTED_PANICS.get();
            event.actor == 0 || !expected.is_some_and(|words| message.starts_with(words))
        }
        Kind::Cut(_) => true,
        _ => false,
    });
    let sentences: Vec<String> = ends.map(|(_, sentence)| sentence).collect();
    sentences.join("\n")
}

fn leave(folder: &Path, trace: &Trace, waits: &str, ends: &str) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    fs::write(folder.join("fragment.html"), trace.fragment(""))?;
    fs::write(folder.join("waits.txt"), waits)?;
    fs::write(folder.join("ends.txt"), ends)?;
    // The last one: one that is found leads to the others.
    fs::write(folder.join("chart.txt"), trace.chart())
}
