//! Builds the book by mdBook's library: the same book as `mdbook build book`, with no plug-in.

use crate::{error::Error, workspace::files};
use mdbook_driver::{MDBook, config::Config};
use mdbook_html::HtmlHandlebars;
use mdbook_renderer::{RenderContext, Renderer};
use std::{
    fmt::{self, Write},
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};
use tracing::{
    Event, Level, Metadata, Subscriber,
    field::{Field, Visit},
    span,
};

/// Builds the book in `folder` into `destination` and returns mdBook's warnings, such as of an include that is not
/// there.
///
/// Whatever was in `destination` is deleted: see [`refuse_to_delete`]. So is what is in `scratch`, before and after.
///
/// # Errors
/// mdBook's own, with all of their causes. The sources are never touched: a chapter that SUMMARY.md names and that
/// has no file is an error.
pub fn build(folder: &Path, destination: &Path, scratch: &Path) -> Result<Vec<String>, Error> {
    let log = Log::default();
    let built = tracing::subscriber::with_default(log.clone(), || {
        let mut config = config(folder)?;
        // By default mdBook writes an empty page for a chapter that has no file.
        config.build.create_missing = false;
        config.build.build_dir = destination.to_owned();
        let html = Html {
            root: scratch.to_owned(),
        };
        MDBook::load_with_config(folder, config)?
            .with_renderer(html)
            .build()
    });
    let _ = fs::remove_dir_all(scratch);
    built.map_err(|error| Error::Book(format!("{error:#}")))?;
    let marker = destination.join(MARKER);
    fs::write(&marker, "").map_err(|source| Error::Write {
        path: marker,
        source,
    })?;
    Ok(log.into_lines())
}

/// The pages in the book's order: the name of each file, without its end, and its Markdown with all that it includes.
///
/// # Errors
/// mdBook's own, with all of their causes.
pub fn pages(folder: &Path) -> Result<Vec<(String, String)>, Error> {
    let pages = || {
        let mut config = config(folder)?;
        config.build.create_missing = false;
        let html = Html {
            root: PathBuf::new(),
        };
        let (book, _) = MDBook::load_with_config(folder, config)?.preprocess_book(&html)?;
        let chapters = book.chapters().filter_map(|chapter| {
            let name = chapter.path.as_ref()?.file_stem()?.to_string_lossy();
            Some((name.into_owned(), chapter.content.clone()))
        });
        anyhow::Ok(chapters.collect())
    };
    pages().map_err(|error| Error::Book(format!("{error:#}")))
}

/// mdBook's own renderer copies all that lies beside the pages, and fails at an editor's lock file (a link that leads
/// nowhere) or at a link that leads back. So it gets a copy of the sources that holds none.
struct Html {
    /// Where the copy is made.
    root: PathBuf,
}

impl Renderer for Html {
    fn name(&self) -> &str {
        "html"
    }

    fn render(&self, context: &RenderContext) -> anyhow::Result<()> {
        let _ = fs::remove_dir_all(&self.root);
        let html = context.config.html_config().unwrap_or_default();
        let theme = html.theme.unwrap_or("theme".into());
        for folder in [&context.config.book.src, &theme] {
            for file in files::files(&context.root.join(folder)) {
                copy(&file, &context.root, &self.root)?;
            }
        }
        for file in html.additional_css.iter().chain(&html.additional_js) {
            copy(&context.root.join(file), &context.root, &self.root)?;
        }
        let mut context = context.clone();
        context.root.clone_from(&self.root);
        HtmlHandlebars::new().render(&context)
    }
}

