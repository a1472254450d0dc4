//! Manifests of a scratch workspace: the root's dependencies, lints and profiles, and packages that are exercises under another name.

use crate::{
    error::Error,
    workspace::{Exercise, Workspace},
};
use std::{
    fs,
    path::{Path, PathBuf},
};
use toml::{Table, Value};

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
/// can be (measured: half the time and half the disk space; with one unit each a fifth less processor time).
fn profiles(root: &mut Table) -> Table {
    let mut profiles = match root.remove("profile") {
        Some(Value::Table(profiles)) => profiles,
        _ => Table::new(),
    };
    let dev = table(&mut profiles, "dev");
    dev.insert("incremental".to_owned(), Value::Boolean(false));
    dev.insert("debug".to_owned(), Value::Boolean(false));
    if let Some(units) = dev.insert("codegen-units".to_owned(), Value::Integer(1)) {
        let dependencies = table(table(dev, "package"), "*");
        dependencies.insert("codegen-units".to_owned(), units);
    }
    profiles
}

fn table<'a>(within: &'a mut Table, key: &str) -> &'a mut Table {
    let entry = within.entry(key).or_insert_with(|| Table::new().into());
    entry
        .as_table_mut()
        .expect("cargo reads it as a table, too")
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

/// Reads a file that has to be there.
///
/// # Errors
/// It cannot be read.
pub fn read(file: &Path) -> Result<String, Error> {
    fs::read_to_string(file).map_err(|source| Error::Read {
        path: file.to_owned(),
        source,
    })
}

/// Writes a file, with the folders that it stands in, unless it holds this already: cargo goes by the time of the last change.
///
/// # Errors
/// It cannot be written.
pub fn update(path: &Path, content: impl AsRef<[u8]>) -> Result<(), Error> {
    if fs::read(path).is_ok_and(|old| old == content.as_ref()) {
        return Ok(());
    }
    let failed = |source| Error::Write {
        path: path.to_owned(),
        source,
    };
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    fs::write(path, content).map_err(failed)
}
