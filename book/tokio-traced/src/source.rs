//! What a recording needs to know about the source of a listing.

/// What a page shows of a listing's file: the lines between `ANCHOR: name` and `ANCHOR_END: name`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// Its first line.
    pub text: String,
    /// How long it is, all its lines, in UTF-16 units as JavaScript counts: tells it from others that begin with the same line.
    pub length: usize,
    /// The numbers, from 1, of the lines that the page shows: not those of other pieces' ANCHOR comments.
    pub lines: Vec<u32>,
}

/// The pieces of a listing's file, in the order in which they begin.
pub fn pieces(source: &str) -> Vec<Piece> {
    let lines: Vec<&str> = source.lines().collect();
    let mut pieces = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let Some(name) = anchor(line, "ANCHOR:") else {
            continue;
        };
        let rest = lines.iter().enumerate().skip(at + 1);
        let inside = rest.take_while(|(_, line)| anchor(line, "ANCHOR_END:") != Some(name));
        let shown: Vec<_> = inside.filter(|(_, line)| !is_anchor(line)).collect();
        if let Some((_, text)) = shown.first() {
            let lengths = shown.iter().map(|(_, line)| line.encode_utf16().count());
            pieces.push(Piece {
                text: (*text).to_string(),
                length: lengths.sum(),
                lines: shown.iter().map(|(at, _)| *at as u32 + 1).collect(),
            });
        }
    }
    pieces
}

fn is_anchor(line: &str) -> bool {
    anchor(line, "ANCHOR:").is_some() || anchor(line, "ANCHOR_END:").is_some()
}

fn anchor<'a>(line: &'a str, keyword: &str) -> Option<&'a str> {
    let (_, name) = line.split_once(keyword)?;
    Some(name.trim())
}

/// The same source, in which messages can be labelled: types that are sent through a channel, and the types of their fields, get a
/// `#[derive(Debug)]` in front of them unless they have one. No line changes its number.
///
/// For code that cannot be asked to derive it, such as a learner's: its labels are worth a lot more than its types' names.
///
/// Found by their looks, in `Sender<Message>` or `Receiver<Message>`. What it misses, or derives in vain, does not compile.
pub fn with_debug(source: &str) -> String {
    let types = types(source);
    let mut sent: Vec<&str> = Vec::new();
    for end in ["Sender<", "Receiver<"] {
        sent.extend(source.split(end).skip(1).filter_map(first_word));
    }
    let mut wanted: Vec<&Type> = Vec::new();
    let mut at = 0;
    while at < sent.len() {
        if let Some(found) = types.iter().find(|t| t.name == sent[at])
            && !wanted.iter().any(|t| t.name == found.name)
        {
            wanted.push(found);
            sent.extend(words(found.body));
        }
        at += 1;
    }
    let mut inserts: Vec<usize> = wanted
        .iter()
        .filter(|t| !t.is_debug && !source.contains(&format!("Debug for {}", t.name)))
        .map(|t| t.at)
        .collect();
    inserts.sort_unstable();
    let (mut derived, mut from) = (String::new(), 0);
    for at in inserts {
        derived.push_str(&source[from..at]);
        derived.push_str("#[derive(Debug)] ");
        from = at;
    }
    derived + &source[from..]
}

/// A struct or an enum in a source.
struct Type<'a> {
    name: &'a str,
    /// Where its item begins, behind its attributes.
    at: usize,
    body: &'a str,
    is_debug: bool,
}

fn types(source: &str) -> Vec<Type<'_>> {
    let mut types = Vec::new();
    let (mut at, mut is_debug) = (0, false);
    for line in source.split_inclusive('\n') {
        let code = line.trim_start();
        let indent = line.len() - code.len();
        if code.starts_with("#[derive(") {
            is_debug |= words(code).contains(&"Debug");
        } else if let Some(name) = type_of(code) {
            let rest = &source[at..];
            // Up to the brace that closes it, at the same indentation; or to the semicolon, whichever the first line ends in.
            let close = format!("\n{}}}", &line[..indent]);
            let end = if line.trim_end().ends_with('{') {
                rest.find(&close)
            } else {
                rest.find('\n')
            };
            types.push(Type {
                name,
                at: at + indent,
                body: &rest[..end.unwrap_or(rest.len())],
                is_debug,
            });
            is_debug = false;
        } else if !code.starts_with("#[") && !code.starts_with("//") {
            is_debug = false;
        }
        at += line.len();
    }
    types
}

/// `pub(crate) enum Message {` is "Message".
fn type_of(line: &str) -> Option<&str> {
    let unseen = ["pub(crate) ", "pub(super) ", "pub "];
    let line = unseen
        .iter()
        .find_map(|public| line.strip_prefix(public))
        .unwrap_or(line);
    let rest = line
        .strip_prefix("struct ")
        .or(line.strip_prefix("enum "))?;
    first_word(rest)
}

fn first_word(text: &str) -> Option<&str> {
    words(text).first().copied()
}

fn words(text: &str) -> Vec<&str> {
    let words = text.split(|c: char| !c.is_alphanumeric() && c != '_');
    words.filter(|word| !word.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LISTING: &str = "\
// ANCHOR: message
enum Message {
    Ask { reply: oneshot::Sender<u32> },
    Put(Item),
}
// ANCHOR_END: message

// ANCHOR: all
struct Item;

// ANCHOR: part
#[derive(Clone, Debug)]
pub struct Kept(u8);
// ANCHOR_END: part

#[derive(Clone)]
pub struct Handle {
    mailbox: mpsc::Sender<Message>,
}
// ANCHOR_END: all
";

    #[test]
    fn pieces_have_the_lines_that_a_page_shows() {
        let pieces = pieces(LISTING);
        let brief = |piece: &Piece| (piece.text.clone(), piece.lines.clone());
        assert_eq!(
            pieces.iter().map(brief).collect::<Vec<_>>(),
            [
                ("enum Message {".to_owned(), vec![2, 3, 4, 5]),
                (
                    "struct Item;".to_owned(),
                    vec![9, 10, 12, 13, 15, 16, 17, 18, 19]
                ),
                ("#[derive(Clone, Debug)]".to_owned(), vec![12, 13]),
            ]
        );
    }

    #[test]
    fn messages_get_a_debug_and_no_line_moves() {
        let derived = with_debug(LISTING);
        assert_eq!(derived.lines().count(), LISTING.lines().count());
        assert!(derived.contains("\n#[derive(Debug)] enum Message {\n"));
        assert!(derived.contains("\n#[derive(Debug)] struct Item;\n"));
        assert_eq!(derived.matches("#[derive(Debug)]").count(), 2, "{derived}");
    }
}
