//! A trace as a sequence chart for the terminal: a column for each actor, a line for each event, at most 100 characters wide.

use super::Trace;
use crate::event::{ActorId, Event, Got, Kind};

const WIDTH: usize = 100;
/// What all columns together may take; the rest is for the words.
const COLUMNS: usize = 48;
/// Further actors have no column: their events are words alone.
const MOST_ACTORS: usize = 24;

impl Trace {
    /// ```text
    /// main  room
    ///  ●     ·    Main spawns room.
    ///  ●────▶│    Main puts Topic into room's mailbox (1 of 8).
    /// ```
    pub fn chart(&self) -> String {
        let actors = self.actors.iter().take(MOST_ACTORS);
        let names: Vec<String> = actors.map(|a| a.name.clone()).collect();
        let wide = names.iter().map(|n| n.chars().count() + 2).sum::<usize>() <= COLUMNS;
        let (heads, legend) = if wide {
            (names, String::new())
        } else {
            shortened(&names)
        };
        let columns = Columns::new(&heads);
        let mut chart = format!("{}\n{legend}", columns.head(&heads));
        let mut alive: Vec<Life> = vec![Life::Unborn; self.actors.len()];
        alive[0] = Life::Lives;
        for (event, sentence) in self.events.iter().zip(self.sentences()) {
            let row = columns.row(event, &alive, self.target(event));
            match event.kind {
                Kind::Spawn { actor, .. } => alive[actor] = Life::Lives,
                Kind::Ended(_) => alive[event.actor] = Life::Over,
                _ => {}
            }
            let room = WIDTH.saturating_sub(columns.width + 1);
            for (at, words) in wrapped(&sentence, room).iter().enumerate() {
                let row = match at {
                    0 => row.clone(),
                    _ => columns.row_between(&alive),
                };
                chart.push_str(format!("{row} {words}").trim_end());
                chart.push('\n');
            }
        }
        chart
    }

    /// Whom an event reaches.
    fn target(&self, event: &Event) -> Option<ActorId> {
        match &event.kind {
            Kind::Sent { to, .. } => self.boxes[*to].owner,
            Kind::Replied { reply, taken: true } => self.replies[*reply].asker,
            Kind::Spawn { actor, .. } | Kind::Aborts(actor) => Some(*actor),
            _ => None,
        }
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Life {
    Unborn,
    Lives,
    Over,
}

/// Where the actors' lines run.
struct Columns {
    middles: Vec<usize>,
    width: usize,
}

impl Columns {
    fn new(heads: &[String]) -> Self {
        let (mut middles, mut width) = (Vec::new(), 0);
        for head in heads {
            let wide = head.chars().count();
            middles.push(width + (wide - 1) / 2);
            width += wide + if wide > 1 { 2 } else { 1 };
        }
        Self { middles, width }
    }

    fn head(&self, heads: &[String]) -> String {
        let mut head = String::new();
        for name in heads {
            head.push_str(name);
            head.push_str(if name.chars().count() > 1 { "  " } else { " " });
        }
        head.trim_end().to_owned()
    }

    fn row(&self, event: &Event, alive: &[Life], target: Option<ActorId>) -> String {
        let mut row = self.lines(alive);
        let Some(&from) = self.middles.get(event.actor) else {
            return row.into_iter().collect();
        };
        let target = target.filter(|&target| target != event.actor);
        if let Some(&to) = target.and_then(|target| self.middles.get(target)) {
            let line = match event.kind {
                Kind::Replied { .. } => '╌',
                _ => '─',
            };
            for cell in &mut row[from.min(to) + 1..from.max(to)] {
                *cell = line;
            }
            let before = if to > from { to - 1 } else { to + 1 };
            if before != from {
                row[before] = if to > from { '▶' } else { '◀' };
            }
        }
        row[from] = mark(&event.kind);
        row.into_iter().collect()
    }

    fn row_between(&self, alive: &[Life]) -> String {
        self.lines(alive).into_iter().collect()
    }

    fn lines(&self, alive: &[Life]) -> Vec<char> {
        let mut row = vec![' '; self.width];
        for (life, &middle) in alive.iter().zip(&self.middles) {
            if *life == Life::Lives {
                row[middle] = '│';
            }
        }
        row
    }
}

fn mark(kind: &Kind) -> char {
    match kind {
        Kind::Waits(_) | Kind::Asked(_) | Kind::Blocked { .. } => '○',
        Kind::Works(_) => '▒',
        Kind::Received(Got::Answer {
            answered: false, ..
        }) => '✗',
        Kind::Refused { .. } | Kind::Panicked { .. } | Kind::NoReply(_) => '✗',
        Kind::Stuck | Kind::Leaked(_) | Kind::Cut(_) => '✗',
        Kind::Ended(_) => '■',
        _ => '●',
    }
}

/// One letter or two for each actor, and what they stand for.
fn shortened(names: &[String]) -> (Vec<String>, String) {
    let short = |at: usize| match at {
        0..26 => char::from(b'A' + at as u8).to_string(),
        _ => (at + 1).to_string(),
    };
    let heads: Vec<String> = (0..names.len()).map(short).collect();
    let pairs: Vec<String> = heads
        .iter()
        .zip(names)
        .map(|(head, name)| format!("{head} {name}"))
        .collect();
    let mut legend = wrapped(&pairs.join(", "), WIDTH).join("\n");
    legend.push('\n');
    (heads, legend)
}

/// Lines of at most so many characters, broken between words.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let line = lines.len() - 1;
        let long = lines[line].chars().count() + 1 + word.chars().count() > width;
        if lines[line].is_empty() {
            lines[line] = word.to_owned();
        } else if long {
            lines.push(word.to_owned());
        } else {
            lines[line] = format!("{} {word}", lines[line]);
        }
    }
    lines
}
