//! The scratch workspace in which an exercise is recorded or explored: a copy of the learner's `src`, the exercise's own tests,
//! and manifests in which `tokio` and `harness` mean their stand-ins.

use super::source::with_debug;
use crate::{
    error::Error,
    judge::scratch,
    workspace::{Exercise, Workspace},
};
use std::{
    fs, io,
    path::{Path, PathBuf},
};
use toml::{Table, Value};

/// Its only member's folder. A number for the reason that `judge/scratch.rs` has: names must differ.
const MEMBER: &str = "0";

/// How messages are labelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Labels {
    /// By their `Debug`, which the copy derives where it is missing.
    Debug,
    /// By their types' names: what is left where that does not compile.
    Types,
}

/// What an exercise is built for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To be recorded: the harness only runs the tests.
    Trace,
    /// To run in many schedules: the harness is the real one.
    Explore,
}

pub struct Stage {
    pub folder: PathBuf,
    purpose: Purpose,
}

impl Stage {
    pub fn new(workspace: &Workspace, exercise: &Exercise, purpose: Purpose) -> Self {
        let folder = match purpose {
            Purpose::Trace => "trace",
            Purpose::Explore => "explore",
        };
        Self {
            folder: workspace.target.join(folder).join(&exercise.name),
            purpose,
        }
    }

    /// Writes what has changed since the last time; cargo then builds only what has.
    pub fn lay_out(
        &self,
        workspace: &Workspace,
        exercise: &Exercise,
        labels: Labels,
    ) -> Result<(), Error> {
        let member = self.folder.join(MEMBER);
        copy_sources(&exercise.folder.join("src"), &member.join("src"), labels)?;
        let library = member.join("src").join("lib.rs");
        let manifest = scratch::manifest(exercise, &exercise.name, &library)?;
        update(&member.join("Cargo.toml"), manifest.to_string().as_bytes())?;

        let mut root = scratch::root(workspace, vec![Value::String(MEMBER.to_owned())])?;
        stand_in(&mut root, workspace, self.purpose, labels);
        update(&self.folder.join("Cargo.toml"), root.to_string().as_bytes())?;
        // Cargo takes out of it what is not needed here. Each time anew: the root's may have changed.
        let lock = read(&workspace.root.join("Cargo.lock"))?;
        update(&self.folder.join("Cargo.lock"), &lock)
    }

    /// The folder that the run leaves its recording in, without what the run before left there.
    pub fn clear_recording(&self) -> Result<PathBuf, Error> {
        let path = self.folder.join("recording");
        match fs::remove_dir_all(&path) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                Err(Error::Write { path, source })
            }
            _ => Ok(path),
        }
    }
}

/// Lets `tokio` and `harness` mean their stand-ins.
pub fn stand_in(root: &mut Table, workspace: &Workspace, purpose: Purpose, labels: Labels) {
    let Some(Value::Table(dependencies)) = root
        .get_mut("workspace")
        .and_then(|table| table.get_mut("dependencies"))
    else {
        return;
    };
    let traced = workspace.root.join("book").join("tokio-traced");
    let mut replace = |name: &str, package: &str, path: PathBuf, by_default: bool| {
        if let Some(Value::Table(dependency)) = dependencies.get_mut(name) {
            let path = path.to_string_lossy().into_owned();
            dependency.remove("version");
            dependency.insert("package".to_owned(), Value::String(package.to_owned()));
            dependency.insert("path".to_owned(), Value::String(path));
            let by_default = Value::Boolean(by_default);
            dependency.insert("default-features".to_owned(), by_default);
        }
    };
    let (harness, folder) = match purpose {
        Purpose::Trace => ("harness-traced", "harness"),
        Purpose::Explore => ("harness-explored", "explored"),
    };
    replace("harness", harness, traced.join(folder), true);
    // Its only feature by default is `debug`.
    replace("tokio", "tokio-traced", traced, labels == Labels::Debug);
    if purpose == Purpose::Explore {
        run_fast(root);
    }
}

/// The dependencies run optimised: they are built once and run thousands of times (measured: half the time for as many schedules).
fn run_fast(root: &mut Table) {
    let mut table = root;
    for key in ["profile", "dev", "package", "*"] {
        let entry = table
            .entry(key)
            .or_insert_with(|| Value::Table(Table::new()));
        match entry {
            Value::Table(next) => table = next,
            _ => return,
        }
    }
    table.insert("opt-level".to_owned(), Value::Integer(1));
}

/// Copies a folder. What was deleted from it stays in the copy: no `mod` leads there any more.
fn copy_sources(from: &Path, to: &Path, labels: Labels) -> Result<(), Error> {
    let failed = |source| Error::Read {
        path: from.to_owned(),
        source,
    };
    for entry in fs::read_dir(from).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let copy = to.join(path.file_name().unwrap_or_default());
        if path.is_dir() {
            copy_sources(&path, &copy, labels)?;
            continue;
        }
        let bytes = read(&path)?;
        match str::from_utf8(&bytes) {
            Ok(text) if labels == Labels::Debug && path.extension().is_some_and(|e| e == "rs") => {
                update(&copy, with_debug(text).as_bytes())?;
            }
            _ => update(&copy, &bytes)?,
        }
    }
    Ok(())
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    fs::read(path).map_err(|source| Error::Read {
        path: path.to_owned(),
        source,
    })
}

/// Writes a file unless it holds this already: cargo goes by the time of the last change.
fn update(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    if fs::read(path).is_ok_and(|old| old == bytes) {
        return Ok(());
    }
    let failed = |source| Error::Write {
        path: path.to_owned(),
        source,
    };
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    fs::write(path, bytes).map_err(failed)
}
