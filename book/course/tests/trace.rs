//! The learner's code, recorded, and explored in other schedules: this course's own exercises with rejected answers in them, copied to a temporary folder.
//! The stand-in and the dependencies are the real ones.

use course::{
    check::said::is_about_waiting,
    error::Error,
    stand_in::{
        explore,
        schedules::Red,
        trace::{self, Trace},
    },
    workspace::{Exercise, Workspace},
};
use std::{
    fs,
    path::{Path, PathBuf},
};
use tempfile::TempDir;
use tokio::sync::{Mutex, MutexGuard};

/// All tests share what cargo has built, and two of them may share an exercise's name: one after the other.
static ONE_AT_A_TIME: Mutex<()> = Mutex::const_new(());

struct Copy {
    folder: TempDir,
    workspace: Workspace,
    exercise: Exercise,
    _turn: MutexGuard<'static, ()>,
}

impl Copy {
    /// A copy of an exercise with this answer in place of its own `src/lib.rs`.
    async fn of(name: &str, answer: &str) -> Self {
        let turn = ONE_AT_A_TIME.lock().await;
        let folder = tempfile::tempdir().unwrap();
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut workspace = Workspace::find(here).unwrap();
        let mut exercise = workspace.exercise(name).unwrap().clone();
        let copy = folder.path().join(exercise.folder_name());
        copy_folder(&exercise.folder, &copy);
        fs::write(copy.join("src/lib.rs"), answer).unwrap();
        exercise.folder = copy;
        // Not where a learner's own recordings are; and built once for all runs of these tests.
        workspace.target = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("trace-tests");
        Self {
            folder,
            workspace,
            exercise,
            _turn: turn,
        }
    }

    /// The same, with an answer from the solutions' folder.
    async fn with(name: &str, file: &str) -> Self {
        Self::of(name, &real(&format!("solutions/{file}"))).await
    }

    async fn trace(&self, test: &str) -> Result<Trace, Error> {
        trace::trace(&self.workspace, &self.exercise, test, trace::Run::default()).await
    }

    async fn explore(&self, test: Option<&str>) -> Result<Option<Red>, Error> {
        explore::explore(&self.workspace, &self.exercise, test, 1..51).await
    }
}

/// A file of this course.
fn real(path: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    fs::read_to_string(root.join(path)).unwrap()
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let copy = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy_folder(&path, &copy);
        } else {
            fs::copy(&path, &copy).unwrap();
        }
    }
}

/// Every file in a folder, with its bytes.
fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(files(&path));
        } else {
            all.push((path.clone(), fs::read(&path).unwrap()));
        }
    }
    all.sort();
    all
}

#[tokio::test]
async fn a_deadlock_says_who_waits_for_whom_and_nothing_is_written_beside_the_target_folder() {
    let copy = Copy::of("10", &real("exercises/10-deadlocks/src/lib.rs")).await;
    let before = files(copy.folder.path());
    let trace = copy.trace("a_post_gets_its_number").await.unwrap();
    assert_eq!(
        trace.waits,
        "room waits for moderator's answer; moderator waits for room's answer"
    );
    assert!(
        trace.chart.contains("main  room  moderator"),
        "{}",
        trace.chart
    );
    assert!(trace.fragment.starts_with("<section"), "{}", trace.fragment);
    // `Command` has no `Debug` in the exercise: the copy derives it.
    assert!(trace.chart.contains("Post \"ann\""), "{}", trace.chart);
    assert!(
        files(copy.folder.path()) == before,
        "a learner's folder was written to"
    );
}

#[tokio::test]
async fn a_leak_says_who_holds_the_sender() {
    let copy = Copy::with("1", "01-recipe/rejected/own_sender.rs").await;
    let trace = copy.trace("numbers_start_at_one_and_go_on").await.unwrap();
    assert!(
        trace.waits.contains("it holds a Sender of its own mailbox"),
        "{trace:?}"
    );
}

#[tokio::test]
async fn a_spin_is_cut() {
    let copy = Copy::with("1", "01-recipe/rejected/spins.rs").await;
    let test = rejected_test("01-recipe/rejected/spins.rs");
    let trace = copy.trace(&test).await.unwrap();
    assert!(trace.ends.contains("spins"), "{trace:?}");
}

