//! The scratch workspace in which an exercise is recorded or explored: a copy of the learner's `src`, the exercise's own tests,
//! and manifests in which `tokio` and `harness` mean their stand-ins.

use crate::{
    error::Error,
    scratch::manifest::{self, read, update},
    stand_in::{Labels, Purpose, source::with_debug, stand_in},
    workspace::{Exercise, Workspace, answers, files},
};
use std::{
    fs,
    path::{Path, PathBuf},
};
use toml::Value;

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
        // Its only member lies where the exercise does in the course, so rustc and panics name the learner's own file.
        let name = format!("exercises/{}", exercise.folder_name());
        let member = self.folder.join(&name);
        copy_sources(&exercise.folder.join("src"), &member.join("src"), labels)?;
        let library = member.join("src").join("lib.rs");
        let tests = answers::rust_files(&exercise.folder.join("tests"))?;
        let manifest = manifest::manifest(exercise, &exercise.name, &library, &tests)?;
        update(&member.join("Cargo.toml"), manifest.to_string())?;

        let mut root = manifest::root(workspace, vec![Value::String(name)])?;
        stand_in(&mut root, workspace, self.purpose, labels);
        update(&self.folder.join("Cargo.toml"), root.to_string())?;
        // Cargo takes out of it what is not needed here. Each time anew: the root's may have changed.
        let lock = read(&workspace.root.join("Cargo.lock"))?;
        update(&self.folder.join("Cargo.lock"), lock)
    }

    /// The folder that a run leaves its recording in.
    pub fn recording(&self) -> PathBuf {
        self.folder.join("recording")
    }
}

/// Copies a folder's files. What was deleted from it stays in the copy: no `mod` leads there any more.
fn copy_sources(from: &Path, to: &Path, labels: Labels) -> Result<(), Error> {
    for path in files::files(from) {
        let copy = to.join(path.strip_prefix(from).unwrap_or(&path));
        let bytes = fs::read(&path).map_err(|source| Error::Read {
            path: path.clone(),
            source,
        })?;
        match str::from_utf8(&bytes) {
            Ok(text) if labels == Labels::Debug && path.extension().is_some_and(|e| e == "rs") => {
                update(&copy, with_debug(text))?;
            }
            _ => update(&copy, bytes)?,
        }
    }
    Ok(())
}
