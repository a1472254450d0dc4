//! `cargo course reset`: an exercise as it came. What a learner wrote is kept first.

use crate::{
    error::Error,
    terminal,
    workspace::{Exercise, Workspace, files, shown::Shown, stub},
};
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// Puts the exercise's `src/lib.rs` back as it came, and says where the answer is kept. Its hints begin anew.
///
/// # Errors
/// There is no such exercise; its stub cannot be read; the answer cannot be kept. Then nothing is changed.
pub fn reset(workspace: &Workspace, name: &str) -> Result<u8, Error> {
    let exercise = workspace.exercise(name)?;
    if let Some(pipe) = files::pipe(&[exercise.folder.join("src"), exercise.stub()]) {
        return Err(Error::Pipe(pipe));
    }
    if stub::is(exercise)? {
        terminal::say(format_args!(
            "{} is as it came: nothing to do",
            exercise.file()
        ));
        return Ok(0);
    }
    let path = exercise.stub();
    let stub = fs::read(&path).map_err(|source| Error::Read { path, source })?;
    let kept = keep(workspace, exercise)?;
    let kept = kept.strip_prefix(&workspace.root).unwrap_or(&kept);
    replace(&exercise.library(), &stub)?;
    terminal::say(format_args!(
        "your answer is kept in {} (`cargo clean` deletes it: copy elsewhere what you want to keep for long)\n\
         {} is as it came, and its hints begin anew; to have your answer back, copy it there",
        terminal::strong(kept.display()),
        exercise.file()
    ));
    Shown::read(&workspace.course_folder()).forget(exercise)?;
    Ok(0)
}

/// Copies all of `src` into a new folder.
fn keep(workspace: &Workspace, exercise: &Exercise) -> Result<PathBuf, Error> {
    let source = exercise.folder.join("src");
    let kept = new_folder(&workspace.course_folder().join("kept"), exercise)?;
    for file in files::files(&source) {
        let copy = kept.join(file.strip_prefix(&source).unwrap_or(&file));
        let folder = copy.parent().unwrap_or(&kept);
        let copied = fs::create_dir_all(folder).and_then(|()| fs::copy(&file, &copy));
        copied.map_err(|source| Error::Write { path: copy, source })?;
    }
    Ok(kept)
}

/// `01-recipe-1`, `01-recipe-2` and so on: the first that nothing is kept in.
fn new_folder(kept: &Path, exercise: &Exercise) -> Result<PathBuf, Error> {
    let failed = |path: &Path, source| Error::Write {
        path: path.to_owned(),
        source,
    };
    fs::create_dir_all(kept).map_err(|source| failed(kept, source))?;
    let mut number = 1;
    loop {
        let folder = kept.join(format!("{}-{number}", exercise.folder_name()));
        // It fails where one is: two terminals may reset at once.
        match fs::create_dir(&folder) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => number += 1,
            made => {
                return made
                    .map(|()| folder.clone())
                    .map_err(|source| failed(&folder, source));
            }
        }
    }
}

/// At once and as a whole. A link to an answer that lies elsewhere is replaced, and not what it leads to.
fn replace(file: &Path, bytes: &[u8]) -> Result<(), Error> {
    // A dot in front: nobody takes it for a source, and no watcher for a save.
    let new = file.with_file_name(".lib.rs.new");
    let folder = file.parent().unwrap_or(file);
    let written = fs::create_dir_all(folder)
        .and_then(|()| fs::write(&new, bytes))
        .and_then(|()| fs::rename(&new, file));
    written.map_err(|source| {
        let _ = fs::remove_file(&new);
        Error::Write {
            path: file.to_owned(),
            source,
        }
    })
}