#[tokio::test]
async fn what_passes_has_nothing_to_say() {
    let copy = Copy::with("1", "01-recipe/src/lib.rs").await;
    let trace = copy.trace("numbers_start_at_one_and_go_on").await.unwrap();
    assert_eq!((trace.waits.as_str(), trace.ends.as_str()), ("", ""));
}

#[cfg(unix)]
#[tokio::test]
async fn an_editor_s_lock_file_a_pipe_and_a_link_that_leads_back_do_no_harm() {
    let copy = Copy::with("1", "01-recipe/src/lib.rs").await;
    for folder in ["src", "tests"] {
        let folder = copy.exercise.folder.join(folder);
        std::os::unix::fs::symlink("me@here.123", folder.join(".#lib.rs")).unwrap();
        std::os::unix::fs::symlink("..", folder.join("up")).unwrap();
        let mut mkfifo = std::process::Command::new("mkfifo");
        assert!(mkfifo.arg(folder.join("pipe")).status().unwrap().success());
    }
    let trace = copy.trace("numbers_start_at_one_and_go_on").await.unwrap();
    assert_eq!((trace.waits.as_str(), trace.ends.as_str()), ("", ""));
}

/// The copy derives `Debug` for what is sent, which does not compile for a closure: then it is left unchanged.
#[tokio::test]
async fn a_message_that_cannot_have_debug_is_shown_by_its_type() {
    let mut answer = real("solutions/01-recipe/src/lib.rs");
    for (old, new) in [
        (
            "    NextNumber {\n",
            "    NextNumber {\n job: Box<dyn FnOnce() + Send>,\n",
        ),
        (
            "NextNumber { reply } => {",
            "NextNumber { reply, job } => { job();",
        ),
        (
            "NextNumber { reply })",
            "NextNumber { reply, job: Box::new(|| ()) })",
        ),
    ] {
        assert!(
            answer.contains(old),
            "the solution has changed: mend this test"
        );
        answer = answer.replace(old, new);
    }
    let copy = Copy::of("1", &answer).await;
    let trace = copy.trace("numbers_start_at_one_and_go_on").await.unwrap();
    assert!(
        trace.chart.contains("Main puts Message into"),
        "{}",
        trace.chart
    );
}

#[tokio::test]
async fn what_does_not_compile_against_the_stand_in_cannot_be_recorded() {
    let real_tokio_only = "
        pub fn takes(_: tokio::sync::mpsc::Sender<u8>) {}
        pub fn gives(sender: Unknown) { takes(sender) }
    ";
    let copy = Copy::of("1", real_tokio_only).await;
    let error = copy
        .trace("numbers_start_at_one_and_go_on")
        .await
        .unwrap_err();
    let said = error.to_string();
    assert!(said.starts_with("cannot record: "), "{said}");
    assert!(
        said.contains("error[E0412]") || said.contains("error[E0425]"),
        "{said}"
    );
    assert!(said.contains("src/lib.rs:3"), "{said}");
    assert!(said.contains("cargo course check recipe"), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
}

#[tokio::test]
async fn an_unknown_test_is_told_with_those_that_there_are() {
    let copy = Copy::with("1", "01-recipe/src/lib.rs").await;
    let error = copy.trace("numbers_start_at_on").await.unwrap_err();
    let said = error.to_string();
    assert!(
        said.contains("did you mean ") && said.contains("`numbers_start_at_one_and_go_on`?"),
        "{said}"
    );
}

#[tokio::test]
async fn what_needs_the_real_tokio_says_so_before_anything_is_built() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut workspace = Workspace::find(here).unwrap();
    // Where nothing is built yet: not even cargo is started.
    workspace.target = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("never-built");
    let declared: Vec<&Exercise> = (workspace.exercises.iter())
        .filter(|exercise| exercise.real_tokio.is_some())
        .collect();
    assert!(!declared.is_empty());
    for exercise in declared {
        let dependency = exercise.real_tokio.as_deref().unwrap();
        let manifest = fs::read_to_string(exercise.folder.join("Cargo.toml")).unwrap();
        let (_, dependencies) = manifest.split_once("[dependencies]").unwrap();
        assert!(dependencies.contains(dependency), "{}", exercise.name);
        // So the page offers no run of it.
        let page = workspace
            .root
            .join("book/src")
            .join(exercise.folder_name() + ".md");
        let page = fs::read_to_string(page).unwrap();
        let own_box = format!("<exercise-check name=\"{}\"", exercise.name);
        let boxes = |mark: &str| page.matches(&format!("{own_box}{mark}")).count();
        assert_eq!(boxes(" unrecorded"), boxes(""), "{}", exercise.name);

        let traced = trace::trace(&workspace, exercise, "any", Default::default()).await;
        let Err(Error::NotRecorded { reason, .. }) = traced else {
            panic!("{traced:?}");
        };
        assert!(reason.starts_with(dependency), "{reason}");
        let explored = explore::explore(&workspace, exercise, None, 1..2).await;
        let Err(Error::NotExplored { reason, .. }) = explored else {
            panic!("{explored:?}");
        };
        assert!(reason.starts_with(dependency), "{reason}");
        assert!(!explore::is_possible(&workspace, exercise));
    }
    assert!(!workspace.target.exists());
    let recipe = workspace.exercise("recipe").unwrap();
    assert!(explore::is_possible(&workspace, recipe));
}

