//! The beginning and the end of a text of any length, for output that a learner's endless loop may print.

use std::collections::VecDeque;

/// Bytes kept of the beginning, where a test says what happened.
const HEAD: usize = 12 * 1024;
/// Bytes kept of the end, where a program says why it gave up.
const TAIL: usize = 4 * 1024;

/// Takes any number of bytes and keeps 16 KiB of them.
#[derive(Debug, Default)]
pub struct Excerpt {
    head: Vec<u8>,
    tail: VecDeque<u8>,
    left_out: usize,
}

impl Excerpt {
    /// The excerpt of a text that is already whole.
    pub fn of(text: &str) -> String {
        let mut excerpt = Self::default();
        excerpt.push(text.as_bytes());
        excerpt.into_text()
    }

    /// Adds what came next.
    pub fn push(&mut self, bytes: &[u8]) {
        let (first, rest) = bytes.split_at(bytes.len().min(HEAD - self.head.len()));
        self.head.extend(first);
        self.tail.extend(&rest[rest.len().saturating_sub(TAIL)..]);
        let too_many = self.tail.len().saturating_sub(TAIL);
        self.tail.drain(..too_many);
        self.left_out += too_many + rest.len().saturating_sub(TAIL);
    }

    /// What was kept, with a line in the middle that says how much was not.
    pub fn into_text(self) -> String {
        let mut bytes = self.head;
        if self.left_out > 0 {
            bytes.extend(format!("\n[… {} bytes left out …]\n", self.left_out).bytes());
        }
        bytes.extend(self.tail);
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_text_stays_whole() {
        assert_eq!(Excerpt::of("one\ntwo\n"), "one\ntwo\n");
        let exactly = "x".repeat(HEAD + TAIL);
        assert_eq!(Excerpt::of(&exactly), exactly);
    }

    #[test]
    fn a_long_text_keeps_its_beginning_and_its_end_and_says_how_much_is_gone() {
        let mut excerpt = Excerpt::default();
        excerpt.push(b"begin");
        for _ in 0..1000 {
            excerpt.push(&[b'.'; 777]);
        }
        excerpt.push(b"end");
        let text = excerpt.into_text();
        assert!(text.starts_with("begin..."), "{text}");
        assert!(text.ends_with("...end"), "{text}");
        let left_out = 5 + 777_000 + 3 - HEAD - TAIL;
        assert!(
            text.contains(&format!("[… {left_out} bytes left out …]")),
            "{text}"
        );
        assert!(text.len() < HEAD + TAIL + 100);
    }

    #[test]
    fn a_letter_cut_in_half_is_no_error() {
        assert!(Excerpt::of(&"é".repeat(HEAD)).contains("bytes left out"));
    }
}
