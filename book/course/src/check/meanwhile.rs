//! What changes in an exercise while its tests run. Tests may write into `src`, and a learner may save while they run:
//! the check notes what it looked like before and after, and the watcher tells the two apart as far as that can be.

use crate::workspace::files::{self, Stamp, Stamps, is_code};
use std::{
    collections::BTreeMap,
    fs,
    hash::{DefaultHasher, Hash, Hasher},
    path::{Path, PathBuf},
};

/// The time in which an exercise's tests run.
#[derive(Clone, Debug, Default)]
pub struct Meanwhile {
    /// The exercise's name; empty if none was run yet.
    pub exercise: String,
    paths: Vec<PathBuf>,
    before: Look,
    after: Option<Look>,
}

#[derive(Clone, Debug, Default)]
struct Look {
    stamps: Stamps,
    /// What is in each file of Rust, as a number.
    contents: BTreeMap<PathBuf, u64>,
}

impl Look {
    fn at(paths: &[PathBuf]) -> Self {
        let stamps = files::stamps(paths);
        let code = stamps.keys().filter(|path| is_code(path));
        let contents = code.filter_map(|path| Some((path.clone(), content(path)?)));
        Self {
            contents: contents.collect(),
            stamps,
        }
    }

    fn stamp(&self, path: &Path) -> Option<Stamp> {
        self.stamps.get(path).copied().flatten()
    }
}

impl Meanwhile {
    /// The tests of this exercise begin; `paths` are its sources.
    pub fn begin(exercise: &str, paths: Vec<PathBuf>) -> Self {
        Self {
            exercise: exercise.to_owned(),
            before: Look::at(&paths),
            paths,
            after: None,
        }
    }

    /// They have ended, and so have all processes that they started.
    pub fn end(&mut self) {
        self.after = Some(Look::at(&self.paths));
    }

    /// Whether they have ended.
    pub fn is_over(&self) -> bool {
        self.after.is_some()
    }

    /// Whether it was in this time that the file became what it is `now`.
    pub fn saw(&self, path: &Path, now: Option<Stamp>) -> bool {
        let ours = self
            .after
            .as_ref()
            .is_none_or(|after| after.stamp(path) == now);
        ours && self.before.stamp(path) != now
    }

    /// Whether the file is Rust, and not what it was before: then the verdict is about something else.
    pub fn is_stale(&self, path: &Path) -> bool {
        let then = self.before.contents.get(path).copied();
        is_code(path) && then != content(path)
    }

    /// Whether it is over, and all Rust stayed what it was.
    pub fn was_quiet(&self) -> bool {
        let same = |after: &Look| after.contents == self.before.contents;
        self.after.as_ref().is_some_and(same)
    }

    /// What a reader must know: which files changed, and what follows from it. Empty, if none did.
    pub fn note(&self) -> String {
        let Some(after) = &self.after else {
            return String::new();
        };
        let all = after.stamps.keys().chain(self.before.stamps.keys());
        let mut changed: Vec<&PathBuf> = all
            .filter(|path| self.before.stamp(path) != after.stamp(path))
            .filter(|path| {
                !is_code(path) || self.before.contents.get(*path) != after.contents.get(*path)
            })
            .collect();
        changed.sort();
        changed.dedup();
        let (code, other): (Vec<_>, Vec<_>) = changed.into_iter().partition(|path| is_code(path));
        let mut note = Vec::new();
        if !code.is_empty() {
            note.push(format!(
                "{} changed while the tests ran, so the tests run again. If you saved it, all is well. If a test writes there, let it write into `std::env::temp_dir()`.",
                names(&code)
            ));
        }
        if !other.is_empty() {
            note.push(format!(
                "{} changed while the tests ran. Tests may do that, so it starts no new check. If you saved it, save it again.",
                names(&other)
            ));
        }
        note.join(" ")
    }
}

fn content(path: &Path) -> Option<u64> {
    let mut hasher = DefaultHasher::new();
    Stamp::of(path)?;
    fs::read(path).ok()?.hash(&mut hasher);
    Some(hasher.finish())
}

/// "src/lib.rs and src/out.txt", of three at most.
fn names(paths: &[&PathBuf]) -> String {
    let name = |path: &&PathBuf| {
        let mut parts: Vec<_> = path
            .iter()
            .rev()
            .take(2)
            .map(|part| part.to_string_lossy())
            .collect();
        parts.reverse();
        parts.join("/")
    };
    let mut names: Vec<String> = paths.iter().take(3).map(name).collect();
    if paths.len() > 3 {
        names.push(format!("{} more", paths.len() - 3));
    }
    names.join(" and ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use fs::{create_dir_all, write};
    use tempfile::TempDir;

    fn exercise() -> (TempDir, Meanwhile) {
        let folder = tempfile::tempdir().unwrap();
        let source = folder.path().join("src");
        create_dir_all(&source).unwrap();
        write(source.join("lib.rs"), "fn first() {}").unwrap();
        (folder, Meanwhile::begin("a", vec![source]))
    }

    #[test]
    fn a_time_in_which_nothing_changed_has_nothing_to_say() {
        let (_folder, mut meanwhile) = exercise();
        assert!(!meanwhile.is_over() && !meanwhile.was_quiet());
        meanwhile.end();
        assert!(meanwhile.was_quiet());
        assert_eq!(meanwhile.note(), "");
    }

    #[test]
    fn what_was_saved_before_or_after_is_not_from_this_time() {
        let (folder, mut meanwhile) = exercise();
        let file = folder.path().join("src/lib.rs");
        assert!(!meanwhile.saw(&file, Stamp::of(&file)));
        write(&file, "fn second() {} // longer").unwrap();
        assert!(meanwhile.saw(&file, Stamp::of(&file)));
        meanwhile.end();
        assert!(meanwhile.saw(&file, Stamp::of(&file)));
        write(&file, "fn third() {} // longer still").unwrap();
        assert!(!meanwhile.saw(&file, Stamp::of(&file)));
    }

    #[test]
    fn code_that_is_written_anew_as_it_was_is_not_stale() {
        let (folder, mut meanwhile) = exercise();
        let file = folder.path().join("src/lib.rs");
        write(&file, "fn first() {}").unwrap();
        assert!(!meanwhile.is_stale(&file));
        write(&file, "fn other() {}").unwrap();
        assert!(meanwhile.is_stale(&file));
        meanwhile.end();
        assert!(!meanwhile.was_quiet());
        let note = meanwhile.note();
        assert!(
            note.starts_with("src/lib.rs changed while the tests ran, so the tests run again."),
            "{note}"
        );
    }

    #[test]
    fn a_test_s_output_is_named_and_makes_nothing_stale() {
        let (folder, mut meanwhile) = exercise();
        let file = folder.path().join("src/out.txt");
        write(&file, "1").unwrap();
        assert!(meanwhile.saw(&file, Stamp::of(&file)) && !meanwhile.is_stale(&file));
        meanwhile.end();
        assert!(meanwhile.was_quiet());
        let note = meanwhile.note();
        assert!(
            note.starts_with("src/out.txt changed while the tests ran.")
                && note.contains("save it again"),
            "{note}"
        );
    }
}
