//! `cargo course hint`: one hint more at each call.

use super::check::verdict;
use crate::{
    error::Error,
    terminal,
    workspace::{Exercise, Workspace, did_you_mean, hints::TestHints, shown::Shown},
};

/// Shows the next hint for `test`, or for the first test that fails.
///
/// # Errors
/// There is no such exercise or test, or what was shown cannot be noted.
pub async fn hint(workspace: &Workspace, name: &str, test: Option<&str>) -> Result<u8, Error> {
    let exercise = workspace.exercise(name)?;
    let all = exercise.hints()?;
    let hints = match test {
        Some(test) => find(exercise, &all, test)?,
        None => {
            let status = verdict(workspace, exercise, &()).await;
            if status.is_green() {
                terminal::say(terminal::line(exercise, &status));
                terminal::say(format_args!(
                    "other right designs: cargo course solution {}",
                    exercise.name
                ));
                return Ok(0);
            }
            // What does not compile has no failing test: then the first test's hints are the first to read.
            let failing = status.first_failing();
            let hints = failing.and_then(|test| all.iter().find(|hints| hints.test == test.name));
            let Some(hints) = hints.or(all.first()) else {
                return Err(unknown(exercise, &all, ""));
            };
            hints
        }
    };

    let mut shown = Shown::read(&workspace.course_folder());
    let count = shown.next(exercise, hints)?;
    terminal::say(render(exercise, hints, count));
    Ok(0)
}

fn find<'a>(exercise: &Exercise, all: &'a [TestHints], test: &str) -> Result<&'a TestHints, Error> {
    all.iter()
        .find(|hints| hints.test == test)
        .ok_or_else(|| unknown(exercise, all, test))
}

fn unknown(exercise: &Exercise, all: &[TestHints], test: &str) -> Error {
    let names = || all.iter().map(|hints| hints.test.as_str());
    Error::UnknownTest {
        exercise: exercise.name.clone(),
        test: test.to_owned(),
        near: did_you_mean(test, names()),
        all: names().collect::<Vec<_>>().join(", "),
    }
}

/// `count` is the hint's number, counted from 1; one more than there are: all of them once more.
fn render(exercise: &Exercise, hints: &TestHints, count: usize) -> String {
    let of = hints.hints.len();
    let solution = format!(
        "the whole solution: cargo course solution {}",
        exercise.name
    );
    let again = format!(
        "the next hint: cargo course hint {} {}",
        exercise.name, hints.test
    );
    let mut text = format!("{}: {}\n", exercise.name, terminal::strong(&hints.promise));

    let first = if count > of { 1 } else { count };
    for (number, hint) in
        (1..)
            .zip(&hints.hints)
            .skip(first - 1)
            .take(if count > of { of } else { 1 })
    {
        text.push_str(&format!(
            "\nhint {number} of {of}\n\n{}\n",
            terminal::told(hint, 2)
        ));
    }
    text.push_str(&format!("\n{}", if count >= of { solution } else { again }));
    text
}
