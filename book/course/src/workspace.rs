//! Finds the course's workspace and the exercises in it. All names and folders come from `cargo metadata`, never from
//! a URL or an argument.

pub mod answers;
pub mod files;
pub mod gallery;
pub mod hints;
pub mod page;
pub mod shown;
pub mod stub;

use crate::error::Error;
use cargo_metadata::MetadataCommand;
use hints::TestHints;
use std::{
    env,
    ffi::{OsStr, OsString},
    io,
    path::{Path, PathBuf},
    process::Command,
};

/// The folders of the course.
#[derive(Clone, Debug)]
pub struct Workspace {
    /// The folder of the workspace's Cargo.toml.
    pub root: PathBuf,
    /// Where cargo builds: the only place that we write to, except for what authors ask for.
    pub target: PathBuf,
    /// All exercises, in the book's order.
    pub exercises: Vec<Exercise>,
    /// Scratch workspaces are built without the network.
    pub offline: bool,
}

/// One exercise: a package in `exercises/NN-name`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exercise {
    /// "01": the chapter's number, as it is written in folder names.
    pub number: String,
    /// "recipe": the package's name, and the chapter's.
    pub name: String,
    /// `exercises/01-recipe`, absolute.
    pub folder: PathBuf,
    /// `solutions/01-recipe`, absolute.
    pub solution: PathBuf,
    /// Words that the failure of the untouched exercise contains, from `[package.metadata.course]`.
    pub starts_with: String,
    /// The dependency that is built on the real Tokio, from `[package.metadata.course]`: with it, the exercise cannot be built against
    /// the stand-in. And it is a large one: such an exercise is built only when somebody asks for it.
    pub real_tokio: Option<String>,
}

/// The program to start for cargo: the very one that started us, if any.
pub fn cargo_program() -> OsString {
    env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

impl Workspace {
    /// Finds the workspace that `folder` is in.
    ///
    /// # Errors
    /// There is no cargo, no workspace, or no exercise in it.
    pub fn find(folder: &Path) -> Result<Self, Error> {
        let mut command: Command = MetadataCommand::new()
            .cargo_path(cargo_program())
            .current_dir(folder)
            .no_deps()
            .cargo_command();
        let output = command.output().map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => Error::NoCargo,
            _ => Error::Cargo(error),
        })?;
        let words = || Error::Workspace {
            words: String::from_utf8_lossy(&output.stderr)
                .trim_end()
                .to_owned(),
        };
        if !output.status.success() {
            return Err(words());
        }
        let json = String::from_utf8_lossy(&output.stdout);
        let metadata = MetadataCommand::parse(&*json).map_err(|_| words())?;

        let root = metadata.workspace_root.into_std_path_buf();
        let folder = root.join("exercises");
        let mut exercises: Vec<Exercise> = (metadata.packages.iter())
            .filter_map(|package| Exercise::of(package, &root))
            .collect();
        exercises.sort_by(|one, other| one.number.cmp(&other.number));
        if exercises.is_empty() {
            return Err(Error::NotTheCourse(folder));
        }
        Ok(Self {
            root,
            target: metadata.target_directory.into_std_path_buf(),
            exercises,
            offline: false,
        })
    }

    /// Finds an exercise by any of "recipe", "01", "1", "01-recipe" and "exercises/01-recipe".
    ///
    /// # Errors
    /// There is none; the error names those that are written alike, and all.
    pub fn exercise(&self, name: &str) -> Result<&Exercise, Error> {
        // A path that the shell has completed: exercises/01-recipe/
        let last = Path::new(name).file_name().and_then(OsStr::to_str);
        let (asked, name) = (name, last.unwrap_or(name));
        let number = name.parse::<u32>().ok();
        let same = |exercise: &&Exercise| {
            exercise.name == name
                || exercise.folder_name() == name
                || (number.is_some() && exercise.number.parse::<u32>().ok() == number)
        };
        self.exercises.iter().find(same).ok_or_else(|| {
            let names = || self.exercises.iter().map(|exercise| exercise.name.as_str());
            Error::UnknownExercise {
                name: asked.to_owned(),
                near: did_you_mean(name, names()),
                all: names().collect::<Vec<_>>().join(", "),
            }
        })
    }

    /// Where we keep what is ours: built books, which hints were shown.
    pub fn course_folder(&self) -> PathBuf {
        self.target.join("course")
    }
}

impl Exercise {
    fn of(package: &cargo_metadata::Package, root: &Path) -> Option<Self> {
        let course = package.metadata.get("course")?;
        let starts_with = course.get("starts_with")?.as_str()?;
        let real_tokio = course.get("real_tokio").and_then(|name| name.as_str());
        let folder = package.manifest_path.parent()?.as_std_path();
        if folder.parent()? != root.join("exercises") {
            return None;
        }
        let (number, _) = folder.file_name()?.to_str()?.split_once('-')?;
        Some(Self {
            number: number.to_owned(),
            name: package.name.to_string(),
            folder: folder.to_owned(),
            solution: root.join("solutions").join(folder.file_name()?),
            starts_with: starts_with.to_owned(),
            real_tokio: real_tokio.map(str::to_owned),
        })
    }

    /// "01-recipe": the same for the exercise, its solution and its page.
    pub fn folder_name(&self) -> String {
        format!("{}-{}", self.number, self.name)
    }

    /// The file that the learner edits, as they would type it.
    pub fn file(&self) -> String {
        format!("exercises/{}/src/lib.rs", self.folder_name())
    }

    /// The same file, absolute.
    pub fn library(&self) -> PathBuf {
        self.folder.join("src").join("lib.rs")
    }

    /// That file as it comes.
    pub fn stub(&self) -> PathBuf {
        self.solution.join("stub.rs")
    }

    /// What a verdict depends on: files and folders of the exercise.
    pub fn sources(&self) -> Vec<PathBuf> {
        let names = ["src", "tests", "Cargo.toml", "hints.md"];
        names.map(|name| self.folder.join(name)).into()
    }

    /// The name by which Rust code knows the package.
    pub fn crate_name(&self) -> String {
        self.name.replace('-', "_")
    }

    /// The promises and hints of its tests.
    ///
    /// # Errors
    /// As [`hints::read`].
    pub fn hints(&self) -> Result<Vec<TestHints>, Error> {
        hints::read(&self.folder.join("hints.md"))
    }
}

/// "; did you mean …?" with the names that are written like `name`; empty if there is none.
pub fn did_you_mean<'a>(name: &str, names: impl Iterator<Item = &'a str>) -> String {
    // The similarity from which clap proposes a name too.
    let near: Vec<_> = names
        .filter(|other| strsim::jaro(name, other) > 0.7)
        .map(|other| format!("`{other}`"))
        .collect();
    if near.is_empty() {
        String::new()
    } else {
        format!("; did you mean {}?", near.join(" or "))
    }
}
