//! The commands: their doc comments are the help. Those that do their work and end have a file each.

mod build;
pub mod chapter;
mod check;
mod explore;
mod hint;
mod keys;
mod read;
mod record;
mod solution;
mod trace;

use crate::{
    error::Error,
    judge, kit,
    live::{self, hosts::Host},
    room::{self, push::Place, standing::Name},
    stand_in::{schedules, trace::Run},
    terminal,
    workspace::Workspace,
};
use clap::{Parser, Subcommand, value_parser};
use std::{env, net::SocketAddr, path::PathBuf};

/// Learn actors with Tokio: read the book in the browser, change an exercise, save, and see the verdict.
///
/// Without a command: builds the book, serves it on this machine, checks every exercise that you save, and shows each
/// verdict here and in the chapter's page.
#[derive(Debug, Parser)]
#[command(
    name = "cargo course",
    bin_name = "cargo course",
    args_conflicts_with_subcommands = true
)]
pub struct Cli {
    /// The port to serve the book on; if it is taken, the next free one; 0 for any
    #[arg(long, default_value_t = 3000)]
    port: u16,

    /// Another name under which your browser reaches it: where a port is forwarded, in a codespace; may be repeated
    #[arg(long = "host", value_name = "NAME")]
    hosts: Vec<Host>,

    /// A trainer's room, to be joined by the key j and left by the same key; nothing is sent before
    #[arg(long, value_name = "ADDRESS/CODE", requires = "name")]
    room: Option<Place>,

    /// What you want to be called there
    #[arg(long = "as", value_name = "NAME", requires = "room")]
    name: Option<Name>,

    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Check an exercise: each test, what it says, what to read, where the next hint is
    ///
    /// When all its tests pass, they run in other schedules, too, as with `explore`. Without a name: all exercises in a line each,
    /// and the first unfinished one in detail. The exit code is 1 if a test fails.
    Check {
        /// The exercise: recipe, 1, 01 or 01-recipe
        name: Option<String>,
    },
    /// Read a page of the book here, with its listings: for those who stay in the terminal
    ///
    /// It is long: `cargo course read recipe | less`. What is folded on the page, answers and solutions, stands at the end; hints are
    /// given by `hint`.
    Read {
        /// The chapter (recipe, 1, 01 or 01-recipe), or another page: introduction, cheat-sheet, what-went-wrong
        name: String,
    },
    /// Show the next hint for a test
    Hint {
        /// The exercise: recipe, 1, 01 or 01-recipe
        name: String,
        /// The test; without it, the first one that fails
        test: Option<String>,
    },
    /// Show a test's run of your code, step by step: who sent what to whom, and who waits for whom at the end
    Trace {
        /// The exercise: recipe, 1, 01 or 01-recipe
        name: String,
        /// The test; without it, the first one that fails
        test: Option<String>,
        /// The schedule to run in, by its number: `cargo course explore` says which one is red
        #[arg(long)]
        seed: Option<u64>,
        /// Which scenario, of a test that plays many: its failure says it, as in 17:0,3
        #[arg(long, value_parser = scenario)]
        scenario: Option<String>,
    },
    /// Run an exercise's tests in other schedules: the order in which tasks run that could run at the same time
    ///
    /// Plain `cargo test` knows one schedule, always the same; on several threads there are many. Each number stands for one that
    /// comes out the same at every run. The exit code is 1 if a test is red in one of them.
    Explore {
        /// The exercise: recipe, 1, 01 or 01-recipe
        name: String,
        /// The test; without it, all of them
        test: Option<String>,
        /// How many schedules
        #[arg(long, default_value_t = schedules::USUAL, conflicts_with = "seed", value_parser = value_parser!(u64).range(1..))]
        seeds: u64,
        /// This schedule alone
        #[arg(long)]
        seed: Option<u64>,
    },
    /// Show the solution beside yours, and which other designs are right
    Solution {
        /// The exercise: recipe, 1, 01 or 01-recipe
        name: String,
    },
    #[command(flatten)]
    Kit(kit::Command),
    /// For trainers: open a room, and see who is stuck where
    ///
    /// Learners join it by `cargo course --room ADDRESS/CODE --as NAME`, when they like, and leave it when they like. Their programs tell
    /// it a name of their choice, the exercise, how many of its tests pass, the first one that fails, and how many hints they have seen:
    /// no code, no messages, no paths. One page, for you alone, shows who is where and which thoughts lead there; the other one, for the
    /// projector, shows counts. Nothing is stored: when this ends, all is forgotten.
    Room {
        /// Where to listen: this machine's address in the room's network, and a port, as in 192.168.1.20:4000
        #[arg(long, value_name = "ADDRESS:PORT")]
        bind: SocketAddr,
    },
    /// Build the book as it is published
    Build {
        /// The folder to build into; what was built there before is deleted [default: target/book]
        #[arg(long)]
        dest: Option<PathBuf>,
    },
    /// For authors: begin a chapter: page, exercise, solution, listing and recording, each with what is to be written in it
    ///
    /// It writes into the repository: new files, and a line in each list of chapters. Then `cargo test-book` says what is missing.
    Chapter {
        /// A draft of book/src/SUMMARY.md: shared-state, 7 or 07-shared-state
        name: String,
    },
    /// For authors: record the runs that the pages play
    Record {
        /// Compare the committed recordings with what the code does now, and write nothing
        #[arg(long)]
        check: bool,
    },
    /// For authors: prove that the tests accept what is right and reject what is wrong
    ///
    /// Judges the untouched exercise, the solution, and every answer in solutions/*/accepted and solutions/*/rejected. Of chapters that have
    /// not changed since `--write` found all as it should be, it says only that.
    Judge {
        /// The exercise; without it, all of them
        name: Option<String>,
        /// In how many schedules the right answers have to be right
        #[arg(long, default_value_t = judge::SCHEDULES)]
        seeds: u64,
        /// Also chapters that have not changed since they were judged
        #[arg(long)]
        anew: bool,
        /// Anew; and write what each rejected answer is told, and its recorded run, for the pages (book/src/answers), and what was judged (solutions/judged.toml)
        #[arg(long)]
        write: bool,
    },
}

