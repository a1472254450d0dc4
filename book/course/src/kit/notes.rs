//! `cargo course notes`: the trainer's notes. A small book, made from the pages' questions and runs, the promises and hints of the tests,
//! the headers of the answers, and at most ten lines a chapter that somebody wrote (`book/notes/NAME.md`).

mod recordings;

use crate::{
    error::Error,
    live::book,
    scratch::manifest::{read, update},
    terminal,
    workspace::{
        Exercise, Workspace, answers,
        hints::TestHints,
        page::{Page, Question, Run, Step},
    },
};
use recordings::Recording;
use std::{fmt::Display, fs, path::PathBuf};
use tokio::task::spawn_blocking;

const BOOK: &str =
    "[book]\ntitle = \"Trainer's notes\"\n[output.html.playground]\nrunnable = false\n";

/// On paper, nobody can unfold the thoughts.
const PRINT: &str = "@media print { details::details-content { content-visibility: visible; block-size: auto; } }\n";

const INTRODUCTION: &str = "# Trainer's notes

Made by `cargo course notes` from the course itself. Each chapter goes turn by turn: what to ask, with the answer; which run to show,
and where to stop in it; then the step of the exercise, test by test: its promise, the thoughts that fail it, and the question that helps.

`cargo course show NAME ANSWER` runs any of the answers that are named here. In the page, <kbd>p</kbd> is for the projector. Links into the
book work after `cargo course build`.
";

/// Makes the notes of the named chapter, or of all, and says where they are.
///
/// # Errors
/// There is no such exercise; something that the notes are made from cannot be read; the book of them does not build.
pub async fn notes(workspace: &Workspace, name: Option<&str>) -> Result<u8, Error> {
    let chapters: Vec<&Exercise> = match name {
        Some(name) => vec![workspace.exercise(name)?],
        None => workspace.exercises.iter().collect(),
    };
    let source = workspace.course_folder().join("notes");
    match fs::remove_dir_all(&source) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(Error::Write {
                path: source,
                source: error,
            });
        }
        _ => {}
    }
    let mut summary = "# Summary\n\n[Trainer's notes](index.md)\n".to_owned();
    for exercise in chapters {
        let page = Page::read(workspace, exercise)?;
        let folder = exercise.folder_name();
        summary.push_str(&format!("- [{}]({folder}.md)\n", page.title));
        let text = chapter(workspace, exercise, &page)?;
        update(&source.join("src").join(format!("{folder}.md")), text)?;
    }
    update(&source.join("src").join("SUMMARY.md"), summary)?;
    update(&source.join("src").join("index.md"), INTRODUCTION)?;
    update(&source.join("book.toml"), BOOK)?;
    // Without it, mdBook copies its own fonts.
    update(&source.join("theme").join("fonts").join("fonts.css"), PRINT)?;

    let destination = workspace.target.join("notes");
    let (into, scratch) = (destination.clone(), source.with_file_name("notes-sources"));
    let built = spawn_blocking(move || book::build(&source, &into, &scratch)).await;
    for warning in built.map_err(|panic| Error::Book(panic.to_string()))?? {
        terminal::warn(&warning);
    }
    let page = destination.join("index.html");
    terminal::say(format_args!(
        "the notes are in {}",
        terminal::strong(page.display())
    ));
    Ok(0)
}

/// A chapter's notes, as Markdown.
///
/// # Errors
/// Something that they are made from cannot be read.
pub fn chapter(workspace: &Workspace, exercise: &Exercise, page: &Page) -> Result<String, Error> {
    let mut notes = Notes {
        text: String::new(),
        rejected: answers::rejected(exercise)?,
    };
    let by_hand = read(&by_hand(workspace, exercise))?;
    notes.line(format_args!(
        "# {} {}\n\n[The page](../book/{}.html) takes {} minutes.{}\n\n{}",
        exercise.number,
        page.title,
        exercise.folder_name(),
        page.minutes,
        match page.needs.is_empty() {
            true => String::new(),
            false => format!(" It builds on {}.", page.needs.join(", ")),
        },
        by_hand.trim(),
    ));
    let hints = exercise.hints()?;
    for turn in &page.turns {
        match &turn.step {
            Some(step) => notes.line(format_args!(
                "\n## Up to step {}: {}",
                step.number, step.about
            )),
            None => notes.line("\n## After the last step"),
        }
        match (&turn.step, turn.sections.is_empty()) {
            (Some(step), true) => notes.line(format_args!(
                "\nRead on, until step {} begins.",
                step.number
            )),
            (None, true) => {}
            (_, false) => notes.line(format_args!("\nRead: {}.", turn.sections.join(" · "))),
        }
        for question in &turn.questions {
            notes.question(question);
        }
        for run in &turn.runs {
            let file = workspace.root.join("book").join("src").join(&run.file);
            notes.run(run, &recordings::read_all(&file)?);
        }
        if let Some(step) = &turn.step {
            notes.step(step, &hints);
        }
    }
    notes.line("\n### Compare designs\n");
    for answer in answers::accepted(exercise)? {
        let name = answer.file.file_stem().unwrap_or_default();
        let name = name.to_string_lossy();
        notes.line(format_args!("- `{name}`: {}", escaped(&answer.why)));
    }
    Ok(notes.text)
}

