//! When only the tests do not compile, the learner has changed what they call. rustc then complains once for each call, and advises
//! to edit the tests. This finds the signatures that were changed, and says so instead.

use crate::workspace::{Exercise, answers};
use cargo_metadata::diagnostic::{Diagnostic, DiagnosticLevel, DiagnosticSpan};
use std::{collections::BTreeSet, fmt::Write, fs, path::Path};

/// What rustc's errors are about.
#[derive(Clone, Debug, Default)]
pub struct Complaints {
    /// How many there are in `tests`.
    count: usize,
    /// The first of them in one line.
    first: String,
    /// The lines of code that they show.
    code: String,
    elsewhere: bool,
}

impl Complaints {
    /// Takes note of an error; other diagnostics are nothing to it.
    pub(crate) fn add(&mut self, diagnostic: &Diagnostic) {
        // "aborting due to 3 previous errors" has no place.
        let Some(primary) = diagnostic.spans.iter().find(|span| span.is_primary) else {
            return;
        };
        if diagnostic.level != DiagnosticLevel::Error {
            return;
        }
        if !is_in(primary, "tests") {
            self.elsewhere = true;
            return;
        }
        if self.count == 0 {
            let (file, line) = (&primary.file_name, primary.line_start);
            let code = diagnostic.code.as_ref().map_or("", |code| &code.code);
            self.first = format!("error[{code}]: {}\n  --> {file}:{line}", diagnostic.message);
        }
        self.count += 1;
        let spans = (diagnostic.children.iter())
            .flat_map(|child| &child.spans)
            .chain(&diagnostic.spans);
        for line in spans.flat_map(|span| &span.text) {
            self.code.push_str(&line.text);
            self.code.push('\n');
        }
        self.code.push_str(&diagnostic.message);
        self.code.push('\n');
    }

    /// Itself, if there are errors in the tests and nowhere else.
    pub(crate) fn only_in_tests(self) -> Option<Self> {
        (self.count > 0 && !self.elsewhere).then_some(self)
    }
}

/// Whether a place is in a file of this folder: "exercises/01-recipe/tests/recipe.rs".
fn is_in(span: &DiagnosticSpan, folder: &str) -> bool {
    let path = Path::new(&span.file_name);
    let parent = path.parent().and_then(Path::file_name);
    parent.is_some_and(|parent| parent == folder)
}

