//! An exercise as it comes. It stands once more in `solutions/NN-name/stub.rs`: git is not everywhere, and what the program could keep
//! of it when it is built may be a learner's answer by then.

use crate::{error::Error, workspace::Exercise};
use std::{fs, io};

/// Whether the exercise is as it came, but for line endings. One without `src/lib.rs`, or without its stub, is not.
///
/// # Errors
/// A file is there and cannot be read.
pub fn is(exercise: &Exercise) -> Result<bool, Error> {
    let read = |path| match fs::read(&path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(Error::Read { path, source }),
    };
    let (here, stub) = (read(exercise.library())?, read(exercise.stub())?);
    let plain = |bytes: Option<Vec<u8>>| bytes.map(|bytes| plain(&String::from_utf8_lossy(&bytes)));
    Ok(here.is_some() && plain(here) == plain(stub))
}

/// The text with the line endings that the repository has: a work tree may have others.
pub fn plain(text: &str) -> String {
    text.replace("\r\n", "\n")
}
