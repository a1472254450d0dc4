//! What a person sees in the terminal. Colours are left away where the output is no terminal (by `anstream`), and
//! whatever else a terminal would obey is made visible: names, sources and recordings are a learner's, too.

use crate::{
    check::{
        build::NOT_ITS_CODE,
        said::scenario_in,
        status::{Outcome, Phase, SAME_PANIC, Schedules, Status, Test, Thought},
    },
    process::plain,
    workspace::Exercise,
};
use clap::builder::styling::{AnsiColor, Style};
use std::{
    fmt::{self, Display},
    io::Write,
};

const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default();
const QUIET: Style = AnsiColor::BrightBlack.on_default();
const STRONG: Style = Style::new().bold();

/// How much of a verdict to print.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// Each test with what it said.
    All,
    /// What the first failing test said: the one to work on.
    First,
}

/// Prints a line on stdout.
pub fn say(text: impl Display) {
    // An error says that nobody reads any more (`cargo course check | head`): no reason to end badly.
    let text = plain::coloured(&text.to_string());
    let _ = writeln!(anstream::stdout(), "{text}");
}

/// Prints a line on stderr, beside the result.
pub fn note(text: impl Display) {
    let text = plain::coloured(&text.to_string());
    let _ = writeln!(anstream::stderr(), "{text}");
}

/// Prints an error of ours on stderr.
pub fn error(error: &dyn Display) {
    let text = plain::coloured(&error.to_string());
    let _ = writeln!(anstream::stderr(), "{BAD}error:{BAD:#} {text}");
}

/// Prints on stderr what an author must know.
pub fn warn(text: &str) {
    const WARN: Style = AnsiColor::Yellow.on_default();
    let text = plain::coloured(text);
    let _ = writeln!(anstream::stderr(), "{WARN}warning:{WARN:#} {text}");
}

/// Text in a style.
pub fn strong(text: impl Display) -> String {
    styled(STRONG, text)
}

pub(crate) fn good(text: impl Display) -> String {
    styled(GOOD, text)
}

pub(crate) fn bad(text: impl Display) -> String {
    styled(BAD, text)
}

pub(crate) fn quiet(text: impl Display) -> String {
    styled(QUIET, text)
}

fn styled(style: Style, text: impl Display) -> String {
    format!("{style}{text}{style:#}")
}

