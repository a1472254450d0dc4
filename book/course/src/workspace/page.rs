//! A chapter's page as data: its minutes, what it needs, and its turns, each with its sections, questions, runs and step. For the
//! workshop kit; the book shows the same page.

use crate::{
    error::Error,
    workspace::{Exercise, Workspace},
};
use std::fs;

/// A chapter's page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// "Run method".
    pub title: String,
    /// How long page and exercise take together.
    pub minutes: u32,
    /// The names of the chapters that it builds on.
    pub needs: Vec<String>,
    /// What is read up to each step of the exercise, and that step. The last turn has none: it is what comes after the exercise.
    pub turns: Vec<Turn>,
}

/// One turn: something to read, and then something to do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Turn {
    /// The headings of the second level.
    pub sections: Vec<String>,
    /// The questions, in the page's order.
    pub questions: Vec<Question>,
    /// The recorded runs, in the page's order.
    pub runs: Vec<Run>,
    /// How many words are read.
    pub words: usize,
    /// The step of the exercise that ends it.
    pub step: Option<Step>,
}

/// A question of the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The chapter that it is about, if it is an earlier one.
    pub recalls: Option<String>,
    /// The heading above it.
    pub section: String,
    /// What is asked, and the numbered answers, as Markdown.
    pub asks: String,
    /// The numbers of the right answers: "2", or "1,4".
    pub answer: String,
    /// Why, as Markdown.
    pub why: String,
}

/// Recorded runs that are shown in one player.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// The heading above it.
    pub section: String,
    /// "Seven orders at once".
    pub label: String,
    /// The file with the recordings: "traces/deadlocks/mailbox.html".
    pub file: String,
}

/// A step of the exercise, as its heading in `hints.md` says it: "Step 2, 15 minutes: pause and resume".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Counted from 1.
    pub number: usize,
    /// How long it takes.
    pub minutes: u32,
    /// "pause and resume".
    pub about: String,
}

impl Step {
    /// The step in a heading; `None` if it has another form.
    pub fn parse(heading: &str) -> Option<Self> {
        let (number, rest) = heading.strip_prefix("Step ")?.split_once(", ")?;
        let (minutes, about) = rest.split_once(" minutes: ")?;
        Some(Self {
            number: number.parse().ok()?,
            minutes: minutes.parse().ok()?,
            about: about.to_owned(),
        })
    }
}

impl Page {
    /// Reads the page of an exercise.
    ///
    /// # Errors
    /// The page or `hints.md` cannot be read, or the page lacks its minutes or one of its steps.
    pub fn read(workspace: &Workspace, exercise: &Exercise) -> Result<Self, Error> {
        let path = (workspace.root.join("book").join("src"))
            .join(exercise.folder_name())
            .with_extension("md");
        let text = fs::read_to_string(&path).map_err(|source| Error::Read {
            path: path.clone(),
            source,
        })?;
        let hints = exercise.hints()?;
        let steps: Vec<Step> = (hints.iter())
            .filter_map(|hints| Step::parse(&hints.step))
            .collect();
        parse(&text, &steps).map_err(|what| Error::Page { file: path, what })
    }

    /// How many minutes are left for the talk, beside the steps.
    pub fn talk(&self) -> u32 {
        let steps = self.turns.iter().filter_map(|turn| turn.step.as_ref());
        self.minutes
            .saturating_sub(steps.map(|step| step.minutes).sum())
    }
}

/// `key="value"` or `key=value` in a tag.
pub fn attribute<'a>(tag: &'a str, key: &str) -> Option<&'a str> {
    let (_, rest) = tag.split_once(&format!(" {key}="))?;
    match rest.strip_prefix('"') {
        Some(rest) => rest.split('"').next(),
        None => rest.split([' ', '>']).next(),
    }
}

