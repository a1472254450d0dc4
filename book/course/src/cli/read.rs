//! `cargo course read`: a page of the book as text, with its listings, for those who stay in the terminal.

use crate::{
    error::Error,
    live::book,
    terminal,
    workspace::{Workspace, did_you_mean, hints::plain, page::attribute},
};
use std::{fmt::Write, str::Lines};

/// Prose of longer lines is tiring to read.
const COLUMNS: usize = 100;

/// Prints the page of a chapter, or another one by its file's name. What is folded on the page (answers, solutions) stands at the end.
///
/// # Errors
/// There is no such page, or the book cannot be read.
pub fn read(workspace: &Workspace, name: &str) -> Result<u8, Error> {
    let pages = book::pages(&workspace.root.join("book"))?;
    let chapter = workspace
        .exercise(name)
        .map(|chapter| chapter.folder_name());
    let name = chapter.unwrap_or(name.to_owned());
    match pages.iter().find(|(page, _)| *page == name) {
        Some((_, page)) => terminal::say(text(page, terminal::columns().min(COLUMNS))),
        None => {
            let all = || pages.iter().map(|(page, _)| page.as_str());
            return Err(Error::UnknownPage {
                near: did_you_mean(&name, all()),
                all: all().collect::<Vec<_>>().join(", "),
                name,
            });
        }
    }
    Ok(0)
}

/// A page as text.
fn text(page: &str, columns: usize) -> String {
    let mut text = Text {
        columns,
        ..Text::default()
    };
    text.add(&mut page.lines());
    for (number, (title, folded)) in (1..).zip(std::mem::take(&mut text.folded)) {
        text.line("");
        if number == 1 {
            text.line(&terminal::strong("## Folded on the page"));
            text.line("");
        }
        text.line(&terminal::strong(format_args!("({number}) {title}")));
        text.line("");
        text.add(&mut folded.lines());
    }
    text.done.trim_end().to_owned()
}

#[derive(Default)]
struct Text {
    columns: usize,
    done: String,
    /// Lines of prose that may be broken elsewhere.
    paragraph: String,
    /// What is folded, with its title.
    folded: Vec<(String, String)>,
    /// What the question that is read right now has for an answer.
    answer: String,
    /// The last item of a run.
    step: usize,
}

impl Text {
    /// Pages have each tag on a line of its own.
    fn add(&mut self, lines: &mut Lines<'_>) {
        while let Some(line) = lines.next() {
            let tag = line.strip_prefix('<').unwrap_or_default();
            let tag = tag.split([' ', '>']).next().unwrap_or_default();
            match tag {
                "" if line.trim_start().starts_with("```") => {
                    self.line(line);
                    for code in lines.by_ref() {
                        self.line(code);
                        if code.trim() == "```" {
                            break;
                        }
                    }
                }
                "" if line.starts_with('#') => self.line(&terminal::strong(line)),
                "" if line.is_empty() || line.starts_with(['|', '>']) => self.line(line),
                "" => self.prose(line),
                "!--" => {}
                "style" | "script" => skip(lines, line, tag),
                "svg" => {
                    self.prose(&format!(
                        "[{}]",
                        attribute(line, "aria-label").unwrap_or_default()
                    ));
                    skip(lines, line, tag);
                }
                "check-yourself" => attribute(line, "answer")
                    .unwrap_or_default()
                    .clone_into(&mut self.answer),
                "actor-trace" => {
                    let label = attribute(line, "label").unwrap_or_default();
                    self.line("");
                    self.line(&terminal::strong(format_args!("A recorded run: {label}")));
                }
                "section" => {
                    self.line("");
                    self.line(&format!(
                        "{}:",
                        attribute(line, "data-label").unwrap_or_default()
                    ));
                }
                "ol" => self.step = 0,
                "li" => {
                    self.step += 1;
                    self.prose(&format!("{}. {}", self.step, plain(line)));
                }
                "details" if line.contains("data-test") => {
                    let promise = lines.next().map(plain).unwrap_or_default();
                    self.prose(&format!(
                        "- {promise} (`{}`)",
                        attribute(line, "data-test").unwrap_or_default()
                    ));
                    // The hints are the business of `cargo course hint`.
                    inside(lines);
                }
                "details" => {
                    let summary = match line.contains("<summary>") {
                        true => plain(line),
                        false => lines.next().map(plain).unwrap_or_default(),
                    };
                    let title = match std::mem::take(&mut self.answer) {
                        answer if answer.is_empty() => summary,
                        answer => format!("Right: {answer}. {summary}"),
                    };
                    let what = if title.starts_with("Right:") {
                        "The answer"
                    } else {
                        &title
                    };
                    let number = self.folded.len() + 1;
                    self.prose(&format!("({what}: at the end, {number})"));
                    self.folded.push((title, inside(lines)));
                }
                _ => {
                    self.end_paragraph();
                    self.prose(&plain(line));
                }
            }
        }
        self.end_paragraph();
    }

