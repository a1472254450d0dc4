//! Places in the source that is recorded.
//!
//! Every constructor here is `#[track_caller]`, and so are the `poll`s: when an `.await` calls one, its caller is the line of that
//! `.await`. Called from a library (a `timeout`, a `join_all`), the caller is in that library, which helps nobody.

use std::{
    panic::Location,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
};

pub(crate) type Place = &'static Location<'static>;

/// Whether this process has recorded anything yet. Where it has not, nobody has to find out who called.
static BEGUN: AtomicBool = AtomicBool::new(false);

pub(crate) fn begin() {
    BEGUN.store(true, Relaxed);
}

pub(crate) fn has_begun() -> bool {
    BEGUN.load(Relaxed)
}

/// The place of the caller's caller, if it is in the source of those who use Tokio, and somebody records.
#[track_caller]
pub(crate) fn here() -> Option<Place> {
    let place = Location::caller();
    (has_begun() && is_users(place)).then_some(place)
}

/// Neither the standard library, nor a dependency, nor this crate.
pub(crate) fn is_users(place: &Location<'_>) -> bool {
    let file = place.file().replace('\\', "/");
    let library = file.starts_with("/rustc/")
        || file.contains("/registry/src/")
        || file.contains("/lib/rustlib/src/");
    !library && !file.starts_with(own_folder().as_str())
}

fn own_folder() -> String {
    file!().replace('\\', "/").replace("place.rs", "")
}

/// The file's name without its folders: paths differ from machine to machine.
pub(crate) fn file_name<'a>(place: &Location<'a>) -> &'a str {
    let path = place.file();
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}
