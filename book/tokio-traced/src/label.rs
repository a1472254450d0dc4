//! What a message is called in a trace: `SetTopic "Tokio"`, short enough for a small box.

use crate::event::ReplyId;
use std::{cell::RefCell, fmt};

/// Longer labels are cut.
const LONGEST: usize = 40;
/// So many bytes are asked of a message's `Debug`: it may be as large as it likes.
const MOST: usize = 20 * LONGEST;

/// Messages that can be labelled: with the feature `debug`, those that are [`Debug`](std::fmt::Debug); without it, all.
#[cfg(feature = "debug")]
#[diagnostic::on_unimplemented(
    message = "cannot record messages of type `{Self}`: they are not `Debug`",
    note = "put `#[derive(Debug)]` on it, or build tokio-traced without its feature `debug`: labels are then the types' names"
)]
pub trait Shown: std::fmt::Debug {}
#[cfg(feature = "debug")]
impl<T: std::fmt::Debug> Shown for T {}

/// Messages that can be labelled: with the feature `debug`, those that are [`Debug`](std::fmt::Debug); without it, all.
#[cfg(not(feature = "debug"))]
pub trait Shown {}
#[cfg(not(feature = "debug"))]
impl<T> Shown for T {}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Label {
    pub text: String,
    /// The replies whose senders are in the message.
    pub replies: Vec<ReplyId>,
    /// Known by its type alone: the variant's number, if the type is an enum. Whether it is one, other messages tell.
    pub variant: Option<u32>,
}

/// A channel keeps this function for its messages, so that nothing else needs a bound on their type.
pub(crate) type Labeller<T> = fn(&T) -> Label;

thread_local! {
    /// While a message is formatted: the replies whose senders were met.
    static MET: RefCell<Option<Vec<ReplyId>>> = const { RefCell::new(None) };
}

/// Stands for what a label leaves out. No one writes this character into a message.
const LEFT_OUT: char = '\u{1}';

/// The `Debug` of a channel's end: as Tokio's; in a label it leaves itself out, and its reply is noted.
pub(crate) fn or_left_out(
    real: &dyn fmt::Debug,
    reply: Option<ReplyId>,
    f: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    let in_a_label = MET.with_borrow_mut(|met| match met {
        Some(met) => {
            met.extend(reply);
            true
        }
        None => false,
    });
    if in_a_label {
        write!(f, "{LEFT_OUT}")
    } else {
        real.fmt(f)
    }
}

#[cfg(feature = "debug")]
impl Label {
    pub fn of<T: Shown>(message: &T) -> Self {
        use std::{fmt::Write, panic};
        let outer = MET.replace(Some(Vec::new()));
        let mut text = Short(String::new());
        // A `Debug` that panics must not end who sends: nobody asked it to format anything. (The error of `Short` is only that it is full.)
        let formatted = panic::catch_unwind(panic::AssertUnwindSafe(|| {
            let _ = write!(text, "{message:?}");
        }));
        let replies = MET.replace(outer).unwrap_or_default();
        let text = match formatted {
            Ok(()) if text.0 != LEFT_OUT.to_string() => shorten(&text.0),
            _ => crate::name::short::<T>(),
        };
        Self {
            text,
            replies,
            variant: None,
        }
    }
}

#[cfg(not(feature = "debug"))]
impl Label {
    pub fn of<T: Shown>(message: &T) -> Self {
        // For what is not an enum this is no error, and its result means nothing.
        let variant = format!("{:?}", std::mem::discriminant(message));
        let number = variant
            .trim_start_matches("Discriminant(")
            .trim_end_matches(')');
        Self {
            text: crate::name::short::<T>(),
            replies: Vec::new(),
            variant: number.parse().ok(),
        }
    }
}