/// A scenario as a failure names it: the harness would pass over anything else, and play all.
fn scenario(text: &str) -> Result<String, &'static str> {
    let (number, steps) = text.split_once(':').unwrap_or((text, ""));
    let is_number = |text: &str| text.parse::<u32>().is_ok();
    let is_right = is_number(number) && (steps.is_empty() || steps.split(',').all(is_number));
    (is_right.then(|| text.to_owned()))
        .ok_or("it is a number, or a number and the steps to keep: 17, or 17:0,3")
}

impl Cli {
    /// Carries out the command; returns the exit code.
    ///
    /// # Errors
    /// Everything that a person has to do something about, but red tests.
    ///
    /// # Cancel safety
    /// Dropping the future ends every process that the command started.
    pub async fn run(self) -> Result<u8, Error> {
        let here = env::current_dir().map_err(|source| Error::Read {
            path: PathBuf::from("."),
            source,
        })?;
        let workspace = Workspace::find(&here)?;
        match self.command {
            None => {
                let joins = self.room.zip(self.name);
                let steer = |live| keys::obey(live, joins);
                live::run(workspace, self.port, self.hosts, steer)
                    .await
                    .map(|()| 0)
            }
            Some(Command::Check { name }) => check::check(&workspace, name.as_deref()).await,
            Some(Command::Read { name }) => read::read(&workspace, &name),
            Some(Command::Hint { name, test }) => {
                hint::hint(&workspace, &name, test.as_deref()).await
            }
            Some(Command::Trace {
                name,
                test,
                seed,
                scenario,
            }) => {
                let run = Run {
                    schedule: seed,
                    scenario: scenario.as_deref(),
                };
                trace::trace(&workspace, &name, test.as_deref(), run).await
            }
            Some(Command::Explore {
                name,
                test,
                seeds,
                seed,
            }) => {
                let numbers = match seed {
                    Some(seed) => seed..seed.saturating_add(1),
                    None => 1..seeds.saturating_add(1),
                };
                explore::explore(&workspace, &name, test.as_deref(), numbers).await
            }
            Some(Command::Solution { name }) => solution::solution(&workspace, &name),
            Some(Command::Kit(command)) => command.run(&workspace).await,
            Some(Command::Room { bind }) => room::run(&workspace, bind).await.map(|()| 0),
            Some(Command::Build { dest }) => build::build(&workspace, dest).await,
            Some(Command::Chapter { name }) => chapter::chapter(&workspace, &name),
            Some(Command::Record { check }) => record::record(&workspace, check).await,
            Some(Command::Judge {
                name,
                seeds,
                anew,
                write,
            }) => {
                let name = name.as_deref();
                let report = judge::judge(&workspace, name, seeds, anew || write).await?;
                if write {
                    judge::told::write(&workspace, &report).await?;
                    judge::unchanged::write(&workspace, &report)?;
                }
                terminal::say(&report);
                Ok(u8::from(!report.is_green()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_commands_fit_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_scenario_that_nobody_can_play_is_refused() {
        for right in ["17", "17:", "17:0", "17:0,3"] {
            assert_eq!(scenario(right).as_deref(), Ok(right));
        }
        for wrong in ["", "x;y", ":0", "17:0,", "17:a", "-1", "17:0:3", "17, 3"] {
            assert!(scenario(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_exercise_is_not_called_green_in_no_schedule_at_all() {
        let seeds =
            |number| Cli::try_parse_from(["course", "explore", "recipe", "--seeds", number]);
        assert!(seeds("0").is_err() && seeds("1").is_ok());
    }
}