/// The lines that somebody wrote.
pub fn by_hand(workspace: &Workspace, exercise: &Exercise) -> PathBuf {
    let notes = workspace.root.join("book").join("notes");
    notes.join(&exercise.name).with_extension("md")
}

struct Notes {
    text: String,
    rejected: Vec<answers::Rejected>,
}

impl Notes {
    fn line(&mut self, line: impl Display) {
        self.text.push_str(&format!("{line}\n"));
    }

    fn question(&mut self, question: &Question) {
        let recalls = match &question.recalls {
            Some(chapter) => format!(", recalls {chapter}"),
            None => String::new(),
        };
        self.line(format_args!(
            "\n### Ask ({}{recalls})\n\n{}\n\n**Answer: {}.** {}",
            question.section,
            linked(&question.asks),
            question.answer.replace(',', " and "),
            linked(&question.why)
        ));
    }

    fn run(&mut self, run: &Run, recordings: &[Recording]) {
        self.line(format_args!(
            "\n### Show ({}): {}\n",
            run.section, run.label
        ));
        for recording in recordings {
            let label = match recordings {
                [_] => String::new(),
                _ => format!("**{}**, ", recording.label),
            };
            self.line(format_args!(
                "- {label}stop at step {} of {}: {}",
                recording.show,
                recording.steps,
                escaped(&recording.says)
            ));
        }
    }

    fn step(&mut self, step: &Step, hints: &[TestHints]) {
        self.line(format_args!(
            "\n### Do: step {}, {} minutes\n",
            step.number, step.minutes
        ));
        if step.number == 1 {
            // What does not compile is seen first.
            self.thoughts("compile");
        }
        let of_step = |hints: &&TestHints| Step::parse(&hints.step).as_ref() == Some(step);
        for hints in hints.iter().filter(of_step) {
            self.line(format_args!(
                "\n**{}** (`{}`)",
                escaped(&hints.promise),
                hints.test
            ));
            if let Some(question) = hints.hints.first() {
                self.line(format_args!("\nAsk: {}", in_one_line(question)));
            }
            self.thoughts(&hints.test);
        }
    }

    /// The thoughts that fail a test, each with the answer that has it.
    fn thoughts(&mut self, test: &str) {
        let of_test = self.rejected.iter().filter(|answer| answer.test == test);
        let thoughts: Vec<String> = of_test
            .map(|answer| {
                let sometimes = match answer.in_some_schedules {
                    true => ", in some schedules",
                    false => "",
                };
                let thinks = escaped(&answer.thinks);
                format!("- {thinks} (`{}`{sometimes})", answer.name())
            })
            .collect();
        let what = match (test, thoughts.len()) {
            (_, 0) => return,
            ("compile", 1) => "A thought that does not compile".to_owned(),
            ("compile", count) => format!("{count} thoughts that do not compile"),
            (_, 1) => "A thought that fails it".to_owned(),
            (_, count) => format!("{count} thoughts that fail it"),
        };
        self.line(format_args!(
            "\n<details><summary>{what}</summary>\n\n{}\n\n</details>",
            thoughts.join("\n")
        ));
    }
}

/// Links of a page, from here.
fn linked(markdown: &str) -> String {
    let mut parts = markdown.split("](");
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        text.push_str("](");
        match part.split_once(')') {
            Some((target, rest)) if !target.contains("://") => {
                let target = target.replace(".md", ".html");
                text.push_str(&format!("../book/{target}){rest}"));
            }
            _ => text.push_str(part),
        }
    }
    text
}

fn in_one_line(markdown: &str) -> String {
    let words: Vec<&str> = markdown.split_whitespace().collect();
    words.join(" ")
}

/// Plain text as Markdown: code stays code, all else means nothing.
fn escaped(text: &str) -> String {
    let parts = text.split('`').enumerate();
    let escape = |(index, part): (usize, &str)| match index % 2 {
        1 => part.to_owned(),
        _ => part
            .replace('*', "\\*")
            .replace('_', "\\_")
            .replace('<', "&lt;"),
    };
    parts.map(escape).collect::<Vec<_>>().join("`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_lead_into_the_built_book() {
        assert_eq!(
            linked("[a](08-channels.md#x) and [b](https://docs.rs/x) and [c](y.html)"),
            "[a](../book/08-channels.html#x) and [b](https://docs.rs/x) and [c](../book/y.html)"
        );
    }

    #[test]
    fn text_is_no_markup() {
        assert_eq!(
            escaped("a_b <i> `c_d<T>` *e*"),
            "a\\_b &lt;i> `c_d<T>` \\*e\\*"
        );
    }
}
