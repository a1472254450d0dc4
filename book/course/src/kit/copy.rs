//! A scratch copy of an exercise with another answer in it: what is run of it never comes near `exercises/`.

use crate::{
    check::settings::{CargoWords, Scratch, Settings},
    error::Error,
    process::echo,
    scratch::manifest::{self, read, update},
    workspace::{Exercise, Workspace, answers, files},
};
use std::{fs, path::Path};
use toml::Value;

/// An exercise that lies in a workspace of its own.
pub struct Copy {
    /// The copy: as the original, in another folder.
    pub exercise: Exercise,
    /// How it is checked.
    pub settings: Settings,
}

impl Copy {
    /// Copies the exercise, with `answer` as its `src/lib.rs`, into `target/course/copies/NAME/LABEL`.
    ///
    /// # Errors
    /// A file cannot be read or written.
    pub fn new(
        workspace: &Workspace,
        exercise: &Exercise,
        answer: &Path,
        label: &str,
    ) -> Result<Self, Error> {
        let folder = (workspace.course_folder().join("copies"))
            .join(&exercise.name)
            .join(label);
        // Another name than the package's, see `scratch/build.rs`; and another for each answer: cargo knows packages in one target folder
        // by their place in the workspace.
        let member_name = format!("{label}.copy");
        let member = folder.join(&member_name);
        let library = member.join("src").join("lib.rs");
        update(&library, read(answer)?)?;
        update(
            &member.join("hints.md"),
            read(&exercise.folder.join("hints.md"))?,
        )?;
        let tests = exercise.folder.join("tests");
        for file in files::files(&tests) {
            let copy = member
                .join("tests")
                .join(file.strip_prefix(&tests).unwrap_or(&file));
            let bytes = fs::read(&file).map_err(|source| Error::Read { path: file, source })?;
            update(&copy, bytes)?;
        }
        let tests = answers::rust_files(&member.join("tests"))?;
        let text = manifest::manifest(exercise, &exercise.name, &library, &tests)?;
        update(&member.join("Cargo.toml"), text.to_string())?;
        let root = manifest::root(workspace, vec![Value::String(member_name)])?;
        let manifest = folder.join("Cargo.toml");
        update(&manifest, root.to_string())?;
        let lock = read(&workspace.root.join("Cargo.lock"))?;
        update(&folder.join("Cargo.lock"), lock)?;

        let words = match echo::has_terminal() {
            true => CargoWords::Terminal,
            false => CargoWords::Notes,
        };
        Ok(Self {
            exercise: Exercise {
                folder: member,
                ..exercise.clone()
            },
            settings: Settings {
                scratch: Some(Scratch {
                    manifest,
                    target: workspace.target.clone(),
                }),
                ..Settings::new(&workspace.root, words)
            },
        })
    }
}
