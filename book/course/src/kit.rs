//! The workshop kit: what somebody needs who teaches with this course. All of it is made from what the course has already (the
//! minutes of its pages, its hints, the headers of its answers, its recordings), so it is never out of date.

pub mod agenda;
mod copy;
pub mod notes;
pub mod pack;
pub mod ready;
pub mod reset;
pub mod show;

use crate::{error::Error, workspace::Workspace};
use agenda::{Clock, Hours, Wish};
use clap::Subcommand;
use std::path::PathBuf;

/// The commands of the kit. "Teach with this course" in the book says when to use which.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// For trainers: plan a workshop from the minutes that the pages need, with clock times, breaks and what to drop first
    ///
    /// The plan is Markdown on stdout: `> plan.md` keeps it. Without --chapters, it takes the chapters that most of the course builds on, as many as fit.
    /// For more than a day, make a plan a day: --known says what was done before.
    Agenda {
        /// How long the workshop is, breaks included: 3.5
        #[arg(long, value_name = "HOURS")]
        hours: Hours,
        /// The chapters to teach, by number or name, with commas and no ranges: 1,2,12
        #[arg(long, value_delimiter = ',', value_name = "NAMES")]
        chapters: Vec<String>,
        /// The chapters that participants have done before, each with all that it builds on: 1,2,6
        #[arg(long, value_delimiter = ',', value_name = "NAMES")]
        known: Vec<String>,
        /// When it begins
        #[arg(long, default_value = "9:00", value_name = "TIME")]
        start: Clock,
        /// For scripts: the same as JSON
        #[arg(long)]
        json: bool,
    },
    /// Before a workshop: build everything, record a run without the network, and print one line to send to the trainer
    ///
    /// What is not downloaded yet is downloaded. It takes some minutes the first time. The exit code is 1 if something is missing.
    Ready {
        /// For scripts: the same as JSON
        #[arg(long)]
        json: bool,
    },
    /// For trainers: notes for each chapter, as pages under target/notes: what to ask and to show, and which thoughts fail which test
    Notes {
        /// The chapter; without it, all of them
        name: Option<String>,
    },
    /// For trainers: run one of the course's own answers, right or wrong, in a copy, and show what its tests say
    Show {
        /// The exercise: recipe, 1, 01 or 01-recipe
        name: String,
        /// The answer: solution, or a file of solutions/*/accepted or rejected; without it, all of them are listed
        answer: Option<String>,
        /// Show the run of its first red test, step by step
        #[arg(long)]
        run: bool,
    },
    /// For trainers: pack the course for machines without a network: sources, all crates and the built book in one archive
    ///
    /// It needs `tar`, and a network if cargo has not all crates, those for other systems included. Exercises are packed as they came.
    Pack {
        /// The archive to make, as a file in a folder that is there [default: target/course/pack/actors-with-tokio.tar.gz]
        #[arg(long, value_name = "FILE")]
        dest: Option<PathBuf>,
    },
    /// Begin an exercise anew: its src/lib.rs as it came; your answer is kept under target/course/kept first
    Reset {
        /// The exercise: recipe, 1, 01 or 01-recipe
        name: String,
    },
}

impl Command {
    /// Carries out the command; returns the exit code.
    ///
    /// # Errors
    /// Those of the command.
    ///
    /// # Cancel safety
    /// Dropping the future ends every process that the command started.
    pub async fn run(self, workspace: &Workspace) -> Result<u8, Error> {
        match self {
            Self::Agenda {
                hours,
                chapters,
                known,
                start,
                json,
            } => {
                let wish = Wish {
                    hours,
                    chapters,
                    known,
                    start,
                };
                agenda::agenda(workspace, &wish, json)
            }
            Self::Ready { json } => ready::ready(workspace, json).await,
            Self::Notes { name } => notes::notes(workspace, name.as_deref()).await,
            Self::Pack { dest } => pack::pack(workspace, dest).await,
            Self::Show { name, answer, run } => {
                show::show(workspace, &name, answer.as_deref(), run).await
            }
            Self::Reset { name } => reset::reset(workspace, &name),
        }
    }
}
