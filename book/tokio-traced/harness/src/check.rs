//! The one entry point of every test: records its body, and leaves the recording in a folder.

use crate::schedule::{self, Schedule};
use std::{
    cell::Cell,
    env, fs, io, panic,
    path::{Path, PathBuf},
};
use tokio::{Kind, Recording, Trace};

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
    let Some(folder) = env::var_os(FOLDER).map(PathBuf::from) else {
        panic!("{FOLDER} is not set: start this by `cargo course trace`");
    };
    if let Err(WentBadly) = schedule::each(|| record(&folder, body.clone())) {
        // A test may call `check` again: the recording to keep is the one that shows the fault.
        panic::resume_unwind(Box::new("the recording shows why"));
    }
}

struct WentBadly;

fn record<F>(folder: &Path, body: impl FnOnce() -> F) -> Result<(), WentBadly>
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
        panic!(
            "{}: {error}; make room or rights to write there",
            folder.display()
        );
    }
    match waits.is_empty() && ends.is_empty() {
        true => Ok(()),
        false => Err(WentBadly),
    }
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
    // The last one: who finds it finds the others.
    fs::write(folder.join("chart.txt"), trace.chart())
}