#[test]
fn what_tests_take_from_their_harness_is_in_the_one_that_records() {
    let words = |text: &str| -> Vec<String> {
        let words = text.split(|letter: char| !letter.is_alphanumeric() && letter != '_');
        words.map(str::to_owned).collect()
    };
    let ours = words(&real("book/tokio-traced/harness/src/lib.rs"));
    let theirs = real("exercises/harness/src/lib.rs");
    for taken in theirs.split("pub use ").skip(1) {
        for name in words(taken.split(';').next().unwrap()) {
            assert!(
                ours.contains(&name),
                "name `{name}` in book/tokio-traced/harness, too"
            );
        }
    }
}

#[test]
fn the_tests_that_get_a_recording_by_themselves_are_those_about_waiting() {
    for said in [
        "the answer to a post never came: a deadlock. An hour of virtual time went by",
        "2 tasks are still alive although every handle is gone.",
        "the last handle is gone, the task still lives: it waits for messages",
        "the last handle is gone, but 2 tasks live on: who still holds a Sender of whom?",
    ] {
        assert!(is_about_waiting(said), "{said}");
    }
    assert!(!is_about_waiting(
        "the actor lives on as long as any handle does"
    ));
    assert!(!is_about_waiting("not yet implemented: step 1"));
}

/// The test that a rejected answer fails.
fn rejected_test(file: &str) -> String {
    let answer = real(&format!("solutions/{file}"));
    let name = answer
        .lines()
        .find_map(|line| line.strip_prefix("//! rejected: "));
    name.unwrap().trim().to_owned()
}

#[tokio::test]
async fn what_is_red_in_a_schedule_says_who_waits_for_whom_and_so_does_its_recording() {
    let file = "10-deadlocks/rejected/bounded_way_back.rs";
    let copy = Copy::with("deadlocks", file).await;
    let test = "thousands_at_once_on_small_mailboxes";
    let red = copy.explore(Some(test)).await.unwrap().unwrap();
    let circle = "room waits for a slot in moderator's mailbox; moderator waits for a slot in room's mailbox";
    assert!(red.said.contains("never came: a deadlock"), "{}", red.said);
    assert!(red.said.contains(circle), "{}", red.said);

    let in_schedule = trace::trace(
        &copy.workspace,
        &copy.exercise,
        &red.test,
        trace::Run {
            schedule: Some(red.number),
            scenario: None,
        },
    );
    assert!(in_schedule.await.unwrap().waits.contains(circle));
}

#[tokio::test]
async fn a_solution_is_green_in_other_schedules_and_nothing_is_written_beside_it() {
    let copy = Copy::with("run-method", "02-run-method/src/lib.rs").await;
    let before = files(&copy.exercise.folder);
    assert_eq!(copy.explore(None).await.unwrap(), None);
    assert_eq!(files(&copy.exercise.folder), before);
    let unknown = copy.explore(Some("no_such_test")).await.unwrap_err();
    assert!(matches!(unknown, Error::UnknownTest { .. }), "{unknown}");
}

#[tokio::test]
async fn code_that_does_not_compile_is_not_explored() {
    let copy = Copy::of("run-method", "pub fn").await;
    let error = copy.explore(None).await.unwrap_err();
    assert!(matches!(error, Error::NotExplored { .. }), "{error}");
    assert!(error.to_string().starts_with("cannot explore: "), "{error}");
}