/// Copies a file to the same place below another root. One that is gone stays away, as it would for mdBook.
fn copy(file: &Path, from: &Path, to: &Path) -> anyhow::Result<()> {
    let copy = to.join(file.strip_prefix(from)?);
    if let Some(folder) = copy.parent() {
        fs::create_dir_all(folder)?;
    }
    match fs::copy(file, copy) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

/// Where the book's sources can be had, as its `book.toml` says.
///
/// # Errors
/// The file cannot be read.
pub fn repository(folder: &Path) -> Result<Option<String>, Error> {
    config(folder)
        .and_then(|config| config.get("output.html.git-repository-url"))
        .map_err(|error| Error::Book(format!("{error:#}")))
}

/// As [`MDBook::load`] reads it.
fn config(folder: &Path) -> anyhow::Result<Config> {
    let file = folder.join("book.toml");
    let mut config = match file.exists() {
        true => Config::from_disk(&file)?,
        false => Config::default(),
    };
    config.update_from_env()?;
    Ok(config)
}

/// The file that says that a folder was built by us, so that it may be deleted and built anew.
const MARKER: &str = ".built-by-cargo-course";

/// Whether the folder holds a book that was built here: `cargo clean` takes it away while it is served.
pub fn is_built(folder: &Path) -> bool {
    folder.join(MARKER).is_file()
}

/// Refuses a destination that holds anything but a book that was built here before.
///
/// # Errors
/// [`Error::WouldDelete`].
pub fn refuse_to_delete(destination: &Path) -> Result<(), Error> {
    let is_empty = fs::read_dir(destination).map_or(true, |mut entries| entries.next().is_none());
    // Only what we have built ourselves: a checkout that holds a published book looks like one too.
    let is_book = is_built(destination) && !destination.join(".git").exists();
    if is_empty || is_book {
        Ok(())
    } else {
        Err(Error::WouldDelete(PathBuf::from(destination)))
    }
}

/// mdBook logs through `tracing`, also what an author must know; without a subscriber nobody would.
#[derive(Clone, Default)]
struct Log {
    lines: Arc<Mutex<Vec<String>>>,
}

impl Log {
    fn into_lines(self) -> Vec<String> {
        std::mem::take(&mut self.lines.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Subscriber for Log {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= Level::WARN && metadata.target().starts_with("mdbook")
    }

    fn event(&self, event: &Event<'_>) {
        let mut text = Text(String::new());
        event.record(&mut text);
        self.lines
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(text.0);
    }

    // Spans say where in mdBook we are: not of interest to an author.
    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }
    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

struct Text(String);

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            // Writing to a String cannot fail.
            let _ = write!(self.0, "{value:?}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{create_dir_all, write};

    fn book(page: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        create_dir_all(folder.path().join("src")).unwrap();
        write(
            folder.path().join("src/SUMMARY.md"),
            "- [One](one.md)\n- [Two](two.md)\n",
        )
        .unwrap();
        write(folder.path().join("src/one.md"), page).unwrap();
        folder
    }

    fn build_in(folder: &tempfile::TempDir) -> Result<Vec<String>, Error> {
        let built = folder.path().join("built");
        let scratch = folder.path().join("scratch");
        let result = build(folder.path(), &built, &scratch);
        assert!(!scratch.exists());
        result
    }

    #[test]
    fn a_chapter_without_its_file_is_an_error_and_is_not_made_up() {
        let folder = book("# One\n");
        let error = build_in(&folder).unwrap_err().to_string();
        assert!(error.contains("two.md"), "{error}");
        assert!(!folder.path().join("src/two.md").exists());
    }

    #[test]
    fn an_include_that_is_not_there_is_a_warning() {
        let folder = book("# One\n\n{{#include gone.rs}}\n");
        write(folder.path().join("src/two.md"), "# Two\n").unwrap();
        let warnings = build_in(&folder).unwrap();
        assert!(
            warnings.iter().any(|warning| warning.contains("gone.rs")),
            "{warnings:?}"
        );
    }

    #[test]
    fn only_a_built_book_may_be_overwritten() {
        let folder = book("# One\n");
        write(folder.path().join("src/two.md"), "# Two\n").unwrap();
        let built = folder.path().join("built");
        refuse_to_delete(&built).unwrap();
        build_in(&folder).unwrap();
        refuse_to_delete(&built).unwrap();
        // A checkout that holds a published book: its history must not go with the pages.
        create_dir_all(built.join(".git")).unwrap();
        assert!(refuse_to_delete(&built).is_err());
        let error = refuse_to_delete(&folder.path().join("src"))
            .unwrap_err()
            .to_string();
        assert!(error.contains("--dest"), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn an_editor_s_lock_file_a_pipe_and_a_link_that_leads_back_do_no_harm() {
        use std::os::unix::fs::symlink;
        let folder = book("# One\n\n{{#include ../outside.txt}}\n");
        write(folder.path().join("outside.txt"), "from outside").unwrap();
        let source = folder.path().join("src");
        write(source.join("two.md"), "# Two\n").unwrap();
        write(source.join("picture.svg"), "<svg/>").unwrap();
        create_dir_all(folder.path().join("theme/fonts")).unwrap();
        write(folder.path().join("theme/fonts/fonts.css"), "").unwrap();
        for folder in [source.clone(), folder.path().join("theme/fonts")] {
            symlink("me@here.123", folder.join(".#one.md")).unwrap();
            symlink("..", folder.join("up")).unwrap();
            let mut mkfifo = std::process::Command::new("mkfifo");
            assert!(mkfifo.arg(folder.join("pipe")).status().unwrap().success());
        }
        assert_eq!(build_in(&folder).unwrap(), Vec::<String>::new());
        let page = fs::read_to_string(folder.path().join("built/one.html")).unwrap();
        assert!(page.contains("from outside"), "{page}");
        assert!(folder.path().join("built/picture.svg").is_file());
    }
}