fn parse(text: &str, steps: &[Step]) -> Result<Page, &'static str> {
    let mut page = Page {
        title: String::new(),
        minutes: 0,
        needs: Vec::new(),
        turns: Vec::new(),
    };
    let (mut turn, mut section, mut in_code) = (Turn::default(), String::new(), false);
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let is_fence = line.starts_with("```");
        in_code ^= is_fence;
        if in_code || is_fence {
            continue;
        }
        if let Some(title) = line.strip_prefix("# ") {
            title.clone_into(&mut page.title);
        } else if let Some(heading) = line.strip_prefix("## ") {
            turn.sections.push(heading.to_owned());
            heading.clone_into(&mut section);
        } else if let Some(heading) = line.strip_prefix("### ") {
            heading.clone_into(&mut section);
        } else if line.starts_with("<!-- course: ") {
            page.minutes = attribute(line, "minutes")
                .and_then(|minutes| minutes.parse().ok())
                .ok_or("its `<!-- course: minutes=… -->` has no number")?;
            let needs = attribute(line, "needs").into_iter();
            page.needs = needs
                .flat_map(|needs| needs.split(',').map(str::to_owned))
                .collect();
        } else if line.starts_with("<check-yourself") {
            let inside = inside(&mut lines, "</check-yourself>")
                .ok_or("a <check-yourself> without its end")?;
            let question = question(line, &inside, &section);
            turn.questions
                .push(question.ok_or("a <check-yourself> without answer or details")?);
        } else if line.starts_with("<actor-trace") {
            let inside =
                inside(&mut lines, "</actor-trace>").ok_or("an <actor-trace> without its end")?;
            let file = inside.split_once("{{#include ");
            let file = file.and_then(|(_, rest)| Some(rest.split_once("}}")?.0));
            turn.runs.push(Run {
                section: section.clone(),
                label: attribute(line, "label").unwrap_or_default().to_owned(),
                file: file
                    .ok_or("an <actor-trace> without a recording")?
                    .to_owned(),
            });
        } else if line.starts_with("<exercise-check") {
            inside(&mut lines, "</exercise-check>").ok_or("an <exercise-check> without its end")?;
            if let Some(number) = attribute(line, "step") {
                let step = steps.iter().find(|step| step.number.to_string() == number);
                let step = step.ok_or("a step that is not in hints.md")?;
                turn.step = Some(step.clone());
                page.turns.push(std::mem::take(&mut turn));
            }
        } else {
            turn.words += line.split_whitespace().count();
        }
    }
    page.turns.push(turn);
    match page.minutes {
        0 => Err("where is `<!-- course: minutes=… -->`?"),
        _ => Ok(page),
    }
}

/// All lines up to the closing tag; `None` if there is none.
fn inside<'a>(lines: &mut impl Iterator<Item = &'a str>, end: &str) -> Option<String> {
    let mut text = String::new();
    for line in lines {
        if line == end {
            return Some(text);
        }
        text.push_str(line);
        text.push('\n');
    }
    None
}

fn question(tag: &str, inside: &str, section: &str) -> Option<Question> {
    let (asks, details) = inside.split_once("<details>")?;
    let (_, why) = details.split_once("</summary>")?;
    let (why, _) = why.split_once("</details>")?;
    Some(Question {
        recalls: attribute(tag, "recalls").map(str::to_owned),
        section: section.to_owned(),
        asks: asks.trim().to_owned(),
        answer: attribute(tag, "answer")?.to_owned(),
        why: why.trim().to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = r#"# Select

<!-- course: minutes=45 needs=recipe,run-method -->

Some words.

## The trouble first

<check-yourself answer="1,4" recalls="recipe">

What ends it?

1. This

<details><summary>Why</summary>

It does.

</details>
</check-yourself>

```text
## no heading
```

### Closer

<actor-trace label="Two at once" choice="How">

{{#include traces/select/two.html}}

</actor-trace>

<exercise-check name="select" step="1" file="f">

Do it.

</exercise-check>

## After it passes

<exercise-check name="select" file="f">

</exercise-check>
"#;

    fn step() -> Step {
        Step::parse("Step 1, 20 minutes: pause: and resume").unwrap()
    }

    #[test]
    fn a_page_is_a_row_of_turns() {
        let page = parse(PAGE, &[step()]).unwrap();
        assert_eq!((page.title.as_str(), page.minutes), ("Select", 45));
        assert_eq!(page.needs, ["recipe", "run-method"]);
        assert_eq!(page.talk(), 25);
        let [first, last] = &page.turns[..] else {
            panic!("{page:?}")
        };
        assert_eq!(first.sections, ["The trouble first"]);
        assert_eq!(first.words, 2);
        assert_eq!(
            first.questions,
            [Question {
                recalls: Some("recipe".to_owned()),
                section: "The trouble first".to_owned(),
                asks: "What ends it?\n\n1. This".to_owned(),
                answer: "1,4".to_owned(),
                why: "It does.".to_owned(),
            }]
        );
        assert_eq!(
            first.runs,
            [Run {
                section: "Closer".to_owned(),
                label: "Two at once".to_owned(),
                file: "traces/select/two.html".to_owned(),
            }]
        );
        assert_eq!(first.step, Some(step()));
        assert_eq!(step().about, "pause: and resume");
        assert_eq!(last.sections, ["After it passes"]);
        assert_eq!(last.step, None);
    }

    #[test]
    fn what_a_page_lacks_is_named() {
        for (text, lacks) in [
            (PAGE.replace("minutes=45", "minutes=x"), "has no number"),
            (PAGE.replace("<!-- course", "<!--"), "where is"),
            (PAGE.replace("</check-yourself>", ""), "<check-yourself>"),
            (PAGE.replace(" answer=\"1,4\"", ""), "without answer"),
            (PAGE.replace("step=\"1\"", "step=\"2\""), "hints.md"),
        ] {
            let error = parse(&text, &[step()]).unwrap_err();
            assert!(error.contains(lacks), "{lacks}: {error}");
        }
    }
}
