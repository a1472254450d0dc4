//! The actor that notices what was saved and tells the checker and the publisher. It looks at the files' times and
//! lengths four times a second: this works on every file system, also where the system reports no changes (WSL,
//! Docker) or reports rustc's own reading.

use crate::{checker::CheckerHandle, publisher::PublisherHandle};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};
use tokio::{
    sync::{mpsc, oneshot},
    task::spawn_blocking,
    time::{MissedTickBehavior, interval},
};

/// How often the watcher looks by itself.
pub const PERIOD: Duration = Duration::from_millis(250);

/// Only [`WatcherHandle::look`] sends, and waits for its answer.
const MAILBOX: usize = 1;

enum Message {
    /// Look now; answer when everybody concerned was told.
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

/// Each file's time and length. An editor that saves changes at least one of them.
type Seen = BTreeMap<PathBuf, (SystemTime, u64)>;

struct Watcher {
    /// Every handle holds the other end. When the last one is dropped, the actor ends, and with it its handles of the
    /// checker and the publisher.
    receiver: mpsc::Receiver<Message>,
    /// Told what was saved. The checker never waits for us, so we may wait for it.
    checker: CheckerHandle,
    /// Told when the book's sources change.
    publisher: PublisherHandle,
    /// What is watched, and what it looked like last time.
    places: Vec<(Place, Seen)>,
    period: Duration,
}

impl Watcher {
    async fn run(mut self) {
        let mut ticks = interval(self.period);
        // A laptop that slept must not make up for the looks that it missed.
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                message = self.receiver.recv() => match message {
                    Some(Message::Look { reply }) => {
                        self.look().await;
                        // Who asked may have gone: what was found was told all the same.
                        let _ = reply.send(());
                    }
                    None => break,
                },
                _ = ticks.tick() => self.look().await,
            }
        }
    }

    async fn look(&mut self) {
        for (place, seen) in &mut self.places {
            let paths = place.paths.clone();
            // Reading folders blocks, on a slow network drive for long.
            let Ok(now) = spawn_blocking(move || scan_all(&paths)).await else {
                // Only when the program ends: the next look, if there is one, sees the same.
                continue;
            };
            if now != *seen {
                *seen = now;
                match &place.what {
                    // An error says that the checker has ended, and so do we when our last handle is dropped.
                    What::Exercise(name) => _ = self.checker.check_now(name).await,
                    What::Book => self.publisher.rebuild(),
                }
            }
        }
    }
}

fn scan_all(paths: &[PathBuf]) -> Seen {
    let mut seen = Seen::new();
    for path in paths {
        scan(path, &mut seen);
    }
    seen
}

/// What cannot be read is not there: files and folders may vanish between two looks, or in the middle of one.
fn scan(path: &Path, seen: &mut Seen) {
    let Ok(metadata) = fs::metadata(path) else {
        return;
    };
    if metadata.is_dir() {
        for entry in fs::read_dir(path).into_iter().flatten().flatten() {
            if !is_editors_own(&entry.path()) {
                scan(&entry.path(), seen);
            }
        }
    } else {
        let time = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
        seen.insert(path.to_owned(), (time, metadata.len()));
    }
}

/// Backups, locks and half-written files beside the one that is edited.
fn is_editors_own(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.starts_with('.')
        || name.starts_with('#')
        || name.ends_with('~')
        || name == "4913" // vim tries with this file whether it may write
        || [".tmp", ".bak", ".swp", ".swx"].iter().any(|end| name.ends_with(end))
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
    ) -> Self {
        let (sender, receiver) = mpsc::channel(MAILBOX);
        let actor = Watcher {
            receiver,
            checker,
            publisher,
            places: (places.into_iter())
                .map(|place| {
                    let seen = scan_all(&place.paths);
                    (place, seen)
                })
                .collect(),
            period,
        };
        tokio::spawn(actor.run());
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
        let checker = CheckerHandle::new(move |name| {
            let _ = sender.send(name);
            Box::pin(async { None })
        });
        let publisher =
            PublisherHandle::new(folder.path().join("book"), folder.path().join("built"));
        let watcher = WatcherHandle::new(places, NEVER, checker, publisher);
        // The first tick comes at once; whether before or after this look, nothing has changed.
        watcher.look().await;
        Setting {
            folder,
            watcher,
            checked,
        }
    }

    impl Setting {
        /// Everything that was checked since the last call. The watcher ends with this, so no message can come later.
        async fn all_checked(mut self) -> Vec<String> {
            drop(self.watcher);
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
}
