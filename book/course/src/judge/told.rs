//! What each rejected answer is told: `book/src/answers/NN-name.js`, from which the chapter's page shows answers, and what came of them, to
//! people who cannot run any; and `NN-name.runs.js`, the recorded runs. Only a run of the judge knows what is said, so it writes the file when it is asked to; whether the file
//! fits the answers is seen without a run.

use super::{
    Finding, Report,
    finding::heard,
    runs::{self, Runs},
};
use crate::{
    error::Error,
    scratch::manifest::{read, update},
    workspace::{
        Exercise, Workspace,
        answers::{self, Rejected},
        stub,
    },
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

/// The answers have most of their lines in common: each line is kept once.
#[derive(Default, Deserialize, Serialize)]
struct Told {
    lines: Vec<String>,
    /// The untouched exercise, the solution, and the accepted answers: what is neither in the first nor in the closest of the others is a
    /// rejected answer's own.
    given: Vec<Pieces>,
    answers: Vec<Answer>,
}

/// Runs of [`Told::lines`]: where each begins, and how many lines it has.
type Pieces = Vec<(usize, usize)>;

#[derive(Deserialize, Serialize)]
struct Answer {
    name: String,
    thinks: String,
    test: String,
    in_some_schedules: bool,
    code: Pieces,
    said: String,
    /// Whether the file beside this one has its recorded run.
    has_run: bool,
}

/// A script that has its data: so it can be loaded from a file, too.
const BEGIN: &str = "document.currentScript.answers = ";

/// So large may the runs of an exercise get: compressed to a twelfth, they are loaded by a page.
const BYTES: usize = 140_000;

const BEGIN_RUNS: &str = "document.currentScript.runs = ";

/// Writes the files of all exercises whose rejected answers were all judged and are as they should be.
///
/// # Errors
/// A file cannot be read or written; cargo could not be started, or failed though rustc found nothing wrong.
///
/// # Cancel safety
/// Dropping the future ends every process.
pub async fn write(workspace: &Workspace, report: &Report) -> Result<(), Error> {
    let recorded = runs::record(workspace, report).await?;
    for exercise in &workspace.exercises {
        let of_it = |finding: &&Finding| finding.exercise == exercise.name;
        let said: BTreeMap<&str, &str> = (report.findings.iter().filter(of_it))
            .filter(|finding| finding.is_right)
            .map(|finding| (finding.label.as_str(), finding.said.as_str()))
            .collect();
        let runs = light(exercise, &recorded);
        let of = |answer: &Rejected| {
            let said = said.get(label(&answer.name()).as_str())?;
            Some((plain(said, answer), runs.contains_key(&answer.name())))
        };
        if let Some(text) = text(exercise, of)? {
            update(&file(workspace, exercise, ""), text)?;
            let json = serde_json::to_string(&runs).unwrap_or_default();
            let json = json.replace(r#"</section>\n","#, "</section>\",\n");
            update(
                &file(workspace, exercise, ".runs"),
                format!("{BEGIN_RUNS}{json};\n"),
            )?;
        }
    }
    Ok(())
}

/// How a finding names a rejected answer.
fn label(name: &str) -> String {
    format!("rejected/{name}.rs")
}

/// The runs of an exercise by the names of the answers, the longest left out where they are too many for one page.
fn light<'a>(exercise: &Exercise, recorded: &'a Runs) -> BTreeMap<String, &'a String> {
    let mut all: Vec<(String, &String)> = (recorded.iter())
        .filter(|((of, _), _)| *of == exercise.name)
        .filter_map(|((_, label), run)| {
            let name = label.strip_prefix("rejected/")?.strip_suffix(".rs")?;
            Some((name.to_owned(), run))
        })
        .collect();
    all.sort_by_key(|(_, run)| run.len());
    let mut bytes = 0;
    all.into_iter()
        .take_while(|(_, run)| {
            bytes += run.len();
            bytes <= BYTES
        })
        .collect()
}

/// Why the file does not fit the answers any more.
///
/// # Errors
/// A file cannot be read.
pub fn stale(workspace: &Workspace, exercise: &Exercise) -> Result<Option<String>, Error> {
    let old = read(&file(workspace, exercise, "")).unwrap_or_default();
    let answers = answers::rejected(exercise)?;
    let told: Told = data(&old, BEGIN).unwrap_or_default();
    let said: BTreeMap<&str, &Answer> = (told.answers.iter())
        .map(|answer| (answer.name.as_str(), answer))
        .collect();
    let new = text(exercise, |answer| {
        let answer = said.get(answer.name().as_str())?;
        Some((answer.said.clone(), answer.has_run))
    })?;
    let says_all = (answers.iter()).all(|answer| {
        let said = said.get(answer.name().as_str());
        said.is_some_and(|told| heard(&told.said, &answer.says).is_ok())
    });
    let runs = read(&file(workspace, exercise, ".runs")).unwrap_or_default();
    let runs: BTreeMap<String, String> = data(&runs, BEGIN_RUNS).unwrap_or_default();
    let has_all = (told.answers.iter()).all(|told| told.has_run == runs.contains_key(&told.name));
    let is_stale =
        !answers.is_empty() && (new.is_none_or(|new| new != old) || !says_all || !has_all);
    Ok(is_stale.then(|| {
        format!(
            "other answers than in solutions/: run `cargo course judge {} --write`",
            exercise.name
        )
    }))
}

fn file(workspace: &Workspace, exercise: &Exercise, what: &str) -> PathBuf {
    let name = format!("{}{what}.js", exercise.folder_name());
    (workspace.root.join("book").join("src").join("answers")).join(name)
}

