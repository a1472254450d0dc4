//! Where to stop in a recorded run, as it stands in `book/src/traces`.

use crate::{error::Error, scratch::manifest::read};
use serde::Deserialize;
use std::path::Path;

/// What is worth a word when it happens, the most telling first.
const TELLING: [&str; 10] = [
    "stuck",
    "leaked",
    "panicked",
    "cut",
    "cancelled",
    "noreply",
    "refused",
    "aborts",
    "rxdrop",
    "blocked",
];

/// One of the runs in a player.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recording {
    /// "4 slots".
    pub label: String,
    /// How many steps it has.
    pub steps: usize,
    /// The step to show, counted from 1.
    pub show: usize,
    /// What happens there.
    pub says: String,
}

#[derive(Deserialize)]
struct Data {
    /// Time, actor, line, kind, and what changes.
    steps: Vec<Vec<serde_json::Value>>,
}

/// The runs of a file.
///
/// # Errors
/// It cannot be read, or is no recording.
pub fn read_all(file: &Path) -> Result<Vec<Recording>, Error> {
    let text = read(file)?;
    let sections = text.split("<section ").skip(1);
    let recordings: Option<Vec<Recording>> = sections.map(recording).collect();
    recordings.ok_or_else(|| Error::Page {
        file: file.to_owned(),
        what: "it is no recording, `cargo course record` makes it anew",
    })
}

fn recording(section: &str) -> Option<Recording> {
    let (_, label) = section.split_once("data-label=\"")?;
    let (_, json) = section.split_once("<script type=\"application/json\">")?;
    let data: Data = serde_json::from_str(json.split_once("</script>")?.0).ok()?;
    let kinds: Vec<&str> = (data.steps.iter())
        .map(|step| step.get(3)?.as_str())
        .collect::<Option<_>>()?;
    let place = |kind: &&str| kinds.iter().position(|other| other == kind);
    let show = TELLING
        .iter()
        .find_map(place)
        .unwrap_or(kinds.len().checked_sub(1)?);
    let says = section.split("<li>").nth(show + 1)?.split_once("</li>")?.0;
    Some(Recording {
        label: plain(label.split_once('"')?.0),
        steps: kinds.len(),
        show: show + 1,
        says: plain(says),
    })
}

/// The text of the little HTML that recordings have.
fn plain(html: &str) -> String {
    html.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_telling_step_is_shown_and_else_the_last() {
        let section = |steps: &str| {
            format!(
                "data-label=\"A &amp; B\">\n<script type=\"application/json\">{{\"v\":2,\"steps\":[{steps}]}}</script>\n\
                 <ol>\n<li>One.</li>\n<li>Two &lt;T>.</li>\n<li>Three.</li>\n</ol>\n"
            )
        };
        let blocked = "[0,0,1,\"spawn\",{}],[0,0,1,\"blocked\"],[0,0,1,\"ended\"]";
        let found = recording(&section(blocked)).unwrap();
        assert_eq!((found.show, found.steps), (2, 3));
        assert_eq!(
            (found.label.as_str(), found.says.as_str()),
            ("A & B", "Two <T>.")
        );
        let quiet = blocked.replace("blocked", "waits");
        assert_eq!(recording(&section(&quiet)).unwrap().show, 3);
        assert_eq!(recording("data-label=\"\""), None);
    }
}
