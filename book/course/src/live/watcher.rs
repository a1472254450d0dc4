//! The actor that notices what was saved and tells the checker and the publisher. It looks at the files' times and
//! lengths: this works on every file system, also where the system reports no changes (WSL, Docker) or reports rustc's
//! own reading. The exercise under work is looked at most often, the book's sources and new files least.

use crate::{
    check::meanwhile::Meanwhile,
    live::{checker::CheckerHandle, publisher::PublisherHandle},
    workspace::files::{self, Stamp, Stamps},
};
use std::{
    path::PathBuf,
    time::{Duration, Instant},
};
use tokio::{
    runtime::Builder,
    sync::{mpsc, oneshot, watch},
    task::spawn_blocking,
    time::sleep,
};

/// How often the watcher looks at the exercise that was saved last, while somebody is at work.
pub const PERIOD: Duration = Duration::from_millis(50);
/// So long after a save somebody is at work; otherwise only each sixth look is taken.
const AT_WORK: Duration = Duration::from_secs(10 * 60);
/// Each so many looks at the files of all exercises.
const ALL: u32 = 6;
/// Each so many looks at the book's sources, too: a multiple of [`ALL`], as is the next one.
const BOOK: u64 = 7 * ALL as u64;
/// Each so many looks for new files, too. They matter only when a known file begins to name them.
const THOROUGH: u64 = 17 * ALL as u64;

/// Only [`WatcherHandle::look`] sends, and waits for its answer.
const MAILBOX: usize = 1;

/// So many checks in a row may begin because code changed while the tests ran: a learner may well save that often while
/// a stuck test is waited for. After that it looks like a test that writes its own sources, and each check runs to its end.
const RUSHES: u32 = 3;
/// How long such sources then rest before they are checked again, doubled each time, four times at most.
const REST: Duration = Duration::from_secs(1);

enum Message {
    /// Look at everything now; answer when everybody concerned was told.
    Look { reply: oneshot::Sender<()> },
}

/// Files that belong together, and who is told when one of them changes.
#[derive(Clone, Debug)]
pub struct Place {
    /// Files and folders. They need not exist.
    pub paths: Vec<PathBuf>,
    /// Who is told.
    pub what: What,
}

/// What a change means.
#[derive(Clone, Debug)]
pub enum What {
    /// The exercise of this name is to be checked.
    Exercise(String),
    /// The book is to be built.
    Book,
}

/// A place and what it looked like last time.
struct Watched {
    place: Place,
    seen: Stamps,
    /// How many checks in a row began because code changed while the tests ran.
    rushes: u32,
    /// When such code is checked again.
    rested: Option<Instant>,
}

/// How closely to look.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Look {
    /// At the known files of the exercise under work.
    Quick,
    /// At the known files of all exercises.
    Exercises,
    /// At all known files.
    Known,
    /// At everything, for new files too.
    Thorough,
}

/// What a change calls for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Answer {
    Nothing,
    Tell,
    /// Nothing yet: the next look finds the same change.
    Later,
}

struct Watcher {
    /// Every handle holds the other end. When the last one is dropped, the actor ends, and with it its handles of the
    /// checker and the publisher.
    receiver: mpsc::Receiver<Message>,
    /// Told what was saved. The checker never waits for us, so we may wait for it.
    checker: CheckerHandle,
    /// Told when the book's sources change.
    publisher: PublisherHandle,
    /// The checks hold the other end, and say what they saw before and after the tests ran.
    meanwhile: watch::Receiver<Meanwhile>,
    /// What is watched.
    all: Vec<Watched>,
    /// Which of them was saved last, and when.
    hot: usize,
    saved: Option<Instant>,
    period: Duration,
}

impl Watcher {
    async fn run(mut self) {
        let mut count = 0_u64;
        loop {
            let is_at_work = self.saved.is_some_and(|saved| saved.elapsed() < AT_WORK);
            let steps = if is_at_work { 1 } else { ALL };
            tokio::select! {
                message = self.receiver.recv() => match message {
                    Some(Message::Look { reply }) => {
                        self.look(Look::Thorough).await;
                        // The caller may have gone: what was found was told all the same.
                        let _ = reply.send(());
                    }
                    None => break,
                },
                // Not an interval: a laptop that slept must not make up for the looks that it missed.
                () = sleep(self.period * steps) => {
                    count = count - count % u64::from(steps) + u64::from(steps);
                    self.look(match count {
                        _ if count.is_multiple_of(THOROUGH) => Look::Thorough,
                        _ if count.is_multiple_of(BOOK) => Look::Known,
                        _ if count.is_multiple_of(ALL.into()) => Look::Exercises,
                        _ => Look::Quick,
                    })
                    .await;
                }
            }
        }
    }