/// What a script of ours gives to the page.
fn data<T: DeserializeOwned>(script: &str, begin: &str) -> Option<T> {
    let json = script.strip_prefix(begin)?.trim_end().trim_end_matches(';');
    serde_json::from_str(json).ok()
}

/// The file's text; `None` unless it is known of each answer what it is told.
fn text(
    exercise: &Exercise,
    mut of: impl FnMut(&Rejected) -> Option<(String, bool)>,
) -> Result<Option<String>, Error> {
    let answers = answers::rejected(exercise)?;
    if answers.is_empty() || !exercise.stub().is_file() {
        return Ok(None);
    }
    let mut lines = Vec::new();
    let solution = exercise.solution.join("src").join("lib.rs");
    let accepted = answers::accepted(exercise)?;
    let right = accepted.into_iter().map(|answer| answer.file);
    let mut given = Vec::new();
    for file in [exercise.stub(), solution].into_iter().chain(right) {
        given.push(pieces(&stub::plain(&read(&file)?), &mut lines));
    }
    let mut all = Vec::new();
    for answer in answers {
        let Some((said, has_run)) = of(&answer) else {
            return Ok(None);
        };
        all.push(Answer {
            code: pieces(code(&stub::plain(&read(&answer.file)?)), &mut lines),
            name: answer.name(),
            thinks: answer.thinks,
            test: answer.test,
            in_some_schedules: answer.in_some_schedules,
            said,
            has_run,
        });
    }
    let told = Told {
        lines,
        given,
        answers: all,
    };
    // Strings, numbers and lists can be written.
    let json = serde_json::to_string(&told).unwrap_or_default();
    let json = json
        .replace(r#"{"name":"#, "\n{\"name\":")
        .replace(r#","given":"#, ",\n\"given\":");
    Ok(Some(format!("{BEGIN}{json};\n")))
}

/// An answer without its header.
pub(super) fn code(text: &str) -> &str {
    let mut rest = text;
    while let Some(line) = rest.strip_prefix("//!") {
        rest = line.split_once('\n').map_or("", |(_, rest)| rest);
    }
    rest.trim_start()
}

/// The longest runs of lines that are known already; the others become known.
fn pieces(text: &str, known: &mut Vec<String>) -> Pieces {
    let lines: Vec<&str> = text.lines().collect();
    let mut pieces: Pieces = Vec::new();
    let mut at = 0;
    while at < lines.len() {
        let same = |start: usize| {
            (known[start..].iter().zip(&lines[at..]))
                .take_while(|(known, line)| known == line)
                .count()
        };
        let (start, count) = (0..known.len())
            .map(|start| (start, same(start)))
            // The first of the longest.
            .rev()
            .max_by_key(|(_, count)| *count)
            .filter(|(_, count)| *count > 0)
            .unwrap_or_else(|| {
                known.push(lines[at].to_owned());
                (known.len() - 1, 1)
            });
        match pieces.last_mut() {
            Some((last, length)) if *last + *length == start => *length += count,
            _ => pieces.push((start, count)),
        }
        at += count;
    }
    pieces
}

/// With the places that a learner would see, and no thread's number.
fn plain(said: &str, answer: &Rejected) -> String {
    let text = read(&answer.file).unwrap_or_default();
    let header = text.lines().count() - code(&stub::plain(&text)).lines().count();
    let mut plain = String::new();
    for line in said.trim().lines() {
        for (nth, word) in line.split(' ').enumerate() {
            let is_number = word.starts_with('(') && line.starts_with("thread '");
            if is_number {
                continue;
            }
            if nth > 0 {
                plain.push(' ');
            }
            plain.push_str(&place(word, &answer.name(), header).unwrap_or(word.to_owned()));
        }
        plain.push('\n');
    }
    plain
}

/// "/tmp/judge/rejected/spins.rs:14:5" is "src/lib.rs:9:5" without the answer's header of five lines.
fn place(word: &str, answer: &str, header: usize) -> Option<String> {
    let (path, place) = word.split_once(".rs:")?;
    let name = Path::new(path).file_name()?.to_string_lossy();
    let (line, column) = place.split_once(':')?;
    let line: usize = line.parse().ok()?;
    Some(if name == answer {
        format!("src/lib.rs:{}:{column}", line.saturating_sub(header))
    } else if let Some((_, test)) = path.rsplit_once("/tests/") {
        format!("tests/{test}.rs")
    } else {
        // A test file that is a copy, or one of Tokio's.
        format!("{name}.rs")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_is_told_once() {
        let mut known = Vec::new();
        assert_eq!(pieces("a\nb\n}\nc\n}\n", &mut known), [(0, 4), (2, 1)]);
        assert_eq!(
            pieces("a\nb\nx\nc\n}\n", &mut known),
            [(0, 2), (4, 1), (3, 1), (2, 1)]
        );
        assert_eq!(known, ["a", "b", "}", "c", "x"]);
    }

    #[test]
    fn places_are_the_learners() {
        let place = |word| place(word, "spins", 5);
        let library = "/tmp/rejected/spins.rs:14:5:";
        assert_eq!(place(library).as_deref(), Some("src/lib.rs:9:5:"));
        let scenario = "../exercises/01-recipe/tests/scenarios/mod.rs:14:5";
        assert_eq!(place(scenario).as_deref(), Some("tests/scenarios/mod.rs"));
        let tokios = "/home/me/.cargo/tokio-1.54.1/src/io/mod.rs:1:2";
        assert_eq!(place(tokios).as_deref(), Some("mod.rs"));
        assert_eq!(place("in lib.rs: nothing"), None);
    }

    #[test]
    fn the_header_is_no_part_of_an_answer() {
        assert_eq!(code("//! rejected: a\n//! says: b\n\nuse c;\n"), "use c;\n");
    }
}