    fn prose(&mut self, line: &str) {
        let line = line.replace("<kbd>", "").replace("</kbd>", "");
        let line = line.replace("&lt;", "<");
        if is_item(&line) {
            self.end_paragraph();
        }
        if !line.trim().is_empty() {
            let (glue, line) = match self.paragraph.is_empty() {
                true => ("", line.as_str()),
                false => (" ", line.trim_start()),
            };
            self.paragraph += glue;
            self.paragraph += line;
        }
    }

    fn end_paragraph(&mut self) {
        let paragraph = std::mem::take(&mut self.paragraph);
        if !paragraph.is_empty() {
            self.done += &terminal::broken(&paragraph, self.columns);
            self.done.push('\n');
        }
    }

    /// A line as it is; of several empty ones the first.
    fn line(&mut self, line: &str) {
        self.end_paragraph();
        if !(line.is_empty() && (self.done.is_empty() || self.done.ends_with("\n\n"))) {
            // Writing to a String cannot fail.
            let _ = writeln!(self.done, "{line}");
        }
    }
}

/// "- such a line", or "12. such a line".
fn is_item(line: &str) -> bool {
    let rest = line
        .trim_start()
        .trim_start_matches(|c: char| c.is_ascii_digit());
    let is_number = rest.len() < line.trim_start().len();
    rest.starts_with(if is_number { ". " } else { "- " })
}

fn skip(lines: &mut Lines<'_>, line: &str, tag: &str) {
    let end = format!("</{tag}>");
    if !line.contains(&end) {
        lines.find(|line| line.contains(&end));
    }
}

/// All lines up to the end of the `<details>` that has begun.
fn inside(lines: &mut Lines<'_>) -> String {
    let mut text = String::new();
    let mut depth = 1;
    for line in lines {
        depth += usize::from(line.starts_with("<details"));
        depth -= usize::from(line.starts_with("</details>"));
        if depth == 0 {
            break;
        }
        text += line;
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_text() {
        let page = r#"# Recipe

<!-- course: minutes=60 -->

Two lines
of one paragraph, press <kbd>h</kbd>.

```rust
let _ = Vec::<u8>::new();
```

<check-yourself answer="3">

Which?

1. This
   one

<details><summary>Why</summary>

It does.

</details>
</check-yourself>
<actor-trace label="Two">

<section data-label="One">
<p>It runs.</p>
<script type="application/json">{}</script>
<ol>
<li>Main sends &lt;T&gt;.</li>
</ol>
</section>
</actor-trace>
<exercise-check name="recipe">
<p class="step">Step 1</p>

<details data-test="counts">
<summary>It counts</summary>

<details>
<summary>Hint 1</summary>
No.
</details>
</details>
</exercise-check>

The end.
"#;
        let text = anstream::adapter::strip_str(&text(page, 80)).to_string();
        let expected = "# Recipe

Two lines of one paragraph, press h.

```rust
let _ = Vec::<u8>::new();
```

Which?

1. This one

(The answer: at the end, 1)

A recorded run: Two

One:
It runs.
1. Main sends <T>.
Step 1

- It counts (`counts`)

The end.

## Folded on the page

(1) Right: 3. Why

It does.";
        assert_eq!(text, expected);
    }
}
