//! Lays out the scratch workspace: a small package for each answer, whose library is the answer's file and whose
//! tests are the exercise's. It has the root's dependencies, lints, profiles and lock file, and builds into the
//! root's target folder, so that the dependencies are built once for all.

use super::answer::{Answer, Source, Text};
use crate::{
    answers,
    error::Error,
    workspace::{Exercise, Workspace},
};
use std::{
    fs, io,
    path::{Path, PathBuf},
};
use toml::{Table, Value};

/// The scratch workspace's folder.
pub fn folder(workspace: &Workspace) -> PathBuf {
    workspace.target.join("judge")
}

/// Writes a scratch workspace anew. `change` has the last word about its manifest.
pub fn lay_out<'a>(
    folder: &Path,
    workspace: &Workspace,
    answers: impl IntoIterator<Item = &'a Answer>,
    change: impl FnOnce(&mut Table),
) -> Result<(), Error> {
    match fs::remove_dir_all(folder) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => {
            return Err(Error::Write {
                path: folder.to_owned(),
                source,
            });
        }
        _ => {}
    }

    let mut members = Vec::new();
    for answer in answers {
        for source in answer.sources() {
            // A number: the package's name and its folder's must differ, see `build.rs`.
            let member = members.len().to_string();
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
    write(&folder.join("Cargo.toml"), &root.to_string())?;
    let lock = workspace.root.join("Cargo.lock");
    write(&folder.join("Cargo.lock"), &read(&lock)?)
}

/// The manifest of a scratch workspace with these members: the root's dependencies, lints and profiles.
pub fn root(workspace: &Workspace, members: Vec<Value>) -> Result<Table, Error> {
    let mut root = parse(&workspace.root.join("Cargo.toml"))?;
    let mut scratch = Table::new();
    if let Some(Value::Table(original)) = root.get_mut("workspace") {
        let mut table = Table::new();
        table.insert("members".to_owned(), Value::Array(members));
        for key in ["resolver", "package", "dependencies", "lints"] {
            if let Some(value) = original.remove(key) {
                table.insert(key.to_owned(), value);
            }
        }
        if let Some(Value::Table(dependencies)) = table.get_mut("dependencies") {
            make_paths_absolute(dependencies, &workspace.root);
        }
        scratch.insert("workspace".to_owned(), Value::Table(table));
    }
    scratch.insert("profile".to_owned(), Value::Table(profiles(&mut root)));
    Ok(scratch)
}

/// The root's profiles, so that the dependencies are the same; the answers are built for one run, and that as fast as
/// can be (measured: half the time and half the disk space).
fn profiles(root: &mut Table) -> Table {
    let mut profiles = match root.remove("profile") {
        Some(Value::Table(profiles)) => profiles,
        _ => Table::new(),
    };
    let dev = profiles
        .entry("dev")
        .or_insert_with(|| Value::Table(Table::new()));
    if let Value::Table(dev) = dev {
        dev.insert("incremental".to_owned(), Value::Boolean(false));
        dev.insert("debug".to_owned(), Value::Boolean(false));
    }
    profiles
}

fn package(
    folder: &Path,
    exercise: &Exercise,
    source: &Source,
    only_test: Option<&str>,
) -> Result<(), Error> {
    let file = match &source.text {
        Text::File(file) => file.clone(),
        Text::Here(text) => {
            let file = folder.join("lib.rs");
            write(&file, text)?;
            file
        }
    };
    let mut tests = answers::rust_files(&exercise.folder.join("tests"))?;
    if let Some(name) = only_test {
        for test in &mut tests {
            let copy = folder.join(test.file_name().unwrap_or_default());
            write(&copy, &with_one_test(&read(test)?, name, &exercise.folder))?;
            *test = copy;
        }
    }
    let manifest = manifest(exercise, &source.package, &file, &tests)?;
    write(&folder.join("Cargo.toml"), &manifest.to_string())
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
    let kept = kept.replace("\nmod scenarios;", &format!("\n{scenarios}mod scenarios;"));
    format!("#![allow(unused)]\n{kept}")
}

/// The manifest of a package that is this exercise but for its name and its library's file; with these test programs.
pub fn manifest(
    exercise: &Exercise,
    name: &str,
    file: &Path,
    tests: &[PathBuf],
) -> Result<Table, Error> {
    let original = parse(&exercise.folder.join("Cargo.toml"))?;
    let mut manifest = Table::new();

    let mut package = Table::new();
    package.insert("name".to_owned(), Value::String(name.to_owned()));
    for key in ["version", "edition", "rust-version", "publish"] {
        if let Some(value) = original.get("package").and_then(|package| package.get(key)) {
            package.insert(key.to_owned(), value.clone());
        }
    }
    manifest.insert("package".to_owned(), Value::Table(package));

    let mut library = target(&exercise.crate_name(), file);
    library.insert("doctest".to_owned(), Value::Boolean(false));
    library.insert("test".to_owned(), Value::Boolean(false));
    manifest.insert("lib".to_owned(), Value::Table(library));

    let tests = tests.iter().map(|test| {
        let name = test.file_stem().unwrap_or_default().to_string_lossy();
        Value::Table(target(&name, test))
    });
    manifest.insert("test".to_owned(), Value::Array(tests.collect()));

    for key in ["dependencies", "dev-dependencies", "features", "lints"] {
        if let Some(Value::Table(table)) = original.get(key) {
            let mut table = table.clone();
            make_paths_absolute(&mut table, &exercise.folder);
            manifest.insert(key.to_owned(), Value::Table(table));
        }
    }
    Ok(manifest)
}

fn target(name: &str, file: &Path) -> Table {
    let mut target = Table::new();
    target.insert("name".to_owned(), Value::String(name.to_owned()));
    target.insert(
        "path".to_owned(),
        Value::String(file.to_string_lossy().into_owned()),
    );
    target
}

/// `path = "…"` of a dependency is relative to the Cargo.toml that it stands in.
fn make_paths_absolute(dependencies: &mut Table, folder: &Path) {
    for (_, dependency) in dependencies {
        if let Some(Value::String(path)) = dependency.get_mut("path") {
            *path = folder.join(&*path).to_string_lossy().into_owned();
        }
    }
}

fn parse(file: &Path) -> Result<Table, Error> {
    read(file)?.parse().map_err(|error| Error::Toml {
        path: file.to_owned(),
        source: Box::new(error),
    })
}

fn read(file: &Path) -> Result<String, Error> {
    fs::read_to_string(file).map_err(|source| Error::Read {
        path: file.to_owned(),
        source,
    })
}

fn write(file: &Path, text: &str) -> Result<(), Error> {
    let failed = |source| Error::Write {
        path: file.to_owned(),
        source,
    };
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    fs::write(file, text).map_err(failed)
}