/// The text with every line moved to the right.
pub(crate) fn indented(text: &str, by: usize) -> String {
    let lines = text.lines().map(|line| match line.is_empty() {
        true => String::new(),
        false => format!("{:by$}{line}", ""),
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// How wide the terminal is; without one, no limit.
pub(crate) fn columns() -> usize {
    #[cfg(unix)]
    let columns = rustix::termios::tcgetwinsize(std::io::stdout()).map_or(0, |size| size.ws_col);
    #[cfg(not(unix))]
    let columns = 0_u16;
    match columns {
        0 => usize::MAX,
        columns => columns.into(),
    }
}

/// The text with each line that is longer than `columns` broken at a blank. What follows begins where the line's words do.
pub(crate) fn broken(text: &str, columns: usize) -> String {
    let mut lines = Vec::new();
    for line in text.lines() {
        let indent = line.len() - line.trim_start().len();
        let rest = line.trim_start();
        // "- ", "12. "
        let mark = rest.find(' ').map_or(0, |at| at + 1);
        let is_item = rest.starts_with("- ")
            || rest[..mark]
                .strip_suffix(". ")
                .is_some_and(|number| number.chars().all(|c| c.is_ascii_digit()));
        let hang = indent + if is_item { mark } else { 0 };
        let mut broken = String::from(&line[..indent]);
        let mut length = indent;
        let mut is_first = true;
        for word in rest.split(' ') {
            let wide = word.chars().count();
            if is_first {
                is_first = false;
            } else if length + 1 + wide > columns {
                lines.push(broken);
                broken = " ".repeat(hang);
                length = hang;
            } else {
                broken.push(' ');
                length += 1;
            }
            broken += word;
            length += wide;
        }
        lines.push(broken);
    }
    lines.join("\n")
}

/// What a test or a hint says, moved to the right and broken where the terminal ends.
pub(crate) fn told(text: &str, by: usize) -> String {
    indented(&broken(text, columns().saturating_sub(by)), by)
}

/// What takes an exercise's build so long.
pub fn long(exercise: &Exercise, status: &Status) -> String {
    quiet(format_args!(
        "… {}  {}",
        exercise.folder_name(),
        status.note
    ))
}

/// An exercise's progress in one line.
pub fn line(exercise: &Exercise, status: &Status) -> String {
    let line = headline(exercise, status);
    match status.phase {
        Phase::Broken => format!("{line}: `cargo course check {}` says why", status.name),
        _ => line,
    }
}

/// The same above the words that say why.
fn headline(exercise: &Exercise, status: &Status) -> String {
    let mark = if status.is_green() {
        good("✓")
    } else if status.phase.is_verdict() {
        bad("✗")
    } else {
        quiet("·")
    };
    format!(
        "{mark} {}  {}",
        strong(exercise.folder_name()),
        summary(exercise, status)
    )
}

fn summary(exercise: &Exercise, status: &Status) -> String {
    match status.phase {
        Phase::Waiting if exercise.real_tokio.is_some() => {
            "not checked before you save it: it builds a library first".to_owned()
        }
        Phase::Waiting => "not checked yet".to_owned(),
        Phase::Building => "building".to_owned(),
        Phase::Broken if status.broken.contains("error[") || status.broken.contains("-->") => {
            "does not compile".to_owned()
        }
        Phase::Broken => "cannot be built".to_owned(),
        Phase::Running | Phase::Done if status.of == 0 => "has no tests".to_owned(),
        Phase::Running | Phase::Done if status.passed == status.of => {
            format!("all {} tests pass", status.of)
        }
        Phase::Running | Phase::Done => format!("{} of {} tests pass", status.passed, status.of),
    }
}

/// What became of an exercise in other schedules.
pub fn schedules(exercise: &Exercise, found: &Schedules) -> String {
    let mark = match found.result {
        Outcome::Passes => good("✓"),
        Outcome::Waiting => {
            return quiet(format_args!(
                "  {}  {}",
                exercise.folder_name(),
                found.words
            ));
        }
        _ => bad("✗"),
    };
    let name = strong(exercise.folder_name());
    let mut text = format!("{mark} {name}  {}", found.words);
    if !found.said.is_empty() {
        text += &format!("\n{}", told(&found.said, 6));
    }
    if !found.run.is_empty() {
        let run = quiet(format_args!("its run: {}", found.run));
        text += &format!("\n{}", indented(&run, 6));
    }
    text
}

/// A whole verdict: what became of the tests, what they said, what to read and where to get a hint.
pub struct Verdict<'a> {
    /// Which exercise.
    pub exercise: &'a Exercise,
    /// What the check found.
    pub status: &'a Status,
    /// How much to print.
    pub detail: Detail,
    /// The exercise that comes after this one, if any.
    pub next: Option<&'a Exercise>,
    /// Where the book is served, if it is: "http://127.0.0.1:3000".
    pub served: Option<&'a str>,
}

impl Display for Verdict<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            exercise, status, ..
        } = self;
        writeln!(f, "{}", headline(exercise, status))?;
        match status.phase {
            Phase::Broken => {
                writeln!(f, "\n{}\n", status.broken.trim_end())?;
                if status.broken.contains(NOT_ITS_CODE) {
                    // No change of the exercise mends it, and no hint is about it.
                    return Ok(());
                }
                writeln!(f, "to change: {}", exercise.file())?;
                writeln!(f, "to read:   {}", self.page())?;
                writeln!(f, "a hint:    cargo course hint {}", exercise.name)
            }
            _ if status.is_green() => {
                self.note(f)?;
                self.after_green(f)
            }
            _ => {
                // Of all tests, the warnings were shown already.
                if self.detail == Detail::First && !status.undone.is_empty() {
                    writeln!(f, "\n{}\n", status.undone.trim_end())?;
                }
                self.tests(f)?;
                self.note(f)?;
                writeln!(f, "\nto change: {}", exercise.file())?;
                writeln!(f, "to read:   {}", self.page())
            }
        }
    }
}

