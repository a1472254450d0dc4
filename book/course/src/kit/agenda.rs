//! `cargo course agenda`: the plan of a workshop.

mod chapters;
mod markdown;
mod plan;

use crate::{error::Error, terminal, workspace::Workspace};
use chapters::Chapter;
use plan::Plan;
use std::{fmt, str::FromStr};

/// What a trainer wants.
#[derive(Clone, Debug)]
pub struct Wish {
    /// How long the workshop is.
    pub hours: Hours,
    /// The chapters to teach; none: those that fit.
    pub chapters: Vec<String>,
    /// The chapters that participants have done before.
    pub known: Vec<String>,
    /// When it begins.
    pub start: Clock,
}

/// The length of a workshop: at least one hour, at most one day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hours {
    minutes: u32,
}

impl FromStr for Hours {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let hours: f64 = text.parse().map_err(|_| "a number of hours, as in 3.5")?;
        if !(1.0..=10.0).contains(&hours) {
            return Err(
                "a workshop has 1 to 10 hours; for more, make a plan a day, with --known for what was done before",
            );
        }
        // At most 600: the conversion loses nothing.
        Ok(Self {
            minutes: (hours * 60.0).round() as u32,
        })
    }
}

/// A time of day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock {
    /// Since midnight.
    minutes: u32,
}

impl Clock {
    fn after(self, minutes: u32) -> Self {
        Self {
            minutes: (self.minutes + minutes) % (24 * 60),
        }
    }
}

impl FromStr for Clock {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (hours, minutes) = text.split_once(':').unwrap_or((text, "0"));
        match (hours.parse(), minutes.parse()) {
            (Ok(hours @ 0..24), Ok(minutes @ 0..60)) => Ok(Self {
                minutes: hours * 60 + minutes,
            }),
            _ => Err("a time of day, as in 9:00 or 13:30"),
        }
    }
}

impl fmt::Display for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.minutes / 60, self.minutes % 60)
    }
}

/// Prints the plan.
///
/// # Errors
/// A name is no chapter's; a chapter is chosen without what it needs; what is chosen takes longer than there is time; a page cannot
/// be read.
pub fn agenda(workspace: &Workspace, wish: &Wish, json: bool) -> Result<u8, Error> {
    let plan = plan(workspace, wish)?;
    match json {
        true => terminal::say(format_args!("{:#}", plan.json())),
        false => terminal::say(markdown::of(&plan).trim_end()),
    }
    Ok(0)
}

fn plan(workspace: &Workspace, wish: &Wish) -> Result<Plan, Error> {
    let all = chapters::read(workspace)?;
    let named = |names: &[String]| -> Result<Vec<usize>, Error> {
        let mut places = Vec::new();
        for name in names {
            let exercise = workspace.exercise(name.trim())?;
            let is_it = |chapter: &Chapter| chapter.name == exercise.name;
            places.extend(all.iter().position(is_it));
        }
        places.sort_unstable();
        places.dedup();
        Ok(places)
    };
    let known = chapters::with_needs(&all, &named(&wish.known)?, &[]);
    let chosen = named(&wish.chapters)?;
    let chosen = match chosen.is_empty() {
        true => plan::choose(&all, &known, wish)?,
        false => plan::refuse(&all, &known, chosen, wish)?,
    };
    Ok(Plan::new(all, known, chosen, wish))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_and_times_of_day_are_read_as_people_write_them() {
        let minutes = |text: &str| text.parse::<Hours>().map(|hours| hours.minutes);
        assert_eq!(minutes("3.5"), Ok(210));
        assert_eq!(minutes("7"), Ok(420));
        for wrong in ["", "0.5", "14", "NaN", "half", "-3"] {
            assert!(minutes(wrong).is_err(), "{wrong}");
        }
        let clock = |text: &str| text.parse::<Clock>().map(|clock| clock.to_string());
        assert_eq!(clock("9").as_deref(), Ok("09:00"));
        assert_eq!(clock("13:30").as_deref(), Ok("13:30"));
        for wrong in ["", "24:00", "9:60", "9:00:00", "noon", "-1"] {
            assert!(clock(wrong).is_err(), "{wrong}");
        }
        let late = Clock { minutes: 23 * 60 };
        assert_eq!(late.after(90).to_string(), "00:30");
    }
}
