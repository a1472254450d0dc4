//! What a learner's program tells the room, and all of it: no code, no messages, no paths.

use crate::process::plain;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// How many bytes of JSON a message may have.
pub const LONGEST: usize = 512;

/// Programs of another version say other things.
pub const VERSION: u8 = 1;

/// What stands for the first failing test of an exercise that does not compile, as in the headers of the rejected answers.
pub const COMPILE: &str = "compile";

/// Where a learner stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Standing {
    /// [`VERSION`].
    pub v: u8,
    /// As the learner wants to be called.
    pub who: Name,
    /// The exercise under work: "recipe".
    pub exercise: String,
    /// How many of its tests pass.
    pub passed: u16,
    /// How many tests it has.
    pub of: u16,
    /// The first of its own tests that fails, [`COMPILE`], or nothing. A test that the learner added is not named.
    pub first: String,
    /// How many hints the terminal has shown for that test.
    pub hints: u16,
}

impl Standing {
    /// All tests pass.
    pub fn is_done(&self) -> bool {
        self.first.is_empty() && self.passed == self.of && self.of > 0
    }

    /// As it goes over the network.
    pub fn json(&self) -> String {
        // The only errors are map keys that are no strings; there is no map.
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// A name that can be shown: at most 40 letters in one line, one of them a letter or a digit, and nothing that a terminal or a browser
/// would obey.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct Name(String);

impl Name {
    const LONGEST: usize = 40;
}

impl FromStr for Name {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_shown = text.chars().any(char::is_alphanumeric)
            && text.trim() == text
            && plain::text(text) == text
            && !text.contains(char::is_control);
        match is_shown && text.chars().count() <= Self::LONGEST {
            true => Ok(Self(text.to_owned())),
            false => Err("a name has 1 to 40 letters, in one line, without a blank at either end"),
        }
    }
}

impl TryFrom<String> for Name {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_json_has_these_fields_and_no_other() {
        let json = r#"{"v":1,"who":"Anna","exercise":"recipe","passed":5,"of":14,"first":"ends","hints":2}"#;
        let standing: Standing = serde_json::from_str(json).unwrap();
        assert_eq!(standing.json(), json);
        let more = json.replace("\"hints\"", "\"path\":\"/home/anna\",\"hints\"");
        assert!(serde_json::from_str::<Standing>(&more).is_err());
    }

    #[test]
    fn a_name_is_a_line_of_text_and_markup_is_text_too() {
        for right in [
            "Anna",
            "Jürgen Ö.",
            "<b>Bo</b>",
            "山田",
            "4",
            "O'Neil & \"Co\"",
        ] {
            assert_eq!(right.parse::<Name>().unwrap().to_string(), right);
        }
        let long = "ä".repeat(41);
        for wrong in [
            "",
            " ",
            " Anna",
            "Anna ",
            "An\nna",
            "An\tna",
            "An\u{1b}[2Jna",
            "An\u{202e}na",
            "\u{200b}",
            "…",
            &long,
        ] {
            assert!(wrong.parse::<Name>().is_err(), "{wrong:?}");
            let json = serde_json::to_string(wrong).unwrap();
            assert!(serde_json::from_str::<Name>(&json).is_err(), "{wrong:?}");
        }
    }
}
