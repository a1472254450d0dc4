//! The answers in `solutions/`: accepted ones and rejected ones, each a complete `lib.rs` with a header that says why
//! it is there.

use crate::{error::Error, workspace::Exercise};
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// A right answer that is built differently.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// The file.
    pub file: PathBuf,
    /// Why it is right and what it costs.
    pub why: String,
}

/// A wrong answer that learners really write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejected {
    /// The file.
    pub file: PathBuf,
    /// The test that must fail, or `compile`: it must not compile.
    pub test: String,
    /// The header goes on with "in some schedules": plain `cargo test` may pass.
    pub in_some_schedules: bool,
    /// What the failure must say, each of them.
    pub says: Vec<String>,
    /// The misconception, in a learner's words.
    pub thinks: String,
}

impl Rejected {
    /// The file's name, without its ending.
    pub fn name(&self) -> String {
        let name = self.file.file_stem().unwrap_or_default();
        name.to_string_lossy().into_owned()
    }
}

/// How the header of an answer goes on that is red in some schedules only.
const IN_SOME_SCHEDULES: &str = "in some schedules";

/// The accepted answers of an exercise, by name.
///
/// # Errors
/// A file or folder cannot be read.
pub fn accepted(exercise: &Exercise) -> Result<Vec<Accepted>, Error> {
    let files = rust_files(&exercise.solution.join("accepted"))?;
    let read = |file: PathBuf| {
        let why = Header::read(&file)?.all("accepted").join(" ");
        Ok(Accepted { file, why })
    };
    files.into_iter().map(read).collect()
}

/// The rejected answers of an exercise, by name.
///
/// # Errors
/// A file or folder cannot be read.
pub fn rejected(exercise: &Exercise) -> Result<Vec<Rejected>, Error> {
    let files = rust_files(&exercise.solution.join("rejected"))?;
    let read = |file: PathBuf| {
        let header = Header::read(&file)?;
        let test = header.all("rejected").join(" ");
        let scheduled = test.strip_suffix(IN_SOME_SCHEDULES);
        Ok(Rejected {
            in_some_schedules: scheduled.is_some(),
            test: scheduled.unwrap_or(&test).trim_end().to_owned(),
            says: header.all("says"),
            thinks: header.all("thinks").join(" "),
            file,
        })
    };
    files.into_iter().map(read).collect()
}

/// The Rust files of a folder, by name; none, if there is no such folder.
pub(crate) fn rust_files(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let failed = |source| Error::Read {
        path: folder.to_owned(),
        source,
    };
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(failed)?,
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.map_err(failed)?.path();
        // Cargo leaves these out too: a link that leads nowhere, as Emacs locks a file with it, has a dot in front.
        let is_hidden = path
            .file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with('.'));
        let is_rust = path.extension().is_some_and(|extension| extension == "rs");
        // Not a pipe: reading one waits for a writer.
        if is_rust && !is_hidden && path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// The fields of the `//!` lines that a file begins with. A line without a field's name continues the field above it.
struct Header {
    fields: Vec<(&'static str, String)>,
}

impl Header {
    const NAMES: [&'static str; 4] = ["accepted", "rejected", "says", "thinks"];

    fn read(file: &Path) -> Result<Self, Error> {
        let text = fs::read_to_string(file).map_err(|source| Error::Read {
            path: file.to_owned(),
            source,
        })?;
        Ok(Self::parse(&text))
    }

    fn parse(text: &str) -> Self {
        let mut fields: Vec<(&'static str, String)> = Vec::new();
        // An empty `//!` line ends the fields: what follows is a comment like any other.
        let lines = text
            .lines()
            .map_while(|line| line.trim().strip_prefix("//!"))
            .map(str::trim);
        for line in lines.take_while(|line| !line.is_empty()) {
            let named = Self::NAMES.into_iter().find_map(|name| {
                let value = line.strip_prefix(name)?.strip_prefix(':')?;
                Some((name, value.trim().to_owned()))
            });
            match (named, fields.last_mut()) {
                (Some(field), _) => fields.push(field),
                (None, Some((_, value))) => {
                    value.push(' ');
                    value.push_str(line);
                }
                (None, None) => {}
            }
        }
        Self { fields }
    }

    fn all(&self, name: &str) -> Vec<String> {
        let named = self.fields.iter().filter(|(field, _)| *field == name);
        named.map(|(_, value)| value.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_read_field_by_field_and_ends_with_its_comment() {
        let header = Header::parse(
            "//! rejected: counts_are_shared\n//! says: two rooms\n//! says: share their numbers\n\
             //! thinks: \"A static counter is simplest;\n//!   every handle can reach it.\"\n//!\n//! says: no
             //! field\nuse std::x;\n//! says: nor this\n",
        );
        assert_eq!(header.all("rejected"), ["counts_are_shared"]);
        assert_eq!(header.all("says"), ["two rooms", "share their numbers"]);
        assert_eq!(
            header.all("thinks"),
            ["\"A static counter is simplest; every handle can reach it.\""]
        );
    }

    #[test]
    fn a_rejected_answer_may_be_red_in_some_schedules_only() {
        let folder = tempfile::tempdir().unwrap();
        let rejected = folder.path().join("rejected");
        fs::create_dir(&rejected).unwrap();
        let header = |test| format!("//! rejected: {test}\n//! says: no\n//! thinks: yes\n");
        fs::write(rejected.join("a.rs"), header("counts in some schedules")).unwrap();
        fs::write(rejected.join("b.rs"), header("counts")).unwrap();
        let exercise = Exercise {
            number: "01".to_owned(),
            name: "recipe".to_owned(),
            folder: PathBuf::new(),
            solution: folder.path().to_owned(),
            starts_with: String::new(),
            real_tokio: None,
        };
        let found: Vec<(String, bool)> = (super::rejected(&exercise).unwrap().into_iter())
            .map(|answer| (answer.test, answer.in_some_schedules))
            .collect();
        assert_eq!(
            found,
            [("counts".to_owned(), true), ("counts".to_owned(), false)]
        );
    }

    #[test]
    #[cfg(unix)]
    fn a_pipe_is_no_rust_file_and_neither_is_a_link_that_leads_nowhere() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("lib.rs"), "").unwrap();
        let mut mkfifo = std::process::Command::new("mkfifo");
        let made = mkfifo.arg(folder.path().join("pipe.rs")).status();
        assert!(made.unwrap().success());
        std::os::unix::fs::symlink("nowhere", folder.path().join("link.rs")).unwrap();
        assert_eq!(
            rust_files(folder.path()).unwrap(),
            [folder.path().join("lib.rs")]
        );
    }
}
