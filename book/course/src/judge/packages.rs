//! Lays out the scratch workspace: a small package for each answer, whose library is the answer's file and whose
//! tests are the exercise's. It has the root's dependencies, lints, profiles and lock file, and builds into the
//! root's target folder, so that the dependencies are built once for all.

use super::answer::{Answer, Source};
use crate::{
    error::Error,
    scratch::manifest::{manifest, read, root, update},
    workspace::{Exercise, Workspace, answers},
};
use std::path::{Path, PathBuf};
use toml::{Table, Value};

/// The scratch workspace's folder.
pub fn folder(workspace: &Workspace) -> PathBuf {
    workspace.target.join("judge")
}

/// Writes a scratch workspace; what has not changed since the last time is left, so that cargo builds only what has. `change` has the
/// last word about its manifest.
pub fn lay_out<'a>(
    folder: &Path,
    workspace: &Workspace,
    answers: impl IntoIterator<Item = &'a Answer>,
    change: impl FnOnce(&mut Table),
) -> Result<(), Error> {
    let mut members = Vec::new();
    for answer in answers {
        for source in answer.sources() {
            // The package's name and its folder's must differ, see `scratch/build.rs`.
            let member = source.package.replace("--", ".");
            package(
                &folder.join(&member),
                &answer.exercise,
                source,
                answer.only_test(),
            )?;
            members.push(Value::String(member));
        }
    }
    let mut root = root(workspace, members)?;
    change(&mut root);
    update(&folder.join("Cargo.toml"), root.to_string())?;
    let lock = workspace.root.join("Cargo.lock");
    update(&folder.join("Cargo.lock"), read(&lock)?)
}

fn package(
    folder: &Path,
    exercise: &Exercise,
    source: &Source,
    only_test: Option<&str>,
) -> Result<(), Error> {
    let mut tests = answers::rust_files(&exercise.folder.join("tests"))?;
    if let Some(name) = only_test {
        for test in &mut tests {
            let copy = folder.join(test.file_name().unwrap_or_default());
            update(&copy, with_one_test(&read(test)?, name, &exercise.folder))?;
            *test = copy;
        }
    }
    let manifest = manifest(exercise, &source.package, &source.file, &tests)?;
    update(&folder.join("Cargo.toml"), manifest.to_string())
}

/// The name in a line such as `mod by_hand;`.
fn helper(line: &str) -> Option<&str> {
    line.strip_prefix("mod ")?.strip_suffix(';')
}

/// The text of a test file without all tests but this one: what is left is built in half the time (measured).
fn with_one_test(text: &str, name: &str, exercise: &Path) -> String {
    const TEST: &str = "#[test]\n";
    const LEFT_OUT: &str = "#[cfg(any())]\n";
    let mut parts = text.split(TEST);
    let mut kept = parts.next().unwrap_or_default().to_owned();
    let mut scenarios = LEFT_OUT.to_owned();
    for part in parts {
        let (_, function) = part.split_once("fn ").unwrap_or_default();
        let is_it = function.split('(').next() == Some(name);
        if is_it && part.contains("scenarios::") {
            let file = exercise.join("tests").join("scenarios").join("mod.rs");
            scenarios = format!("#[path = {file:?}]\n");
        }
        kept.push_str(if is_it { TEST } else { LEFT_OUT });
        kept.push_str(part);
    }
    let helpers = kept
        .lines()
        .filter_map(helper)
        .filter(|name| *name != "scenarios");
    for name in Vec::from_iter(helpers.map(str::to_owned)) {
        let file = exercise.join("tests").join(&name).join("mod.rs");
        let module = format!("\nmod {name};");
        kept = kept.replace(&module, &format!("\n#[path = {file:?}]{module}"));
    }
    let kept = kept.replace("\nmod scenarios;", &format!("\n{scenarios}mod scenarios;"));
    format!("#![allow(unused)]\n{kept}")
}
