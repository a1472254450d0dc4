//! What lets somebody in: the room's join code, the trainer's token, and the key by which a learner's program owns its name.

use crate::error::Error;
use std::{fmt, hint::black_box};

/// What people can tell apart when they copy it from a projector. 32 of them: each is worth 5 bits.
const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// Letters by chance, from the system's source for cryptography.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// Letters of a join code: 40 bits. At 10,000 guesses a second, all of them take more than three years.
    pub const CODE: usize = 8;
    /// Letters of a token that nobody types: 130 bits.
    pub const TOKEN: usize = 26;

    /// A new one, with so many letters.
    ///
    /// # Errors
    /// [`Error::NoChance`]: the system gives none.
    pub fn new(letters: usize) -> Result<Self, Error> {
        let mut bytes = vec![0; letters];
        getrandom::fill(&mut bytes).map_err(Error::NoChance)?;
        let letter = |byte: u8| char::from(LETTERS[usize::from(byte) % LETTERS.len()]);
        Ok(Self(bytes.into_iter().map(letter).collect()))
    }

    /// One that somebody else has made, with so many letters.
    pub fn read(text: &str, letters: usize) -> Option<Self> {
        let is_one = text.len() == letters && text.bytes().all(|byte| LETTERS.contains(&byte));
        is_one.then(|| Self(text.to_owned()))
    }

    /// Whether this is the one. How long it takes says only how long `other` is.
    pub fn is(&self, other: &str) -> bool {
        let (ours, other) = (self.0.as_bytes(), other.as_bytes());
        let differs = |differ: u8, (ours, other): (&u8, &u8)| black_box(differ | (ours ^ other));
        ours.len() == other.len() && ours.iter().zip(other).fold(0, differs) == 0
    }

    /// To be told to somebody who may know it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

/// A secret that gets into a log is none.
impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_itself_alone() {
        let secret = Secret::new(Secret::TOKEN).unwrap();
        let text = secret.reveal().to_owned();
        assert!(secret.is(&text));
        for at in 0..text.len() {
            let mut other = text.clone().into_bytes();
            other[at] ^= 1;
            assert!(!secret.is(str::from_utf8(&other).unwrap()), "letter {at}");
        }
        for other in ["", &text[1..], &format!("{text}a")] {
            assert!(!secret.is(other), "{other}");
        }
        assert!(!secret.is(Secret::new(Secret::TOKEN).unwrap().reveal()));
        assert!(!format!("{secret:?}").contains(&text));
    }

    #[test]
    fn what_is_read_has_the_form_of_one() {
        let code = Secret::new(Secret::CODE).unwrap();
        assert!(
            Secret::read(code.reveal(), Secret::CODE)
                .unwrap()
                .is(code.reveal())
        );
        for wrong in [
            "",
            "abcdefg",
            "abcdefghi",
            "abcdefg0",
            "abcdefgH",
            "äbcdefg",
        ] {
            assert!(Secret::read(wrong, Secret::CODE).is_none(), "{wrong}");
        }
    }
}
