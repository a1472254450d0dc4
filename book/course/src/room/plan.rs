//! What the room knows of the course: which tests there are, what each promises, and the thoughts that are known to fail it.

use crate::{
    error::Error,
    room::standing::{COMPILE, Standing, VERSION},
    workspace::{Workspace, gallery},
};

/// The exercises, in the book's order.
#[derive(Debug)]
pub struct Plan {
    /// Each of them.
    pub chapters: Vec<Chapter>,
}

/// One exercise.
#[derive(Debug)]
pub struct Chapter {
    /// "recipe".
    pub name: String,
    /// "01-recipe".
    pub folder: String,
    /// In the order in which learners meet them.
    pub tests: Vec<Test>,
}

/// Where somebody can be stuck.
#[derive(Debug)]
pub struct Test {
    /// The test function's name, or [`COMPILE`].
    pub name: String,
    /// In words; of [`COMPILE`], what is wrong.
    pub promise: String,
    /// In the words of those who were stuck there before.
    pub thoughts: Vec<String>,
}

impl Plan {
    /// Reads `hints.md` and the headers of the rejected answers of each exercise.
    ///
    /// # Errors
    /// One of them cannot be read.
    pub fn of(workspace: &Workspace) -> Result<Self, Error> {
        let mut chapters = Vec::new();
        for exercise in &workspace.exercises {
            let entries = gallery::entries(exercise)?;
            let test = |name: &str, promise: &str| Test {
                name: name.to_owned(),
                promise: promise.to_owned(),
                thoughts: (entries.iter().filter(|entry| entry.test == name))
                    .flat_map(|entry| entry.thoughts.clone())
                    .collect(),
            };
            let mut tests = vec![test(COMPILE, "It does not compile")];
            tests.extend((exercise.hints()?.iter()).map(|hints| test(&hints.test, &hints.promise)));
            chapters.push(Chapter {
                name: exercise.name.clone(),
                folder: exercise.folder_name(),
                tests,
            });
        }
        Ok(Self { chapters })
    }

    /// Whether it says nothing but what this course has names for. So nothing that a stranger wrote gets into the room but a name.
    pub fn has(&self, standing: &Standing) -> bool {
        let chapter = self
            .chapters
            .iter()
            .find(|chapter| chapter.name == standing.exercise);
        let is_test = |first: &str, chapter: &Chapter| {
            first.is_empty() || chapter.tests.iter().any(|test| test.name == first)
        };
        standing.v == VERSION
            && standing.passed <= standing.of
            && chapter.is_some_and(|chapter| is_test(&standing.first, chapter))
    }
}
