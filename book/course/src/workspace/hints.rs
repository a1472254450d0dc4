//! `hints.md`: the steps of an exercise, the promises of its tests and the staged hints for each. The page includes the same file, so
//! its form is plain HTML details around Markdown; this is the little of it that the terminal needs.

use super::page::attribute;
use crate::error::Error;
use std::{fs, path::Path};

/// What `hints.md` says about one test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestHints {
    /// The test function's name.
    pub test: String,
    /// What the test promises, as plain text.
    pub promise: String,
    /// The heading of the step that it belongs to: "Step 2, 15 minutes: pause and resume". Empty where there are no steps.
    pub step: String,
    /// The hints in their order, as Markdown.
    pub hints: Vec<String>,
}

/// Reads an exercise's `hints.md`. The order of its entries is the order in which tests are shown.
///
/// # Errors
/// The file cannot be read, or a `<details>` in it is not as it should be.
pub fn read(file: &Path) -> Result<Vec<TestHints>, Error> {
    let text = fs::read_to_string(file).map_err(|source| Error::Read {
        path: file.to_owned(),
        source,
    })?;
    parse(&text).map_err(|(line, what)| Error::Hints {
        file: file.to_owned(),
        line,
        what,
    })
}

/// Where we are in the file: each opening tag adds one, each closing tag takes it away.
enum Open {
    Test,
    Hint { text: String },
}

fn parse(text: &str) -> Result<Vec<TestHints>, (usize, &'static str)> {
    let mut tests: Vec<TestHints> = Vec::new();
    let mut open: Vec<Open> = Vec::new();
    let mut in_code = false;
    // A summary may go on over several lines.
    let mut summary: Option<String> = None;
    let mut step = String::new();
    let mut lines = 0;

    for (line, content) in (1..).zip(text.lines()) {
        lines = line;
        let tag = content.trim();
        if tag.starts_with("```") {
            in_code = !in_code;
        }
        if in_code {
            if let Some(Open::Hint { text }) = open.last_mut() {
                text.push_str(content);
                text.push('\n');
            }
        } else if let Some(begun) = &mut summary {
            begun.push(' ');
            begun.push_str(tag);
        } else if tag.starts_with("<details") {
            match open.last() {
                None => {
                    let name = attribute(tag, "data-test").ok_or((
                        line,
                        "an outer <details> needs data-test=\"the test's name\"",
                    ))?;
                    tests.push(TestHints {
                        test: name.to_owned(),
                        promise: String::new(),
                        step: step.clone(),
                        hints: Vec::new(),
                    });
                    open.push(Open::Test);
                }
                Some(Open::Test) => open.push(Open::Hint {
                    text: String::new(),
                }),
                Some(Open::Hint { .. }) => return Err((line, "a <details> inside of a hint")),
            }
        } else if tag.starts_with("<p class=\"step\"") {
            step = plain(tag);
        } else if tag.starts_with("<summary>") {
            summary = Some(tag.to_owned());
        } else if tag == "</details>" {
            match open.pop() {
                None => return Err((line, "a </details> without its <details>")),
                Some(Open::Test) => {}
                Some(Open::Hint { text }) => {
                    let test = tests.last_mut().ok_or((line, "a hint outside of a test"))?;
                    test.hints.push(text.trim().to_owned());
                }
            }
        } else if let Some(Open::Hint { text }) = open.last_mut() {
            text.push_str(content);
            text.push('\n');
        }

        if summary
            .as_ref()
            .is_some_and(|begun| begun.contains("</summary>"))
        {
            let whole = summary.take().unwrap_or_default();
            // A hint's own summary ("Hint 1") says nothing that the terminal does not know.
            if let (Some(Open::Test), Some(test)) = (open.last(), tests.last_mut()) {
                test.promise = plain(&whole);
            }
        }
    }
    if summary.is_some() {
        return Err((lines, "a <summary> without its </summary>"));
    }
    if !open.is_empty() {
        return Err((lines, "a <details> without its </details>"));
    }
    Ok(tests)
}

/// HTML as the terminal shows it: without tags, with the characters that HTML must escape.
pub(crate) fn plain(html: &str) -> String {
    let mut text = String::new();
    let mut in_tag = false;
    for character in html.chars() {
        match character {
            '<' => in_tag = true,
            '>' if in_tag => in_tag = false,
            other if !in_tag => text.push(other),
            _ => {}
        }
    }
    // `&amp;` last: "&amp;lt;" is the text "&lt;".
    let text = text
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&amp;", "&");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO_TESTS: &str = r#"
<details data-test="numbers_start_at_one">
<summary>The first number is 1, then <code>Vec&lt;u8&gt;</code> &amp; 3</summary>

<details>
<summary>Hint 1</summary>

Which task owns the counter?

</details>
<details>
<summary>Hint 2</summary>

```rust
// <details> in code is text
let (tx, rx) = mpsc::channel(8);
```

</details>
</details>
<p class="step">Step 2, 5 minutes: its end</p>

<details data-test="ends">
<summary>
  The task ends
  with the last handle
</summary>
<details>
<summary>Hint 1</summary>
Who holds a sender?
</details>
</details>
"#;

    #[test]
    fn promises_and_hints_are_found_in_their_order() {
        let tests = parse(TWO_TESTS).unwrap();
        assert_eq!(tests.len(), 2);
        assert_eq!(tests[0].test, "numbers_start_at_one");
        assert_eq!(tests[0].promise, "The first number is 1, then Vec<u8> & 3");
        assert_eq!(tests[0].hints[0], "Which task owns the counter?");
        assert!(tests[0].hints[1].contains("// <details> in code is text"));
        assert_eq!(tests[1].promise, "The task ends with the last handle");
        assert_eq!(tests[1].hints, ["Who holds a sender?"]);
        assert_eq!(tests[0].step, "");
        assert_eq!(tests[1].step, "Step 2, 5 minutes: its end");
    }

    #[test]
    fn a_details_that_is_not_closed_is_named() {
        let text = TWO_TESTS.trim_end().strip_suffix("</details>").unwrap();
        let (_, what) = parse(text).unwrap_err();
        assert_eq!(what, "a <details> without its </details>");
    }

    #[test]
    fn a_test_without_its_name_is_found_by_line() {
        let (line, what) = parse("text\n<details>\n").unwrap_err();
        assert_eq!(line, 2);
        assert!(what.contains("data-test"));
    }
}
