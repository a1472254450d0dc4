//! What can go wrong in `cargo course` itself, each with the next step for the person at the terminal.

pub mod advice;

use std::{io, net::SocketAddr, path::PathBuf};

/// Everything that a command can fail with. A red test is no error: it is a verdict.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no `cargo` to start.
    #[error(
        "cargo was not found: install Rust (https://www.rust-lang.org/tools/install), open a new terminal and try again"
    )]
    NoCargo,

    /// `cargo` is there but does not start.
    #[error("cargo does not start ({0}): check that `cargo --version` works in this terminal")]
    Cargo(#[source] io::Error),

    /// `cargo metadata` refused; its own words say why.
    #[error(
        "cargo cannot read the workspace here:\n{words}\n{}",
        advice::next_step(words)
    )]
    Workspace {
        /// What cargo said on stderr.
        words: String,
    },

    /// Some other workspace, or none of the exercises left in this one.
    #[error(
        "there are no exercises in {}: run this inside the course's folder (the one that holds `exercises` and `book`)",
        .0.display()
    )]
    NotTheCourse(PathBuf),

    /// No exercise has this name.
    #[error("there is no exercise `{name}`{near}\nthe exercises are: {all}")]
    UnknownExercise {
        /// What was asked for.
        name: String,
        /// "; did you mean …?", or nothing.
        near: String,
        /// All names, in the book's order.
        all: String,
    },

    /// No page of the book has this name.
    #[error("there is no page `{name}`{near}\nthe pages are: {all}")]
    UnknownPage {
        /// What was asked for.
        name: String,
        /// "; did you mean …?", or nothing.
        near: String,
        /// All names, in the book's order.
        all: String,
    },

    /// The exercise has no test of this name.
    #[error("`{exercise}` has no test `{test}`{near}\nits tests are: {all}")]
    UnknownTest {
        /// The exercise's name.
        exercise: String,
        /// What was asked for.
        test: String,
        /// "; did you mean …?", or nothing.
        near: String,
        /// All tests, in the order of `hints.md`.
        all: String,
    },

    /// The exercise has no answer of this name.
    #[error(
        "`{exercise}` has no answer `{answer}`{near}\n`cargo course show {exercise}` lists all of them"
    )]
    UnknownAnswer {
        /// The exercise's name.
        exercise: String,
        /// What was asked for.
        answer: String,
        /// "; did you mean …?", or nothing.
        near: String,
    },

    /// No chapter without a page has this name.
    #[error(
        "book/src/SUMMARY.md has no draft `{name}`, so nothing was written; its drafts are: {all}\na chapter begins there as `- [Its title]()`"
    )]
    NoDraft {
        /// What was asked for.
        name: String,
        /// All drafts, in the book's order.
        all: String,
    },

    /// A chapter that is to begin has this file already.
    #[error("{} exists already, so nothing was written: move it away and begin again, or write on by hand", .0.display())]
    Exists(PathBuf),

    /// A file that lists the chapters has another form than it had.
    #[error(
        "{} has no list that `{line}` belongs to, so nothing was written: give it back its form, or teach src/cli/chapter.rs the new one",
        file.display()
    )]
    NoList {
        /// The file.
        file: PathBuf,
        /// What was to be listed.
        line: String,
    },

    /// `hints.md` is not built as it should be.
    #[error(
        "{}, line {line}: {what}; another exercise's hints.md shows the form, `git checkout -- FILE` brings the old one back",
        file.display()
    )]
    Hints {
        /// The file.
        file: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// What is wrong with it.
        what: &'static str,
    },

    /// A chapter's page is not built as it should be.
    #[error("{}: {what}; another chapter's page shows the form", file.display())]
    Page {
        /// The page.
        file: PathBuf,
        /// What is wrong with it.
        what: &'static str,
    },

    /// A chapter was chosen for a workshop, and not what it builds on.
    #[error(
        "chapter {chapter} builds on {missing}, which nobody has done by then: choose `--chapters {whole}` ({takes} with breaks), or say `--known {missing}` if your participants have done it"
    )]
    Needs {
        /// The chapter's name.
        chapter: String,
        /// What it needs, as the options take it.
        missing: String,
        /// What was chosen, with all that it needs.
        whole: String,
        /// How long that takes.
        takes: String,
    },

    /// The chosen chapters take longer than there is time.
    #[error("{chapters}: that is {takes} with breaks, and there are {given}; {next}")]
    TooLong {
        /// The chapters' names.
        chapters: String,
        /// How long they take.
        takes: String,
        /// How long the workshop is.
        given: String,
        /// What to do now.
        next: String,
    },

    /// A file cannot be read.
    #[error("{} cannot be read ({source}): `git status` shows whether it was moved or deleted", path.display())]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },

    /// Reading a pipe waits until somebody writes into it.
    #[error(
        "{} is no file but a pipe or the like, and whoever reads it may wait for ever: remove it, and `git checkout` brings the file back",
        .0.display()
    )]
    Pipe(PathBuf),

    /// A file cannot be written.
    #[error(
        "{} cannot be written ({source}): {}",
        path.display(),
        advice::place()
    )]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },

    /// mdBook refused.
    #[error("the book does not build: {0}\ncorrect what it names and build again")]
    Book(String),

    /// The folder holds something that is not a built book, and building would delete it.
    #[error(
        "{} holds something else than a book that was built here before, and building would delete it: name a new folder with --dest",
        .0.display()
    )]
    WouldDelete(PathBuf),

    /// The archive of `cargo course pack` cannot be made there.
    #[error("no archive can be made at {}: {what}", path.display())]
    Archive {
        /// What was asked for.
        path: PathBuf,
        /// Why not, and what to do.
        what: &'static str,
    },

    /// None of the ports tried is free.
    #[error("no port from {first} to {last} is free ({source}): choose another with --port")]
    Ports {
        /// The first port tried.
        first: u16,
        /// The last port tried.
        last: u16,
        /// What the system said of the last.
        source: io::Error,
    },

    /// The room's server cannot be bound to this address.
    #[error(
        "no room can be opened at {address} ({source}): give an address of this machine and a port that is free, as in --bind 192.168.1.20:4000"
    )]
    Bind {
        /// What was asked for.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },

    /// Without random numbers there are no secrets.
    #[error("the system gives no random numbers ({0}): restart the machine and try again")]
    NoChance(getrandom::Error),

    /// The server ended by an error.
    #[error("the server ended ({0}): start `cargo course` again")]
    Serve(#[source] io::Error),

    /// A file that `judge` needs to copy is not valid TOML.
    #[error("{} is not valid TOML ({source}): correct it and judge again", path.display())]
    Toml {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: Box<toml::de::Error>,
    },

    /// The run of a test cannot be recorded. Its verdict stays as it is.
    #[error("cannot record: {reason}; {next}")]
    NotRecorded {
        /// Why, in one line.
        reason: String,
        /// What to do now.
        next: String,
    },

    /// The tests cannot be run in other schedules. The verdict stays as it is.
    #[error("cannot explore: {reason}; {next}")]
    NotExplored {
        /// Why, in one line.
        reason: String,
        /// What to do now.
        next: String,
    },

    /// A program that is needed failed, or is not there.
    #[error("`{name}` failed:\n{words}\n{next}")]
    Program {
        /// The program.
        name: String,
        /// What it, or the system, said.
        words: String,
        /// What to do now.
        next: String,
    },

    /// The judge's scratch workspace does not build as a whole.
    #[error("cargo cannot build the answers:\n{words}\nthe workspace that it was given is {}", folder.display())]
    Scratch {
        /// What cargo said on stderr.
        words: String,
        /// The scratch workspace.
        folder: PathBuf,
    },
}

/// A tell could not be delivered: the actor has ended. There is nothing to repair; what holds the handle ends too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the actor has ended")]
pub struct Closed;
