//! What was judged before: `solutions/judged.toml` has a digest for each chapter, of all that its verdicts depend on. A chapter whose
//! digest is the same today has the same verdicts, and is not judged again: all answers together take a quarter of an hour.

use super::Report;
use crate::{
    error::Error,
    scratch::manifest::{read, update},
    workspace::{Exercise, Workspace, files},
};
use sha2::{Digest, Sha256};
use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

/// What all verdicts depend on, besides rustc: the crates that are built, and what judges.
const OF_ALL: &[&str] = &[
    ".cargo/config.toml",
    "Cargo.lock",
    "Cargo.toml",
    "book/course/src/check",
    "book/course/src/judge",
    "book/course/src/process",
    "book/course/src/scratch",
    "book/course/src/stand_in",
    "book/tokio-traced",
    "exercises/harness",
    "exercises/wire",
];

const HEAD: &str = "\
# Written by `cargo course judge --write`: a digest of all that each chapter's verdicts depend on, when its answers were as they should be.
# `cargo course judge` leaves out what has not changed since then.
";

/// Digests by the folder names of the exercises.
pub type Digests = BTreeMap<String, String>;

/// Of each exercise, as it is now.
pub fn digests<'a>(
    workspace: &Workspace,
    exercises: impl IntoIterator<Item = &'a Exercise>,
) -> Digests {
    let mut all = Sha256::new();
    all.update(rustc());
    for part in OF_ALL {
        add(&mut all, &workspace.root, &workspace.root.join(part));
    }
    let of = |exercise: &Exercise| {
        let mut all = all.clone();
        // Its `src` is the learner's; `stub.rs` beside the solution is what is judged.
        for part in ["Cargo.toml", "tests"] {
            add(&mut all, &workspace.root, &exercise.folder.join(part));
        }
        add(&mut all, &workspace.root, &exercise.solution);
        (exercise.folder_name(), hex(&all.finalize()))
    };
    exercises.into_iter().map(of).collect()
}

/// Those of the last time that `--write` was there. What cannot be read is judged again.
pub fn known(workspace: &Workspace) -> Digests {
    let text = fs::read_to_string(file(workspace)).unwrap_or_default();
    toml::from_str(&text).unwrap_or_default()
}

/// Keeps the digests of those exercises of which all is as it should be.
///
/// # Errors
/// The file cannot be written.
pub fn write(workspace: &Workspace, report: &Report) -> Result<(), Error> {
    let mut digests = known(workspace);
    for exercise in &workspace.exercises {
        let name = exercise.folder_name();
        let mut findings = report
            .findings
            .iter()
            .filter(|finding| finding.exercise == exercise.name);
        match report.digests.get(&name) {
            Some(digest) if findings.all(|finding| finding.is_right) => {
                digests.insert(name, digest.clone());
            }
            Some(_) => _ = digests.remove(&name),
            None => {}
        }
    }
    let lines = digests
        .iter()
        .map(|(name, digest)| format!("{name} = \"{digest}\"\n"));
    update(
        &file(workspace),
        HEAD.to_owned() + &lines.collect::<String>(),
    )
}

fn file(workspace: &Workspace) -> PathBuf {
    workspace.root.join("solutions/judged.toml")
}

/// Which rustc, and for which system.
fn rustc() -> Vec<u8> {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc).arg("-vV").output();
    output.map(|output| output.stdout).unwrap_or_default()
}

/// Adds a file, or all code in a folder: where it is, how long, and its text.
fn add(all: &mut Sha256, root: &Path, path: &Path) {
    let mut files = if path.is_dir() {
        files::files(path)
    } else {
        vec![path.to_owned()]
    };
    files.retain(|file| files::is_code(file) || file == path);
    files.sort();
    for file in files {
        let text = read(&file).unwrap_or_default();
        let name = file.strip_prefix(root).unwrap_or(&file);
        let name = name.to_string_lossy().replace('\\', "/");
        all.update(format!("{name}\n{}\n{text}", text.len()));
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
