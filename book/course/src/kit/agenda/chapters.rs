//! The chapters as a plan needs them: how long each part takes, and what builds on what.

use crate::{
    error::Error,
    workspace::{
        Workspace,
        page::{Page, Step, Turn},
    },
};

/// In so many minutes a talk is counted: nobody keeps to fewer.
const UNIT: u32 = 5;

/// One chapter.
#[derive(Clone, Debug)]
pub struct Chapter {
    /// "2".
    pub number: u32,
    /// "run-method".
    pub name: String,
    /// "Run method".
    pub title: String,
    /// The places of the chapters that it builds on, in the list of all.
    pub needs: Vec<usize>,
    /// What happens in it, in turns that should not be torn.
    pub turns: Vec<Part>,
}

impl Chapter {
    /// How long all of it takes.
    pub fn minutes(&self) -> u32 {
        self.turns.iter().map(Part::minutes).sum()
    }

    /// The steps of its exercise.
    pub fn steps(&self) -> impl DoubleEndedIterator<Item = &Step> {
        let turns = self.turns.iter();
        turns.filter_map(|part| part.turn.step.as_ref())
    }
}

/// A talk, and the step that follows.
#[derive(Clone, Debug)]
pub struct Part {
    /// What is read and asked together.
    pub turn: Turn,
    /// How long that takes; 0: it belongs to what comes before.
    pub talk: u32,
}

impl Part {
    /// Talk and step.
    pub fn minutes(&self) -> u32 {
        self.talk + self.turn.step.as_ref().map_or(0, |step| step.minutes)
    }
}

/// All chapters, in the book's order.
pub fn read(workspace: &Workspace) -> Result<Vec<Chapter>, Error> {
    let mut all: Vec<Chapter> = Vec::new();
    for exercise in &workspace.exercises {
        let page = Page::read(workspace, exercise)?;
        let place = |name: &String| all.iter().position(|chapter| chapter.name == *name);
        all.push(Chapter {
            number: exercise.number.parse().unwrap_or_default(),
            name: exercise.name.clone(),
            title: page.title.clone(),
            needs: page.needs.iter().filter_map(place).collect(),
            turns: parts(page),
        });
    }
    Ok(all)
}

/// Gives the minutes beside the steps to the talks, by their number of words; the last one, which compares designs, gets one unit.
/// A turn with a question or a run gets one at least: in a room, people answer.
fn parts(page: Page) -> Vec<Part> {
    let shared = (page.talk() / UNIT).saturating_sub(1);
    let last = page.turns.len() - 1;
    let words: usize = page.turns[..last].iter().map(|turn| turn.words).sum();
    let (mut read, mut given) = (0, 0);
    let turns = page.turns.into_iter().enumerate();
    let part = |(place, turn): (usize, Turn)| {
        // Rounded as a running sum, so that nothing is lost, and up: the beginning of a page needs the most.
        read += turn.words;
        let share = (shared as usize * read).div_ceil(words.max(1)) as u32;
        let least = u32::from(!turn.questions.is_empty() || !turn.runs.is_empty());
        let units = match place == last {
            true => 1,
            false => least.max(share - given),
        };
        given = share;
        Part {
            turn,
            talk: units * UNIT,
        }
    };
    turns.map(part).collect()
}

/// The places of the chapters, and of all that they need, in the book's order.
pub fn with_needs(all: &[Chapter], chosen: &[usize], known: &[usize]) -> Vec<usize> {
    let mut found: Vec<usize> = Vec::new();
    let mut open = chosen.to_vec();
    while let Some(place) = open.pop() {
        if !found.contains(&place) && !known.contains(&place) {
            found.push(place);
            open.extend(&all[place].needs);
        }
    }
    found.sort_unstable();
    found
}

/// How many chapters build on this one.
pub fn builds_on(all: &[Chapter], place: usize) -> usize {
    let needs = all.iter().filter(|other| other.needs.contains(&place));
    needs.count()
}
