//! The page "What went wrong?" lists every rejected answer: what its test says, what its author thought, and where to read. That
//! part of it, `book/src/what-went-wrong/answers.md`, is made from the answers' headers and from the tests' comments.
//!
//! After a change to either, `BLESS=1 cargo test -p course --test what_went_wrong` writes it anew.

use course::workspace::{Exercise, Workspace, gallery};
use std::{collections::BTreeMap, env, fmt::Write, fs, path::Path};

#[test]
fn the_page_lists_every_rejected_answer() {
    let workspace = Workspace::find(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap();
    let mut page = String::from(
        "<!-- made from the rejected answers' headers by book/course/tests/what_went_wrong.rs -->\n",
    );
    for exercise in &workspace.exercises {
        chapter(&mut page, exercise);
    }
    let file = workspace.root.join("book/src/what-went-wrong/answers.md");
    if env::var_os("BLESS").is_some() {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, &page).unwrap();
    }
    let written = fs::read_to_string(&file).unwrap_or_default();
    assert!(
        written == page,
        "{} is not current: run `BLESS=1 cargo test -p course --test what_went_wrong`, and read what changes",
        file.display()
    );
}

fn chapter(page: &mut String, exercise: &Exercise) {
    let folder = exercise.folder_name();
    let sections = sections(exercise);
    writeln!(page, "\n## In exercise {folder}").unwrap();
    let all_hints = exercise.hints().unwrap();
    let mut last = String::new();
    for entry in gallery::entries(exercise).unwrap() {
        let test = &entry.test;
        if *test != last {
            last.clone_from(test);
            let anchor = gallery::anchor(exercise, test);
            match test.as_str() {
                "compile" => writeln!(page, "\n### The compiler says {{#{anchor}}}"),
                _ => writeln!(page, "\n### `{test}` {{#{anchor}}}"),
            }
            .unwrap();
            let first_hint = all_hints
                .iter()
                .find(|hints| hints.test == *test)
                .and_then(|hints| hints.hints.first());
            let ask = match first_hint {
                Some(hint) => {
                    let in_one_line = hint.split_whitespace().collect::<Vec<_>>().join(" ");
                    format!("{in_one_line} ")
                }
                None => String::new(),
            };
            let read = match sections.get(test).and_then(Option::as_deref) {
                Some(section) => {
                    let place = gallery::of_heading(section);
                    format!("[{section}]({folder}.md#{place})")
                }
                None => format!("[the chapter]({folder}.md)"),
            };
            writeln!(page, "\n{ask}Read {read}.").unwrap();
        }
        let says = (entry.says.iter())
            .map(|words| format!("*{}*", escaped(words)))
            .collect::<Vec<_>>()
            .join(" … ");
        let sometimes = match entry.in_some_schedules {
            true => " (in some schedules)",
            false => "",
        };
        writeln!(
            page,
            "\n<span id=\"{}\"></span>{says}{sometimes}",
            entry.anchor
        )
        .unwrap();
        for (answer, thought) in entry.answers.iter().zip(entry.thoughts) {
            // The entry's own place is that of its first answer.
            let id = gallery::anchor(exercise, answer);
            let place = match id == entry.anchor {
                true => String::new(),
                false => format!("<span id=\"{id}\"></span>"),
            };
            let thought = escaped(&thought);
            writeln!(page, ": {place}[{thought}]({folder}.html?answer={answer})").unwrap();
        }
    }
}

/// The section of the page that each test's comment names: `/// Page: "The reply". …`
fn sections(exercise: &Exercise) -> BTreeMap<String, Option<String>> {
    let tests = exercise
        .folder
        .join("tests")
        .join(format!("{}.rs", exercise.crate_name()));
    let mut sections = BTreeMap::new();
    let mut section = None;
    for line in fs::read_to_string(tests).unwrap().lines() {
        if let Some((_, rest)) = line.split_once("/// Page: ") {
            section = rest
                .strip_prefix('"')
                .and_then(|rest| Some(rest.split_once('"')?.0.to_owned()));
        } else if let Some((name, _)) = line
            .strip_prefix("fn ")
            .and_then(|rest| rest.split_once('('))
        {
            sections.insert(name.to_owned(), section.take());
        }
    }
    sections
}

/// Code stays code; what Markdown would take for emphasis or HTML stays what it is.
fn escaped(text: &str) -> String {
    let mut parts = text.split('`');
    let mut out = parts
        .next()
        .unwrap_or_default()
        .replace('*', "\\*")
        .replace('_', "\\_")
        .replace('<', "&lt;");
    for (index, part) in parts.enumerate() {
        match index % 2 {
            0 => write!(out, "`{part}`").unwrap(),
            _ => out.push_str(
                &part
                    .replace('*', "\\*")
                    .replace('_', "\\_")
                    .replace('<', "&lt;"),
            ),
        }
    }
    out
}