/// The labels as they are shown: an enum's variants get numbers, from 1.
pub(crate) fn texts(labels: &[Label]) -> Vec<String> {
    let is_enum = |name: &str| {
        let mut others = labels.iter().filter(|l| l.text == name);
        others.any(|l| l.variant.is_some_and(|v| v > 0))
    };
    let text = |label: &Label| match label.variant {
        Some(variant) if is_enum(&label.text) => format!("{} #{}", label.text, variant + 1),
        _ => label.text.clone(),
    };
    labels.iter().map(text).collect()
}

/// Takes what fits and stops then.
#[cfg(feature = "debug")]
struct Short(String);

#[cfg(feature = "debug")]
impl std::fmt::Write for Short {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        self.0.push_str(text);
        if self.0.len() > MOST {
            return Err(std::fmt::Error);
        }
        Ok(())
    }
}

/// `SetTopic { topic: "Tokio", reply: … }` is `SetTopic "Tokio"`.
#[cfg_attr(not(feature = "debug"), allow(dead_code))]
fn shorten(debug: &str) -> String {
    let inside = |open: &str, close: char| {
        let (name, rest) = debug.split_once(open)?;
        let is_name = name.chars().all(|c| c.is_alphanumeric() || c == '_');
        let fields = match rest.strip_suffix(close) {
            None if debug.len() > MOST => rest,
            fields => fields?,
        };
        is_name.then_some((name, fields))
    };
    let (name, fields) = match inside(" { ", '}').or_else(|| inside("(", ')')) {
        Some((name, fields)) => (name, split(fields)),
        None => (debug, Vec::new()),
    };
    let fields: Vec<&str> = fields
        .into_iter()
        .filter(|f| !f.contains(LEFT_OUT))
        .collect();
    let text = match fields.as_slice() {
        [] if name.is_empty() => debug.to_owned(),
        [] => name.to_owned(),
        // A text speaks for itself, `yes: true` does not.
        [only] => match only.split_once(": ") {
            Some((_, value)) if !["true", "false"].contains(&value) && !only.starts_with('"') => {
                format!("{name} {value}")
            }
            _ => format!("{name} {only}"),
        },
        several => format!("{name} {}", several.join(", ")),
    };
    let text = text.trim().replace(LEFT_OUT, "…");
    if text.chars().count() <= LONGEST {
        return text;
    }
    text.chars().take(LONGEST - 1).chain(['…']).collect()
}

/// The fields of a `Debug` output: at the commas that are not inside of brackets or texts.
fn split(fields: &str) -> Vec<&str> {
    let (mut depth, mut in_text, mut escaped, mut from) = (0_i32, false, false, 0);
    let mut parts = Vec::new();
    for (at, letter) in fields.char_indices() {
        match letter {
            _ if escaped => escaped = false,
            '\\' if in_text => escaped = true,
            '"' => in_text = !in_text,
            '{' | '[' | '(' if !in_text => depth += 1,
            '}' | ']' | ')' if !in_text => depth -= 1,
            ',' if !in_text && depth == 0 => {
                parts.push(fields[from..at].trim());
                from = at + 1;
            }
            _ => {}
        }
    }
    parts.push(fields[from..].trim());
    parts.retain(|part| !part.is_empty());
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_short() {
        for (debug, label) in [
            ("Topic { reply: \u{1} }", "Topic"),
            (
                "SetTopic { topic: \"Tokio\", reply: \u{1} }",
                "SetTopic \"Tokio\"",
            ),
            ("Vote { yes: true, reply: \u{1} }", "Vote yes: true"),
            ("Tally { yes: 1, no: 0 }", "Tally yes: 1, no: 0"),
            ("Say(\"a, {b\", 7)", "Say \"a, {b\", 7"),
            ("Job(1)", "Job 1"),
            ("Done { took: 5 }", "Done 5"),
            ("Ok(Some([1, 2]))", "Ok Some([1, 2])"),
            ("\"Rust\"", "\"Rust\""),
            ("()", "()"),
            ("(1, 2)", "1, 2"),
            ("42", "42"),
        ] {
            assert_eq!(shorten(debug), label);
        }
        assert_eq!(shorten(&"x".repeat(500)).chars().count(), LONGEST);
    }
}
