//! `cargo course build`: the static site.

use crate::{error::Error, live::book, terminal, workspace::Workspace};
use std::path::PathBuf;
use tokio::task::spawn_blocking;

/// Builds the book into `destination`, else into `target/book`. The exit code is 1 if mdBook warned.
///
/// # Errors
/// The book does not build, or `destination` holds something else.
pub async fn build(workspace: &Workspace, destination: Option<PathBuf>) -> Result<u8, Error> {
    let destination = match destination {
        Some(path) => {
            // mdBook takes a relative path as relative to the book.
            let path =
                std::path::absolute(&path).map_err(|source| Error::Write { path, source })?;
            book::refuse_to_delete(&path)?;
            path
        }
        None => workspace.target.join("book"),
    };
    let (source, into) = (workspace.root.join("book"), destination.clone());
    let scratch = workspace.course_folder().join("sources");
    let built = spawn_blocking(move || book::build(&source, &into, &scratch)).await;
    let warnings = built.map_err(|panic| Error::Book(panic.to_string()))??;
    for warning in &warnings {
        terminal::warn(warning);
    }
    terminal::say(format_args!("the book is in {}", destination.display()));
    Ok(u8::from(!warnings.is_empty()))
}