    async fn look(&mut self, look: Look) {
        for index in 0..self.all.len() {
            let is_hot = index == self.hot;
            if let Some(now) = self.all[index].look(look, is_hot) {
                self.hear(index, now).await;
            }
        }
    }

    /// What was seen is `now` different in one place.
    async fn hear(&mut self, index: usize, now: Stamps) {
        let watched = &mut self.all[index];
        match &watched.place.what {
            What::Book => {
                watched.seen = now;
                self.publisher.rebuild();
            }
            What::Exercise(name) => {
                let name = name.clone();
                let answer = watched.answer(&name, &now, &self.meanwhile.borrow(), Instant::now());
                match answer {
                    Answer::Later => return,
                    Answer::Nothing => {}
                    Answer::Tell => {
                        self.hot = index;
                        self.saved = Some(Instant::now());
                        // An error says that the checker has ended, and so do we when our last handle is dropped.
                        let _ = self.checker.check_now(&name).await;
                    }
                }
                watched.seen = now;
            }
        }
    }
}

impl Watched {
    /// What the place looks like now counts as seen.
    fn new(place: Place) -> Self {
        Self {
            seen: files::stamps(&place.paths),
            place,
            rushes: 0,
            rested: None,
        }
    }

    /// What it looks like now, if that is different.
    fn look(&self, look: Look, is_hot: bool) -> Option<Stamps> {
        let is_due = match self.place.what {
            What::Exercise(_) => is_hot || look != Look::Quick,
            What::Book => matches!(look, Look::Known | Look::Thorough),
        };
        if !is_due {
            return None;
        }
        let is_same = || {
            self.seen
                .iter()
                .all(|(path, seen)| *seen == Stamp::of(path))
        };
        // The usual case costs no more than to ask the system.
        if look != Look::Thorough && is_same() {
            return None;
        }
        let mut now = files::stamps(&self.place.paths);
        for path in self.seen.keys() {
            // One that is gone stays known: an editor may be about to put the new one in its place.
            now.entry(path.clone()).or_insert_with(|| Stamp::of(path));
        }
        (now != self.seen).then_some(now)
    }

    /// Tells a learner's save from what the exercise's own tests wrote.
    fn answer(&mut self, name: &str, now: &Stamps, meanwhile: &Meanwhile, at: Instant) -> Answer {
        let is_ours = meanwhile.exercise == name;
        if is_ours && meanwhile.was_quiet() {
            self.rushes = 0;
        }
        let changed = now
            .iter()
            .filter(|(path, stamp)| self.seen.get(*path) != Some(*stamp));
        let mut is_stale = false;
        for (path, stamp) in changed {
            let known = self.seen.get(path).copied().flatten();
            if *stamp == known {
                continue;
            }
            if !(is_ours && meanwhile.saw(path, *stamp)) {
                self.rushes = 0;
                self.rested = None;
                return Answer::Tell;
            }
            is_stale |= meanwhile.is_stale(path);
        }
        if !is_stale {
            return Answer::Nothing;
        }
        if self.rushes >= RUSHES {
            let rest = REST * 2_u32.pow((self.rushes - RUSHES).min(4));
            let is_rested = meanwhile.is_over() && *self.rested.get_or_insert(at + rest) <= at;
            if !is_rested {
                return Answer::Later;
            }
        }
        self.rushes += 1;
        self.rested = None;
        Answer::Tell
    }
}

/// Keeps the watcher watching. The actor lives as long as one of these does.
#[derive(Clone, Debug)]
pub struct WatcherHandle {
    /// The actor holds the other end.
    sender: mpsc::Sender<Message>,
}

