//! Scenarios that nobody wrote: random callers use an actor in ways that no author thought of, and what comes out is compared with
//! what was promised.

use std::{
    env,
    fmt::{self, Display},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// Which scenario to play, and no other: its number, or its number and the steps to keep, as in `17:0,3,4`.
pub(crate) const WHICH: &str = "SCENARIO";

/// How many lines of a story are told: the first ones and the last ones.
const FIRST_LINES: usize = 24;
const LAST_LINES: usize = 8;

/// A text in quotes is told whole up to twice this many characters; of a longer one, so many are told.
const TOLD_OF_A_TEXT: usize = 40;

/// What callers can do to an actor, and what they were promised.
///
/// The value itself is what the scenario begins with: the capacity of a mailbox, the speed of a store.
pub trait Scenario: Clone + Send + 'static {
    /// One thing that a caller does.
    type Step: Clone + Send + 'static;

    /// What this scenario begins with.
    fn begin(dice: &mut Dice) -> Self;

    /// What happens next.
    fn step(&self, dice: &mut Dice) -> Self::Step;

    /// Takes the steps, tells `story` what happens, and panics when a promise is broken. It is the body of a test, with a runtime and
    /// a virtual clock of its own.
    fn play(self, steps: Vec<Self::Step>, story: Story) -> impl Future<Output = ()>;
}

/// Names a scenario, or one with some of its steps.
#[derive(Debug, PartialEq)]
pub(crate) struct Which {
    pub number: u32,
    /// The steps to keep, by their index; `None`: all.
    pub kept: Option<Vec<usize>>,
}

impl Which {
    /// The one that the environment names.
    ///
    /// # Panics
    /// When it names none.
    pub fn from_env() -> Option<Self> {
        let which = env::var(WHICH).ok()?;
        let parsed = Self::parse(&which);
        assert!(
            parsed.is_some(),
            "{WHICH}={which:?}: its number, and perhaps the steps to keep, as in 17:0,3"
        );
        parsed
    }

    pub fn parse(text: &str) -> Option<Self> {
        let (number, kept) = match text.split_once(':') {
            Some((number, kept)) => (number, Some(kept)),
            None => (text, None),
        };
        let steps = |kept: &str| match kept {
            "" => Some(Vec::new()),
            _ => kept.split(',').map(|step| step.parse().ok()).collect(),
        };
        Some(Self {
            number: number.parse().ok()?,
            kept: match kept {
                Some(kept) => Some(steps(kept)?),
                None => None,
            },
        })
    }

    /// The same in every run. The first scenarios are short: a fault that shows in them is told sooner.
    pub fn draw<S: Scenario>(&self) -> (S, Vec<S::Step>) {
        let mut dice = Dice::new(self.number);
        let begin = S::begin(&mut dice);
        let longest = 3 + (self.number as usize / 8).min(13);
        let length = 1 + dice.below(longest);
        let steps: Vec<_> = (0..length).map(|_| begin.step(&mut dice)).collect();
        let steps = match &self.kept {
            Some(kept) => kept.iter().filter_map(|&i| steps.get(i).cloned()).collect(),
            None => steps,
        };
        (begin, steps)
    }
}

impl Display for Which {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.number)?;
        let Some(kept) = &self.kept else {
            return Ok(());
        };
        for (i, step) in kept.iter().enumerate() {
            write!(f, "{}{step}", if i == 0 { ':' } else { ',' })?;
        }
        // Without a single step, too, it is not the whole scenario.
        if kept.is_empty() {
            write!(f, ":")
        } else {
            Ok(())
        }
    }
}

/// A seeded source of chance: the same throws in every run.
#[derive(Debug)]
pub struct Dice {
    state: u64,
    /// Of the scenario.
    number: usize,
}

impl Dice {
    fn new(seed: u32) -> Self {
        // Neighbouring seeds must not begin alike: spread them by the golden ratio, and never start xorshift with 0.
        Self {
            state: (u64::from(seed) + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1,
            number: seed as usize,
        }
    }

    /// A number from 0 up to, and without, `limit`.
    ///
    /// # Panics
    /// When `limit` is 0.
    pub fn below(&mut self, limit: usize) -> usize {
        // Marsaglia's xorshift64.
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        (self.state >> 33) as usize % limit
    }

    /// One of these.
    ///
    /// # Panics
    /// When there are none.
    pub fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())].clone()
    }

    /// One of these, which go from small to large: the first scenarios, which are played first, have only the first ones. A fault that
    /// a small one shows is told with it, since the steps of a story can be left out, but do not shrink.
    ///
    /// # Panics
    /// When there are none.
    pub fn pick_small<T: Clone>(&mut self, from: &[T]) -> T {
        let known = (1 + self.number / 16).min(from.len());
        self.pick(&from[..known])
    }
}

