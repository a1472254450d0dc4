//! Which files a folder holds, and what they look like from outside. For what watches, copies or records sources:
//! they hold what editors and learners leave there, so links that lead nowhere, pipes and sockets count as absent, and a
//! link to a folder is not followed: it may lead back, or over the whole disk.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    time::SystemTime,
};

/// A file's time and length. An editor that saves changes at least one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    time: SystemTime,
    length: u64,
}

impl Stamp {
    /// Of a file, or of the one that a link leads to; `None` for anything else.
    pub fn of(path: &Path) -> Option<Self> {
        let metadata = fs::metadata(path).ok().filter(fs::Metadata::is_file)?;
        Some(Self {
            time: metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH),
            length: metadata.len(),
        })
    }
}

/// Files with their stamps; `None`: it was there, and is not any more.
pub type Stamps = BTreeMap<PathBuf, Option<Stamp>>;

/// The stamps of all files in `paths`, which may be files and folders and need not exist. Editors' own files are left
/// out: to write them is no save.
pub fn stamps(paths: &[PathBuf]) -> Stamps {
    let mut all = Vec::new();
    for path in paths {
        // What is named itself may be a link: an answer that is kept somewhere else.
        match fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => list(path, &is_editors_own, &mut all),
            _ => all.push(path.clone()),
        }
    }
    let stamped = |path: PathBuf| Some((Stamp::of(&path)?, path));
    (all.into_iter().filter_map(stamped))
        .map(|(stamp, path)| (path, Some(stamp)))
        .collect()
}

/// All files below `folder`, in no order. What cannot be read is not there: it may vanish in the middle of a look.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    list(folder, &|_| false, &mut all);
    all
}

/// The first of Rust's files in `paths`, which may be files and folders, that is a pipe or the like: cargo would wait for ever for what
/// it says.
pub fn pipe(paths: &[PathBuf]) -> Option<PathBuf> {
    paths.iter().find_map(|path| {
        let metadata = fs::metadata(path).ok()?;
        if metadata.is_dir() {
            let entries = fs::read_dir(path).ok()?.flatten();
            let is_link_to_folder = |path: &Path| path.is_symlink() && path.is_dir();
            let inside: Vec<_> = (entries.map(|entry| entry.path()))
                .filter(|path| !is_link_to_folder(path))
                .collect();
            return pipe(&inside);
        }
        (is_code(path) && !metadata.is_file()).then(|| path.clone())
    })
}

/// Everything that cargo and rustc read of an exercise. What else stands there is a test's input or its output.
pub fn is_code(path: &Path) -> bool {
    path.extension()
        .is_some_and(|end| end == "rs" || end == "toml")
}

fn list(folder: &Path, is_left_out: &impl Fn(&Path) -> bool, all: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        match entry.file_type() {
            _ if is_left_out(&path) => {}
            Ok(kind) if kind.is_dir() => list(&path, is_left_out, all),
            Ok(kind) if kind.is_file() || kind.is_symlink() && path.is_file() => all.push(path),
            _ => {}
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use fs::{create_dir_all, write};

    #[test]
    fn files_of_all_folders_are_found_and_editors_own_are_not_watched() {
        let folder = tempfile::tempdir().unwrap();
        create_dir_all(folder.path().join("rooms")).unwrap();
        for name in [
            "lib.rs",
            "rooms/one.rs",
            ".#lib.rs",
            "lib.rs~",
            ".lib.rs.swp",
        ] {
            write(folder.path().join(name), "").unwrap();
        }
        let found = stamps(&[folder.path().to_owned()]);
        assert_eq!(
            found.into_keys().collect::<Vec<_>>(),
            ["lib.rs", "rooms/one.rs"].map(|name| folder.path().join(name))
        );
        assert_eq!(files(folder.path()).len(), 5);
    }

    #[cfg(unix)]
    #[test]
    fn links_that_lead_nowhere_or_back_and_pipes_are_no_files() {
        use std::os::unix::fs::symlink;
        let folder = tempfile::tempdir().unwrap();
        let source = folder.path().join("src");
        create_dir_all(&source).unwrap();
        write(folder.path().join("answer.rs"), "").unwrap();
        symlink("../answer.rs", source.join("lib.rs")).unwrap();
        symlink("nowhere", source.join("gone.rs")).unwrap();
        symlink("..", source.join("up")).unwrap();
        symlink("/", source.join("everything")).unwrap();
        symlink("itself", source.join("itself")).unwrap();
        let mut mkfifo = std::process::Command::new("mkfifo");
        assert!(
            mkfifo
                .arg(source.join("pipe.rs"))
                .status()
                .unwrap()
                .success()
        );

        let nothing = source.join("gone.rs");
        assert_eq!(
            pipe(&[nothing, source.clone()]),
            Some(source.join("pipe.rs"))
        );
        fs::rename(source.join("pipe.rs"), source.join("pipe.txt")).unwrap();
        assert_eq!(pipe(std::slice::from_ref(&source)), None);

        let link = source.join("lib.rs");
        assert_eq!(files(&source), [link.as_path()]);
        let found = stamps(&[
            source.clone(),
            source.join("pipe.txt"),
            source.join("gone.rs"),
        ]);
        assert_eq!(found.into_keys().collect::<Vec<_>>(), [link]);
        assert_eq!(
            stamps(&[source.join("up")]).len(),
            2,
            "a link that is named itself is followed: answer.rs and src/lib.rs"
        );
    }
}
