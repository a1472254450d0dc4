//! The workshop kit: what somebody needs who teaches with this course. All of it is made from what the course has already (the
//! minutes of its pages, its hints, the headers of its answers, its recordings), so it is never out of date.

pub mod agenda;
pub mod reset;

use crate::{error::Error, workspace::Workspace};
use agenda::{Clock, Hours, Wish};
use clap::Subcommand;

/// The commands of the kit. "Teach with this course" in the book says when to use which.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// For trainers: plan a workshop from the minutes that the pages need, with clock times, breaks and what to drop first
    ///
    /// The plan is Markdown on stdout. Without --chapters, it takes the chapters that most of the course builds on, as many as fit.
    /// For more than a day, make a plan a day: --known says what was done before.
    Agenda {
        /// How long the workshop is, breaks included: 3.5
        #[arg(long, value_name = "HOURS")]
        hours: Hours,
        /// The chapters to teach, by number or name: 1,2,12
        #[arg(long, value_delimiter = ',', value_name = "NAMES")]
        chapters: Vec<String>,
        /// The chapters that participants have done before
        #[arg(long, value_delimiter = ',', value_name = "NAMES")]
        known: Vec<String>,
        /// When it begins
        #[arg(long, default_value = "9:00", value_name = "TIME")]
        start: Clock,
        /// For scripts: the same as JSON
        #[arg(long)]
        json: bool,
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
            Self::Reset { name } => reset::reset(workspace, &name),
        }
    }
}
