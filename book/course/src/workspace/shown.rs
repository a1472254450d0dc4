//! Which hints the terminal has shown. It is kept under target/, where it is in nobody's way; if it gets lost, hints begin anew.

use crate::{
    error::Error,
    workspace::{Exercise, hints::TestHints},
};
use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

/// How many hints were shown for each test.
#[derive(Debug)]
pub struct Shown {
    file: PathBuf,
    counts: BTreeMap<String, usize>,
}

impl Shown {
    /// As it is kept in this folder, which is [`Workspace::course_folder`](crate::workspace::Workspace::course_folder).
    pub fn read(folder: &Path) -> Self {
        let file = folder.join("hints.json");
        let counts = fs::read(&file)
            .ok()
            .and_then(|json| serde_json::from_slice(&json).ok());
        Self {
            file,
            counts: counts.unwrap_or_default(),
        }
    }

    /// How many were shown for a test; one more than there are, when all were shown once more.
    pub fn count(&self, exercise: &str, test: &str) -> usize {
        let count = self.counts.get(&key(exercise, test));
        count.copied().unwrap_or_default()
    }

    /// The number of the next hint, which is noted as shown: at most one more than there are.
    ///
    /// # Errors
    /// It cannot be noted.
    pub fn next(&mut self, exercise: &Exercise, hints: &TestHints) -> Result<usize, Error> {
        let count = (self.counts)
            .entry(key(&exercise.name, &hints.test))
            .or_default();
        *count = (*count + 1).min(hints.hints.len() + 1);
        let count = *count;
        self.write().map_err(|source| Error::Write {
            path: self.file.clone(),
            source,
        })?;
        Ok(count)
    }

    /// The hints of an exercise begin anew.
    ///
    /// # Errors
    /// It cannot be noted.
    pub fn forget(&mut self, exercise: &Exercise) -> Result<(), Error> {
        let of_it = key(&exercise.name, "");
        let before = self.counts.len();
        self.counts.retain(|key, _| !key.starts_with(&of_it));
        if self.counts.len() == before {
            return Ok(());
        }
        self.write().map_err(|source| Error::Write {
            path: self.file.clone(),
            source,
        })
    }

    fn write(&self) -> io::Result<()> {
        if let Some(folder) = self.file.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(&self.file, serde_json::to_vec_pretty(&self.counts)?)
    }
}

fn key(exercise: &str, test: &str) -> String {
    format!("{exercise}/{test}")
}
