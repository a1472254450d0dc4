//! Takes from a text what a terminal would obey: a learner's program may print anything, and its words are shown in a
//! terminal and in a page. Colours go or stay, as the caller wants; every other control character becomes visible.

/// What lets a terminal or a browser show letters in another order than they stand: Unicode's `Bidi_Control`.
const TURNS_TEXT: [char; 12] = [
    '\u{61c}', '\u{200e}', '\u{200f}', '\u{202a}', '\u{202b}', '\u{202c}', '\u{202d}', '\u{202e}',
    '\u{2066}', '\u{2067}', '\u{2068}', '\u{2069}',
];

/// The text without colours, and with every control character but the line's end and the tab made visible: `␛`, `␇`.
pub fn text(text: &str) -> String {
    visible(text, false)
}

/// The same, but colours stay: for what rustc and cargo say.
pub fn coloured(text: &str) -> String {
    visible(text, true)
}

fn visible(text: &str, keeps_colours: bool) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        let (taken, after) = rest.split_at(letter.len_utf8());
        rest = after;
        match letter {
            '\n' | '\t' => plain.push(letter),
            // A line's end on Windows.
            '\r' if rest.starts_with('\n') => {}
            '\u{1b}' => match sequence(rest) {
                Some((sequence, after)) => {
                    if keeps_colours && is_colour(sequence) {
                        plain.extend([taken, sequence]);
                    }
                    rest = after;
                }
                None => plain.push('␛'),
            },
            // Unicode has a picture of each, in the same order.
            '\0'..=' ' if letter != ' ' => {
                plain.extend(char::from_u32(u32::from('␀') + u32::from(letter)))
            }
            '\u{7f}' => plain.push('␡'),
            '\u{80}'..='\u{9f}' => plain.extend(letter.escape_unicode()),
            _ if TURNS_TEXT.contains(&letter) => plain.extend(letter.escape_unicode()),
            _ => plain.push(letter),
        }
    }
    plain
}

/// Splits off a control sequence as colours use it, without its escape character: `[`, numbers, a letter.
fn sequence(text: &str) -> Option<(&str, &str)> {
    let is_parameter = |letter: char| ('\u{20}'..='\u{3f}').contains(&letter);
    let end = text
        .strip_prefix('[')?
        .find(|letter| !is_parameter(letter))?
        + 1;
    let is_last = text[end..].starts_with(|letter| ('@'..='~').contains(&letter));
    is_last.then(|| text.split_at(end + 1))
}

fn is_colour(sequence: &str) -> bool {
    let parameters = sequence.trim_start_matches('[').strip_suffix('m');
    parameters.is_some_and(|all| all.chars().all(|letter| matches!(letter, '0'..=';')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stay_as_they_are() {
        let words = "äöü 漢字 🙂\n\ttwo\n";
        assert_eq!(text(words), words);
        assert_eq!(coloured(words), words);
        assert_eq!(text("one\r\ntwo\r\n"), "one\ntwo\n");
    }

    #[test]
    fn colours_go_or_stay() {
        let red = "\u{1b}[1;31mred\u{1b}[0m";
        assert_eq!(text(red), "red");
        assert_eq!(coloured(red), red);
    }

    #[test]
    fn what_moves_the_cursor_clears_the_screen_or_hides_text_goes_in_both() {
        for sequence in ["[2J", "[H", "[1A", "[?25l", "[?1049h", "[6n", "[>4;2m"] {
            let said = format!("a\u{1b}{sequence}b");
            assert_eq!(text(&said), "ab", "{sequence}");
            assert_eq!(coloured(&said), "ab", "{sequence}");
        }
    }

    #[test]
    fn every_other_control_character_is_made_visible() {
        for (said, shown) in [
            ("\u{1b}]0;a title\u{7}b", "␛]0;a title␇b"),
            ("\u{1b}]8;;x\u{1b}\\b", "␛]8;;x␛\\b"),
            ("\u{1b}P1$r\u{1b}\\", "␛P1$r␛\\"),
            ("\u{1b}c", "␛c"),
            ("passes\rfails", "passes␍fails"),
            ("ab\u{8}c\u{b}\u{c}\0", "ab␈c␋␌␀"),
            ("\u{7f}", "␡"),
            ("\u{202e}lla ssap", "\\u{202e}lla ssap"),
            ("\u{2066}a\u{2069}\u{200f}", "\\u{2066}a\\u{2069}\\u{200f}"),
            ("\u{9b}2J\u{9d}0;t\u{9c}", "\\u{9b}2J\\u{9d}0;t\\u{9c}"),
            ("\u{1b}", "␛"),
            ("\u{1b}[", "␛["),
            ("\u{1b}[31", "␛[31"),
            ("\u{1b}[3ä", "␛[3ä"),
        ] {
            assert_eq!(text(said), shown);
            assert_eq!(coloured(said), shown);
        }
    }

    #[test]
    fn nothing_that_a_terminal_obeys_is_left_of_any_two_characters() {
        let all: Vec<char> = ('\0'..='\u{9f}').collect();
        for first in &all {
            for second in &all {
                let plain = text(&format!("{first}{second}"));
                let obeyed = |letter: char| letter.is_control() && !matches!(letter, '\n' | '\t');
                assert!(!plain.contains(obeyed), "{first:?} {second:?}");
            }
        }
    }
}