impl WatcherHandle {
    /// Starts the actor. What the places look like now counts as seen: only later changes are told.
    ///
    /// # Panics
    /// Outside of a Tokio runtime, or when `period` is zero.
    pub fn new(
        places: Vec<Place>,
        period: Duration,
        checker: CheckerHandle,
        publisher: PublisherHandle,
        meanwhile: watch::Receiver<Meanwhile>,
    ) -> Self {
        let (sender, receiver) = mpsc::channel(MAILBOX);
        let actor = Watcher {
            receiver,
            checker,
            publisher,
            meanwhile,
            all: places.into_iter().map(Watched::new).collect(),
            hot: 0,
            saved: None,
            period,
        };
        // Reading folders blocks, on a slow network drive for long. And to look costs less than to hand each look over to
        // another thread. So the actor has a thread and a clock of its own.
        spawn_blocking(move || {
            let clock = Builder::new_current_thread().enable_time().build();
            let clock = clock.expect("a runtime without I/O asks nothing of the system");
            clock.block_on(actor.run());
        });
        Self { sender }
    }

    /// Looks now. When this returns, everybody concerned by what was saved before has been told.
    pub async fn look(&self) {
        let (reply, answer) = oneshot::channel();
        // If the send fails the answer fails too; either way the watcher has ended and there is nothing to wait for.
        let _ = self.sender.send(Message::Look { reply }).await;
        let _ = answer.await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{create_dir_all, remove_dir_all, remove_file, write};
    use tempfile::TempDir;

    /// So long that only `look` looks.
    const NEVER: Duration = Duration::from_secs(24 * 60 * 60);

    struct Setting {
        folder: TempDir,
        watcher: WatcherHandle,
        checked: mpsc::UnboundedReceiver<String>,
        checker: CheckerHandle,
        meanwhile: watch::Sender<Meanwhile>,
    }

    /// Exercises `a` and `b`, each with a saved file.
    async fn setting() -> Setting {
        let folder = tempfile::tempdir().unwrap();
        let mut places = Vec::new();
        for name in ["a", "b"] {
            create_dir_all(folder.path().join(name).join("src")).unwrap();
            write(folder.path().join(name).join("src/lib.rs"), "fn first() {}").unwrap();
            places.push(Place {
                paths: vec![
                    folder.path().join(name).join("src"),
                    folder.path().join(name).join("hints.md"),
                ],
                what: What::Exercise(name.to_owned()),
            });
        }
        let (sender, checked) = mpsc::unbounded_channel();
        let checker = CheckerHandle::new(move |name, _asked| {
            let _ = sender.send(name);
            Box::pin(async { None })
        });
        let publisher =
            PublisherHandle::new(folder.path().join("book"), folder.path().join("built"));
        let (meanwhile, receiver) = watch::channel(Meanwhile::default());
        let watcher = WatcherHandle::new(places, NEVER, checker.clone(), publisher, receiver);
        Setting {
            folder,
            watcher,
            checked,
            checker,
            meanwhile,
        }
    }

    impl Setting {
        fn save(&self, file: &str, text: &str) {
            write(self.folder.path().join(file), text).unwrap();
        }

        /// The tests of `a` begin to run.
        fn tests_begin(&self) {
            let sources = vec![self.folder.path().join("a/src")];
            self.meanwhile.send_replace(Meanwhile::begin("a", sources));
        }

        fn tests_end(&self) {
            self.meanwhile.send_modify(Meanwhile::end);
        }

        /// Looks, and says how many checks were begun.
        async fn look(&mut self) -> usize {
            self.watcher.look().await;
            // It comes after all that the watcher has asked for.
            self.checker.check_later("the end").await.unwrap();
            let mut count = 0;
            while self.checked.recv().await.unwrap() != "the end" {
                count += 1;
            }
            count
        }

        /// Everything that was checked since the last call. The watcher ends with this, so no message can come later.
        async fn all_checked(mut self) -> Vec<String> {
            drop((self.watcher, self.checker));
            let mut all = Vec::new();
            while let Some(name) = self.checked.recv().await {
                all.push(name);
            }
            all
        }
    }

    #[tokio::test]
    async fn only_the_saved_exercise_is_checked() {
        let setting = setting().await;
        write(
            setting.folder.path().join("b/src/lib.rs"),
            "fn second() {} // longer",
        )
        .unwrap();
        setting.watcher.look().await;
        setting.watcher.look().await;
        assert_eq!(setting.all_checked().await, ["b"]);
    }

    #[tokio::test]
    async fn a_new_file_and_a_deleted_one_are_changes() {
        let mut setting = setting().await;
        write(setting.folder.path().join("a/src/room.rs"), "").unwrap();
        setting.watcher.look().await;
        assert_eq!(setting.checked.recv().await.unwrap(), "a");
        remove_file(setting.folder.path().join("a/src/room.rs")).unwrap();
        setting.watcher.look().await;
        assert_eq!(setting.checked.recv().await.unwrap(), "a");
        assert!(setting.all_checked().await.is_empty());
    }

    #[tokio::test]
    async fn a_folder_that_vanishes_and_comes_back_is_no_trouble() {
        let mut setting = setting().await;
        remove_dir_all(setting.folder.path().join("a")).unwrap();
        setting.watcher.look().await;
        assert_eq!(setting.checked.recv().await.unwrap(), "a");
        create_dir_all(setting.folder.path().join("a/src")).unwrap();
        write(setting.folder.path().join("a/src/lib.rs"), "").unwrap();
        setting.watcher.look().await;
        assert_eq!(setting.checked.recv().await.unwrap(), "a");
    }

    #[tokio::test]
    async fn what_editors_leave_beside_a_file_is_no_change() {
        let setting = setting().await;
        for name in [".lib.rs.swp", "lib.rs~", "#lib.rs#", "4913"] {
            write(setting.folder.path().join("a/src").join(name), "").unwrap();
        }
        setting.watcher.look().await;
        assert!(setting.all_checked().await.is_empty());
    }

    #[tokio::test]
    async fn what_a_test_writes_beside_the_code_starts_no_check_and_a_save_then_does() {
        let mut setting = setting().await;
        for run in 0..5 {
            setting.tests_begin();
            setting.save("a/src/out.txt", &"x".repeat(run + 1));
            assert_eq!(setting.look().await, 0, "while the tests run");
            setting.save("a/src/out.txt", &"x".repeat(run + 100));
            setting.tests_end();
            assert_eq!(setting.look().await, 0, "after they have ended");
        }
        setting.save("a/src/out.txt", "by hand");
        assert_eq!(setting.look().await, 1);
    }

    #[tokio::test]
    async fn code_saved_while_the_tests_run_is_checked_at_once() {
        let mut setting = setting().await;
        setting.tests_begin();
        setting.save("a/src/out.txt", "by the tests");
        setting.save("a/src/lib.rs", "fn second() {} // longer");
        assert_eq!(setting.look().await, 1);
    }

    #[tokio::test]
    async fn code_saved_after_the_last_look_of_a_run_is_checked() {
        let mut setting = setting().await;
        setting.tests_begin();
        setting.tests_end();
        setting.save("a/src/lib.rs", "fn second() {} // longer");
        assert_eq!(setting.look().await, 1);
    }

    #[tokio::test]
    async fn code_that_a_test_writes_anew_as_it_was_starts_no_check() {
        let mut setting = setting().await;
        for _ in 0..5 {
            setting.tests_begin();
            setting.save("a/src/lib.rs", "fn first() {}");
            assert_eq!(setting.look().await, 0);
            setting.tests_end();
        }
    }

    #[test]
    fn code_that_changes_in_each_run_lets_the_check_end_and_rests_and_is_never_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("lib.rs");
        let paths = vec![folder.path().to_owned()];
        let mut length = 0;
        let mut write_more = || {
            length += 1;
            write(&file, "x".repeat(length)).unwrap();
        };
        write_more();
        let place = Place {
            paths: paths.clone(),
            what: What::Exercise("a".to_owned()),
        };
        let mut watched = Watched::new(place);
        let mut clock = Instant::now();
        let begin = || Meanwhile::begin("a", paths.clone());
        let mut look = |meanwhile: &Meanwhile, at| {
            let Some(now) = watched.look(Look::Thorough, true) else {
                return false;
            };
            let answer = watched.answer("a", &now, meanwhile, at);
            if answer != Answer::Later {
                watched.seen = now;
            }
            answer == Answer::Tell
        };

        for _ in 0..RUSHES {
            let run = begin();
            write_more();
            assert!(look(&run, clock), "it may be a learner");
        }
        for rest in [1, 2, 4, 8, 16, 16] {
            let mut run = begin();
            write_more();
            assert!(!look(&run, clock), "the verdict comes first");
            run.end();
            assert!(!look(&run, clock), "it rests");
            clock += Duration::from_secs(rest);
            assert!(look(&run, clock), "it may have been a learner");
        }
        // A save between two runs is a learner's, and so may be the next one.
        let mut run = begin();
        run.end();
        write_more();
        assert!(look(&run, clock));
        let run = begin();
        write_more();
        assert!(look(&run, clock));
    }
}