/// Which signatures were changed, and how they were; `None` when that cannot be said.
pub fn report(exercise: &Exercise, complaints: &Complaints) -> Option<String> {
    // A solution has the signatures that the exercise came with: the same tests call them.
    let promised = signatures(&exercise.solution)?;
    let own = signatures(&exercise.folder)?;
    let named: BTreeSet<&str> = words(&complaints.code).collect();
    let of = |all: &[Signature], name: &str| -> Vec<Signature> {
        (all.iter().filter(|one| one.name == name).cloned()).collect()
    };

    let mut changed = String::new();
    let names: BTreeSet<&str> = promised.iter().map(|one| one.name.as_str()).collect();
    for name in names.intersection(&named) {
        let (promised, own) = (of(&promised, name), of(&own, name));
        let lost = |from: &[Signature], other: &[Signature]| -> Vec<Signature> {
            let is_in_other = |one: &Signature| other.iter().any(|two| two.text == one.text);
            (from.iter().filter(|one| !is_in_other(one)).cloned()).collect()
        };
        let (missing, new) = (lost(&promised, &own), lost(&own, &promised));
        if missing.is_empty() {
            continue;
        }
        // Writing to a String cannot fail.
        let _ = writeln!(changed, "\n  {name}");
        for Signature { text, place, .. } in &new {
            let _ = writeln!(changed, "    yours:    {text}  ({place})");
        }
        if new.is_empty() {
            let _ = writeln!(changed, "    yours:    there is none that is `pub`");
        }
        for Signature { text, .. } in &missing {
            let _ = writeln!(changed, "    promised: {text}");
        }
    }
    if changed.is_empty() {
        return None;
    }
    let errors = match complaints.count {
        1 => "1 error".to_owned(),
        n => format!("{n} errors"),
    };
    Some(format!(
        "error: the tests do not fit your code any more: it has other signatures than the exercise came with.\n{changed}\n\
         Change them back; the tests stay as they are. rustc has {errors}, all of them in the tests; `cargo test -p {} --no-run` shows them all. The first:\n\n{}",
        exercise.name, complaints.first
    ))
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Signature {
    name: String,
    /// In one line: "pub async fn next_number(&self) -> u64".
    text: String,
    /// "src/lib.rs:34"
    place: String,
}

/// The public functions in a package's `src`.
fn signatures(package: &Path) -> Option<Vec<Signature>> {
    let mut all = Vec::new();
    for file in answers::rust_files(&package.join("src")).ok()? {
        let text = fs::read_to_string(&file).ok()?;
        let name = file.file_name()?.to_string_lossy().into_owned();
        all.extend(signatures_in(&text, &format!("src/{name}")));
    }
    Some(all)
}

fn signatures_in(text: &str, file: &str) -> Vec<Signature> {
    const STARTS: [&str; 2] = ["pub fn ", "pub async fn "];
    let mut all = Vec::new();
    let mut offset = 0;
    for (number, line) in (1..).zip(text.split_inclusive('\n')) {
        let code = line.trim_start();
        let start = offset + line.len() - code.len();
        offset += line.len();
        let Some(start_words) = STARTS.iter().find(|words| code.starts_with(**words)) else {
            continue;
        };
        let name = words(&code[start_words.len()..]).next().unwrap_or_default();
        let rest = &text[start..];
        let end = rest.find(['{', ';']).unwrap_or(rest.len());
        all.push(Signature {
            name: name.to_owned(),
            text: in_one_line(&rest[..end]),
            place: format!("{file}:{number}"),
        });
    }
    all
}

/// A signature as rustfmt would write it if lines had no end; `mut` of an argument is nothing for callers.
fn in_one_line(signature: &str) -> String {
    let words: Vec<&str> = signature.split_whitespace().collect();
    let text = words.join(" ");
    text.replace("( ", "(")
        .replace(", )", ")")
        .replace(" )", ")")
        .replace("(mut ", "(")
        .replace(", mut ", ", ")
}

/// The identifiers in a text.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_alphanumeric() || c == '_'))
        .filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::Workspace;
    use std::process::Command;

    #[test]
    fn a_signature_may_go_over_several_lines() {
        let text = "impl A {\n    pub async fn ask(\n        mut self,\n        question: &str,\n    ) -> Result<u32, Gone> {\n}\npub(crate) fn no() {}\n";
        let [ask] = &signatures_in(text, "src/lib.rs")[..] else {
            panic!("one is public");
        };
        assert_eq!(
            ask.text,
            "pub async fn ask(self, question: &str) -> Result<u32, Gone>"
        );
        assert_eq!(
            (ask.name.as_str(), ask.place.as_str()),
            ("ask", "src/lib.rs:2")
        );
    }

    #[test]
    fn a_solution_has_the_signatures_of_its_exercise() {
        let workspace = Workspace::find(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap();
        for exercise in &workspace.exercises {
            // As it was committed: what stands in the folder may be a learner's answer.
            let git = Command::new("git")
                .args(["show", "HEAD:./src/lib.rs"])
                .current_dir(&exercise.folder)
                .output();
            let Ok(stub) = git.map(|output| String::from_utf8(output.stdout).unwrap()) else {
                continue;
            };
            let texts = |all: Vec<Signature>| -> BTreeSet<String> {
                all.into_iter().map(|one| one.text).collect()
            };
            let stub = texts(signatures_in(&stub, "src/lib.rs"));
            let solution = texts(signatures(&exercise.solution).unwrap());
            let only_there: Vec<_> = stub.difference(&solution).collect();
            assert!(
                only_there.is_empty(),
                "{}: correct the solution, which lacks {only_there:#?}",
                exercise.name
            );
        }
    }
}
