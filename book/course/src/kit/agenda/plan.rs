//! Which chapters, and when: the plan as data.

use super::{
    Clock, Wish,
    chapters::{self, Chapter},
};
use crate::error::Error;
use serde_json::{Value, json};

/// Everybody's program runs, and all know what they will build.
const WELCOME: u32 = 10;
/// What to take home, and how to go on.
const CLOSE: u32 = 5;
/// Nobody works longer than this at a stretch, but for the last words on a chapter.
const STRETCH: u32 = 90;
/// From here on, the end of a chapter is a good moment for a break.
const GOOD_MOMENT: u32 = 60;
const BREAK: u32 = 10;
const LUNCH: u32 = 60;
/// A workshop that is longer than this has a lunch.
const WITH_LUNCH: u32 = 5 * 60;
/// Nobody wants it earlier, from the beginning.
const LUNCH_AFTER: u32 = 150;

/// What happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    Welcome,
    /// The talk before a step, or after the last one: chapter and turn, by their places.
    Talk(usize, usize),
    /// A step of the exercise: chapter and turn, by their places.
    Step(usize, usize),
    Break,
    Lunch,
    Close,
}

/// One line of the plan.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    pub at: Clock,
    pub minutes: u32,
    pub what: What,
}

/// The whole plan.
#[derive(Clone, Debug)]
pub struct Plan {
    pub all: Vec<Chapter>,
    /// The places of the chapters that were done before.
    pub known: Vec<usize>,
    /// The places of the chapters to teach, in the book's order.
    pub chosen: Vec<usize>,
    pub entries: Vec<Entry>,
    /// How many minutes the workshop has, and how many of them are planned.
    pub given: u32,
    pub minutes: u32,
}

impl Plan {
    pub fn new(all: Vec<Chapter>, known: Vec<usize>, chosen: Vec<usize>, wish: &Wish) -> Self {
        let entries = entries(&all, &chosen, wish);
        let minutes = entries.iter().map(|entry| entry.minutes).sum();
        Self {
            all,
            known,
            chosen,
            entries,
            given: wish.hours.minutes,
            minutes,
        }
    }

    /// What to drop first: the chapters from the one that the least builds on, in the plan and then in the course; of two, the later.
    pub fn drop_order(&self) -> Vec<usize> {
        let mut order = self.chosen.clone();
        order.sort_by_key(|&place| {
            let in_plan = self.dependents(place).len();
            (
                in_plan,
                chapters::builds_on(&self.all, place),
                usize::MAX - place,
            )
        });
        order
    }

    /// The chosen chapters that build on this one.
    pub fn dependents(&self, place: usize) -> Vec<usize> {
        let chosen = self.chosen.iter().copied();
        chosen
            .filter(|&other| self.all[other].needs.contains(&place))
            .collect()
    }

    /// The plan for scripts.
    pub fn json(&self) -> Value {
        let name = |place: &usize| self.all[*place].name.clone();
        let entries = self.entries.iter().map(|entry| {
            let (kind, place) = match entry.what {
                What::Welcome => ("welcome", None),
                What::Talk(chapter, turn) => ("talk", Some((chapter, turn))),
                What::Step(chapter, turn) => ("step", Some((chapter, turn))),
                What::Break => ("break", None),
                What::Lunch => ("lunch", None),
                What::Close => ("close", None),
            };
            let step =
                place.and_then(|(chapter, turn)| self.all[chapter].turns[turn].turn.step.as_ref());
            json!({
                "at": entry.at.to_string(),
                "minutes": entry.minutes,
                "kind": kind,
                "chapter": place.map(|(chapter, _)| name(&chapter)),
                "step": step.map(|step| step.number),
            })
        });
        json!({
            "v": 1,
            "minutes": self.minutes,
            "of": self.given,
            "chapters": self.chosen.iter().map(name).collect::<Vec<_>>(),
            "known": self.known.iter().map(name).collect::<Vec<_>>(),
            "entries": entries.collect::<Vec<_>>(),
            "drop": self.drop_order().iter().map(name).collect::<Vec<_>>(),
        })
    }
}

/// The chapters that fit: those first that most of the course builds on, each with what it needs.
pub fn choose(all: &[Chapter], known: &[usize], wish: &Wish) -> Result<Vec<usize>, Error> {
    let mut order: Vec<usize> = (0..all.len()).collect();
    order.sort_by_key(|&place| (usize::MAX - chapters::builds_on(all, place), place));
    let mut chosen = Vec::new();
    for place in order {
        let more = chapters::with_needs(all, &[&chosen[..], &[place]].concat(), known);
        if takes(all, &more, wish) <= wish.hours.minutes {
            chosen = more;
        }
    }
    if chosen.is_empty() {
        let takes = |place: usize| {
            let alone = chapters::with_needs(all, &[place], known);
            (takes(all, &alone, wish), alone)
        };
        let open = (0..all.len()).filter(|place| !known.contains(place));
        let shortest = open.map(takes).min();
        let (takes, alone) = shortest.unwrap_or_default();
        return Err(too_long(all, &alone, takes, wish, &[]));
    }
    Ok(chosen)
}

