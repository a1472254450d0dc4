//! What a test has come to, as the harness says it: neither output nor exit code can tell, for the code under test prints what it
//! likes, and calls `exit(0)`. The harness's `src/proof.rs` is the other end, and describes the form.

use std::{
    fs,
    hash::{BuildHasher, Hasher, RandomState},
    io::{self, Write},
    path::Path,
    process::Stdio,
};
use tempfile::NamedTempFile;

/// Asks the harness for a proof.
pub const ASK: (&str, &str) = ("HARNESS_PROOF", "1");

/// The file in which the harness leaves its proof. It is deleted when this is dropped.
#[derive(Debug)]
pub struct Proof {
    file: NamedTempFile,
    /// Stands before whatever the harness writes. The code under test knows neither of the two.
    word: String,
    /// Stands in the file while nobody has written.
    untouched: String,
}

/// 64 random bits, from where the standard library takes them for its maps.
fn random() -> String {
    format!("{:016x}", RandomState::new().build_hasher().finish())
}

/// What was found in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Left {
    /// The test does not use the harness.
    Nothing,
    /// The test began, and did not come to its end.
    Begun,
    /// It came to its end, and all was right.
    Passed,
    /// It failed, with this report.
    Failed(String),
    /// It was given up, with this report.
    NeverEnds(String),
}

impl Proof {
    /// A new file, with a name that cannot be guessed.
    ///
    /// # Errors
    /// `folder` cannot be written to.
    pub fn new(folder: &Path) -> io::Result<Self> {
        let mut file = tempfile::Builder::new()
            .prefix(".proof-")
            .tempfile_in(folder)?;
        let untouched = random();
        file.write_all(untouched.as_bytes())?;
        Ok(Self {
            file,
            word: random(),
            untouched,
        })
    }

    /// What the test's process reads on stdin. Nothing else tells it where the file is, and the harness empties stdin before it lets
    /// the code under test run.
    ///
    /// # Errors
    /// The system has no pipe to give.
    pub fn stdin(&self) -> io::Result<Stdio> {
        let (reader, mut writer) = io::pipe()?;
        // A path fits into any pipe: this does not wait for a reader.
        writer.write_all(self.file.path().as_os_str().as_encoded_bytes())?;
        write!(writer, "\n{}\n", self.word)?;
        Ok(reader.into())
    }

    /// Reads it, when the process has ended.
    pub fn read(&self) -> Left {
        // What cannot be read proves nothing.
        let bytes = fs::read(self.file.path()).unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes);
        if text == self.untouched {
            return Left::Nothing;
        }
        let (first, report) = text.split_once('\n').unwrap_or((&text, ""));
        let report = report.trim().to_owned();
        match first.strip_prefix(&self.word).map(str::trim) {
            Some("passed") => Left::Passed,
            Some("failed") => Left::Failed(report),
            Some("never ends") => Left::NeverEnds(report),
            // It was not the harness that deleted it or wrote into it.
            Some(_) | None => Left::Begun,
        }
    }
}
