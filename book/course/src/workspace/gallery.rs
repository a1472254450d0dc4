//! What leads to a failure, as far as it is known: the rejected answers of an exercise, by what their tests say. The page "What went
//! wrong?" lists it all, and a verdict names what fits to it.

use crate::{
    error::Error,
    workspace::{Exercise, answers},
};
use std::{fs, path::Path};

/// The page, as the book's pages link to it. What every exercise can say stands in it under [`GENERAL`].
pub const PAGE: &str = "what-went-wrong.html";
const SOURCE: &str = "book/src/what-went-wrong.md";
const GENERAL: &str = "## In every exercise";

/// One failure, and the thoughts that were seen to lead to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The test that fails, or `compile`; empty if any test can say this.
    pub test: String,
    /// Plain `cargo test` may pass.
    pub in_some_schedules: bool,
    /// What the failure says, each of them.
    pub says: Vec<String>,
    /// In a learner's words.
    pub thoughts: Vec<String>,
    /// The answers that have them, in the same order: "time_out".
    pub answers: Vec<String>,
    /// Its place in the page.
    pub anchor: String,
}

/// The place of a test in the page.
pub fn anchor(exercise: &Exercise, test: &str) -> String {
    format!("{}-{test}", exercise.name)
}

/// The entries of an exercise, in the order in which a learner meets its tests.
///
/// # Errors
/// A file cannot be read.
pub fn entries(exercise: &Exercise) -> Result<Vec<Entry>, Error> {
    let order = exercise.hints()?;
    let mut answers = answers::rejected(exercise)?;
    answers.sort_by_key(|answer| order.iter().position(|hints| hints.test == answer.test));
    let mut entries: Vec<Entry> = Vec::new();
    for answer in answers {
        let known = entries.iter_mut().find(|entry| {
            entry.test == answer.test
                && entry.says == answer.says
                && entry.in_some_schedules == answer.in_some_schedules
        });
        match known {
            Some(entry) => {
                entry.answers.push(answer.name());
                entry.thoughts.push(answer.thinks);
            }
            None => entries.push(Entry {
                anchor: anchor(exercise, &answer.name()),
                answers: vec![answer.name()],
                test: answer.test,
                in_some_schedules: answer.in_some_schedules,
                says: answer.says,
                thoughts: vec![answer.thinks],
            }),
        }
    }
    Ok(entries)
}

/// What every exercise can say: the headings of the page's first part. A "…" in one stands for anything.
///
/// # Errors
/// The page's source cannot be read.
pub fn general(root: &Path) -> Result<Vec<Entry>, Error> {
    let path = root.join(SOURCE);
    let text = fs::read_to_string(&path).map_err(|source| Error::Read { path, source })?;
    let lines = text.lines().skip_while(|line| *line != GENERAL);
    let headings = lines.filter_map(|line| line.strip_prefix("### "));
    let entry = |heading: &str| Entry {
        test: String::new(),
        in_some_schedules: false,
        says: heading
            .split('…')
            .map(str::trim)
            .filter(|words| !words.is_empty())
            .map(str::to_owned)
            .collect(),
        thoughts: Vec::new(),
        answers: Vec::new(),
        anchor: of_heading(heading),
    };
    Ok(headings.map(entry).collect())
}

/// The entries that say what a test has said. Those of this test are asked first: what every exercise can say is less.
pub fn find<'a>(entries: &'a [Entry], test: &str, said: &str) -> Vec<&'a Entry> {
    let said = plain(said);
    let fits = |entry: &Entry| entry.says.iter().all(|words| said.contains(&plain(words)));
    let of = |test: &str| -> Vec<&Entry> {
        let entries = entries.iter().filter(|entry| entry.test == test);
        entries.filter(|entry| fits(entry)).collect()
    };
    let found = of(test);
    match found.is_empty() {
        true => of(""),
        false => found,
    }
}

/// Lines are broken in other places, and headings are no code.
fn plain(text: &str) -> String {
    let words: Vec<_> = text.split_whitespace().collect();
    words.join(" ").replace('`', "")
}

/// The place of a heading in mdBook's page.
pub fn of_heading(heading: &str) -> String {
    let letters = heading.to_lowercase();
    letters
        .chars()
        .filter(|letter| letter.is_alphanumeric() || " -_".contains(*letter))
        .collect::<String>()
        .replace(' ', "-")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(test: &str, says: &[&str]) -> Entry {
        Entry {
            test: test.to_owned(),
            in_some_schedules: false,
            says: says.iter().map(|words| (*words).to_owned()).collect(),
            thoughts: Vec::new(),
            answers: Vec::new(),
            anchor: says.join("-"),
        }
    }

    #[test]
    fn entries_are_found_by_all_of_their_words() {
        let entries = [
            entry("", &["a heading"]),
            entry("counts", &["gone"]),
            entry("counts", &["gone", "no task"]),
            entry("counts", &["gone", "a task"]),
            entry("ends", &["gone"]),
        ];
        let said = "a `heading`: it is gone,\nno  task was alive";
        let found = find(&entries, "counts", said);
        assert_eq!(found, [&entries[1], &entries[2]]);
        assert_eq!(find(&entries, "starts", said), [&entries[0]]);
        assert_eq!(find(&entries, "starts", "gone"), Vec::<&Entry>::new());
    }
}