impl Verdict<'_> {
    fn tests(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut heard: Vec<&str> = Vec::new();
        let mut step = "";
        for test in &self.status.tests {
            let is_shown = self.detail == Detail::All || test.result != Outcome::Passes;
            if is_shown && test.step != step {
                step = &test.step;
                if !step.is_empty() {
                    writeln!(f, "  {}", quiet(step))?;
                }
            }
            match test.result {
                Outcome::Passes => {
                    if self.detail == Detail::All {
                        writeln!(f, "  {} {}", good("✓"), promise(test))?;
                    }
                    continue;
                }
                outcome => writeln!(
                    f,
                    "  {} {}: {}",
                    bad("✗"),
                    promise(test),
                    bad(outcome.words())
                )?,
            }
            if self.detail == Detail::First && !heard.is_empty() {
                continue;
            }
            if heard.contains(&test.said.as_str()) {
                writeln!(f, "      {}", quiet("says the same as one above"))?;
                continue;
            }
            writeln!(f, "{}", told(&test.said, 6))?;
            if test.said.starts_with(SAME_PANIC) {
                continue;
            }
            if let Some(causes) = &test.causes {
                for Thought { words, answer } in &causes.thoughts {
                    let thought = told(&format!("a thought that leads here: {words}"), 6);
                    writeln!(f, "{}", quiet(thought))?;
                    let code = format!(
                        "its code: cargo course show {} {answer}",
                        self.exercise.name
                    );
                    writeln!(f, "{}", indented(&quiet(code), 8))?;
                }
            }
            if !test.promise.is_empty() {
                let which = format!("{} {}", self.exercise.name, test.name);
                let hint = format!("a hint: cargo course hint {which}");
                writeln!(f, "{}", indented(&quiet(hint), 6))?;
                // A scenario that failed has named its run itself.
                if self.exercise.real_tokio.is_none() && scenario_in(&test.said).is_none() {
                    let run = format!("its run: cargo course trace {which}");
                    writeln!(f, "{}", indented(&quiet(run), 6))?;
                }
                writeln!(f)?;
            }
            heard.push(&test.said);
        }
        Ok(())
    }

    fn note(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.status.note.as_str() {
            "" => Ok(()),
            note => writeln!(f, "\n  note: {note}"),
        }
    }

    fn after_green(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = &self.exercise.name;
        writeln!(
            f,
            "  other right designs, and what each costs: cargo course solution {name}"
        )?;
        if let Some(next) = self.next {
            writeln!(
                f,
                "  the next exercise: {} (`cargo course check {}`)",
                next.file(),
                next.name
            )?;
        }
        Ok(())
    }

    fn page(&self) -> String {
        match self.served {
            Some(address) => format!("{address}/{}.html", self.exercise.folder_name()),
            None => format!(
                "`cargo course read {}` shows it here, and `cargo course` in the browser",
                self.exercise.name
            ),
        }
    }
}

/// What a test promises; its name, if the learner added it.
fn promise(test: &Test) -> &str {
    if test.promise.is_empty() {
        &test.name
    } else {
        &test.promise
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_are_broken_at_blanks_and_go_on_where_their_words_begin() {
        assert_eq!(broken("one two three", 7), "one two\nthree");
        assert_eq!(broken("  one two three", 9), "  one two\n  three");
        assert_eq!(broken("12. one two\nx", 8), "12. one\n    two\nx");
        assert_eq!(
            broken("a word/that/has/no/blank", 5),
            "a\nword/that/has/no/blank"
        );
        assert_eq!(broken("as\n\n  it is", usize::MAX), "as\n\n  it is");
    }
}