/// What was chosen, if it can be taught.
pub fn refuse(
    all: &[Chapter],
    known: &[usize],
    chosen: Vec<usize>,
    wish: &Wish,
) -> Result<Vec<usize>, Error> {
    let whole = chapters::with_needs(all, &chosen, known);
    for &place in &chosen {
        let needs = all[place].needs.iter().copied();
        let missing: Vec<usize> = needs
            .filter(|needed| !chosen.contains(needed) && !known.contains(needed))
            .collect();
        if !missing.is_empty() {
            return Err(Error::Needs {
                chapter: format!("{} ({})", all[place].number, all[place].name),
                missing: names(all, &missing),
                whole: names(all, &whole),
                takes: in_hours(takes(all, &whole, wish)),
            });
        }
    }
    let takes = takes(all, &chosen, wish);
    if takes > wish.hours.minutes {
        return Err(too_long(all, &chosen, takes, wish, &chosen));
    }
    Ok(chosen)
}

fn names(all: &[Chapter], places: &[usize]) -> String {
    let names: Vec<&str> = places.iter().map(|&place| &*all[place].name).collect();
    names.join(",")
}

fn too_long(
    all: &[Chapter],
    chapters: &[usize],
    takes: u32,
    wish: &Wish,
    chosen: &[usize],
) -> Error {
    // By quarters, as people say it.
    let hours = f64::from(takes.div_ceil(15)) / 4.0;
    let more = format!("say --hours {hours}");
    // The last one that nothing else in the plan builds on.
    let end = chosen.iter().rev().find(|&&place| {
        let others = chosen.iter().filter(|&&other| other != place);
        chosen.len() > 1
            && others
                .clone()
                .all(|&other| !all[other].needs.contains(&place))
    });
    let next = match (takes > 600, end) {
        (true, _) => "make a plan a day, with --known for what was done before".to_owned(),
        (false, Some(&end)) => format!("{more}, or leave out {}", all[end].name),
        (false, None) => more,
    };
    Error::TooLong {
        chapters: names(all, chapters),
        takes: in_hours(takes),
        given: in_hours(wish.hours.minutes),
        next,
    }
}

/// "3 h 20".
pub fn in_hours(minutes: u32) -> String {
    match (minutes / 60, minutes % 60) {
        (0, minutes) => format!("{minutes} minutes"),
        (hours, 0) => format!("{hours} h"),
        (hours, minutes) => format!("{hours} h {minutes:02}"),
    }
}

fn takes(all: &[Chapter], chosen: &[usize], wish: &Wish) -> u32 {
    let entries = entries(all, chosen, wish);
    entries.iter().map(|entry| entry.minutes).sum()
}

/// Everything in its order. A turn is not torn: what was talked about is done before the break.
fn entries(all: &[Chapter], chosen: &[usize], wish: &Wish) -> Vec<Entry> {
    let mut day = Day {
        start: wish.start,
        minutes: 0,
        stretch: 0,
        lunch: wish.hours.minutes > WITH_LUNCH,
        entries: Vec::new(),
    };
    day.add(What::Welcome, WELCOME);
    for &chapter in chosen {
        for (turn, part) in all[chapter].turns.iter().enumerate() {
            let begins = turn == 0 && day.stretch >= GOOD_MOMENT;
            let is_long = part.turn.step.is_some() && day.stretch + part.minutes() > STRETCH;
            if begins || is_long {
                day.rest();
            }
            day.add(What::Talk(chapter, turn), part.talk);
            let step = part.turn.step.as_ref();
            day.add(
                What::Step(chapter, turn),
                step.map_or(0, |step| step.minutes),
            );
        }
    }
    day.add(What::Close, CLOSE);
    day.entries
}

struct Day {
    start: Clock,
    minutes: u32,
    /// Since the last break.
    stretch: u32,
    /// It is still to come.
    lunch: bool,
    entries: Vec<Entry>,
}

impl Day {
    fn add(&mut self, what: What, minutes: u32) {
        if minutes > 0 {
            let at = self.start.after(self.minutes);
            self.entries.push(Entry { at, minutes, what });
            self.minutes += minutes;
            self.stretch += minutes;
        }
    }

    fn rest(&mut self) {
        match self.lunch && self.minutes >= LUNCH_AFTER {
            true => {
                self.lunch = false;
                self.add(What::Lunch, LUNCH);
            }
            false => self.add(What::Break, BREAK),
        }
        self.stretch = 0;
    }
}