/// What happened in a scenario, line by line, with the virtual time of each.
#[derive(Debug, Clone, Default)]
pub struct Story(Arc<Mutex<Lines>>);

#[derive(Debug, Default)]
struct Lines {
    began: Option<Instant>,
    lines: Vec<(Duration, String)>,
}

impl Story {
    /// Lets its time begin.
    pub(crate) fn begin(&self) {
        self.lines(|story| story.began = Some(Instant::now()));
    }

    /// Tells what has just happened: "post 3 is accepted". Of a long text in quotes, as `{:?}` writes it, only the beginning is told.
    pub fn tell(&self, what: impl Into<String>) {
        let line = (self.now(), with_short_texts(&what.into()));
        self.lines(|story| story.lines.push(line));
    }

    /// The virtual time since the scenario began.
    pub fn now(&self) -> Duration {
        self.lines(|story| story.began.map_or(Duration::ZERO, |began| began.elapsed()))
    }

    fn lines<T>(&self, with: impl FnOnce(&mut Lines) -> T) -> T {
        with(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Display for Story {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.lines(|story| {
            let count = story.lines.len();
            let times: Vec<_> = story.lines.iter().map(|(at, _)| at_time(*at)).collect();
            let width = times.iter().map(String::len).max().unwrap_or(0);
            let left_out = FIRST_LINES..count.saturating_sub(LAST_LINES);
            for (i, (at, (_, what))) in times.iter().zip(&story.lines).enumerate() {
                if left_out.len() < 2 || !left_out.contains(&i) {
                    writeln!(f, "  {at:>width$}  {what}")?;
                } else if i == left_out.start {
                    writeln!(f, "  {:>width$}  ({} more lines)", "…", left_out.len())?;
                }
            }
            Ok(())
        })
    }
}

/// The same line; of a long text in quotes only the beginning: `"all work and no play… (512 characters)"`.
fn with_short_texts(line: &str) -> String {
    let mut short = String::new();
    let mut rest = line;
    while let Some((before, text)) = rest.split_once('"') {
        let Some(end) = end_of_text(text) else { break };
        let characters = characters(&text[..end]);
        short += before;
        if characters.len() > 2 * TOLD_OF_A_TEXT {
            let told = characters[..TOLD_OF_A_TEXT].concat();
            short += &format!("\"{told}…\" ({} characters)", characters.len());
        } else {
            short += &format!("\"{}\"", &text[..end]);
        }
        rest = &text[end + 1..];
    }
    short + rest
}

/// Where the closing quote stands.
fn end_of_text(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.find(|c| {
        let ends = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        ends
    })
}

/// What one character of the text has become: itself, or an escape such as `\n` and `\u{1f}`.
fn characters(mut text: &str) -> Vec<&str> {
    let mut characters = Vec::new();
    while let Some(first) = text.chars().next() {
        let length = match text.strip_prefix('\\') {
            None => first.len_utf8(),
            Some(escape) if escape.starts_with("u{") => text.find('}').map_or(1, |end| end + 1),
            Some(escape) => 1 + escape.chars().next().map_or(0, char::len_utf8),
        };
        let (character, rest) = text.split_at(length);
        characters.push(character);
        text = rest;
    }
    characters
}

/// A virtual time as people say it, down to milliseconds: "1.17 s", "3 min 2 s", "11 h 6 min 40.5 s".
pub fn at_time(time: Duration) -> String {
    let minutes = time.as_secs() / 60;
    let rest = time - Duration::from_secs(60 * minutes);
    let seconds = f64::from(u32::try_from(rest.as_millis()).unwrap_or(0)) / 1000.0;
    match minutes {
        0 => format!("{seconds} s"),
        1..60 => format!("{minutes} min {seconds} s"),
        _ => format!("{} h {} min {seconds} s", minutes / 60, minutes % 60),
    }
}
