//! Records the book's listings: one file a recording, with one section a scenario.
//!
//! ```console
//! cargo run -p traces                    # writes book/src/traces/*.html
//! cargo run -p traces -- FOLDER          # writes them there
//! cargo run -p traces -- --check         # compares instead of writing, and says what differs
//! ```

mod chapter01;
mod chapter02;
mod chapter06;
mod chapter09;
mod chapter10;
mod chapter12;
mod record;

// The listings: the book's own files, unchanged. Their `tokio` is the stand-in here.
#[allow(dead_code)] // not every listing is recorded
#[path = "../../listings/src/backpressure.rs"]
mod backpressure;
#[allow(dead_code)]
#[path = "../../listings/src/cycles.rs"]
mod cycles;
#[allow(dead_code)]
#[path = "../../listings/src/cycles_abort.rs"]
mod cycles_abort;
#[allow(dead_code)]
#[path = "../../listings/src/cycles_break.rs"]
mod cycles_break;
#[allow(dead_code)]
#[path = "../../listings/src/cycles_circle.rs"]
mod cycles_circle;
#[allow(dead_code)]
#[path = "../../listings/src/cycles_drain.rs"]
mod cycles_drain;
#[allow(dead_code)]
#[path = "../../listings/src/cycles_results.rs"]
mod cycles_results;
#[allow(dead_code)]
#[path = "../../listings/src/cycles_weak.rs"]
mod cycles_weak;
#[allow(dead_code)]
#[path = "../../listings/src/deadlocks.rs"]
mod deadlocks;
#[allow(dead_code)]
#[path = "../../listings/src/deadlocks_ask.rs"]
mod deadlocks_ask;
#[allow(dead_code)]
#[path = "../../listings/src/deadlocks_back_edge.rs"]
mod deadlocks_back_edge;
#[allow(dead_code)]
#[path = "../../listings/src/deadlocks_futurelock.rs"]
mod deadlocks_futurelock;
#[allow(dead_code)]
#[path = "../../listings/src/deadlocks_self.rs"]
mod deadlocks_self;
#[allow(dead_code)]
#[path = "../../listings/src/deadlocks_time_out.rs"]
mod deadlocks_time_out;
#[allow(dead_code)]
#[path = "../../listings/src/deadlocks_world.rs"]
mod deadlocks_world;
#[allow(dead_code)]
#[path = "../../listings/src/log.rs"]
mod log;
#[allow(dead_code)]
#[path = "../../listings/src/recipe.rs"]
mod recipe;
#[allow(dead_code)]
#[path = "../../listings/src/run_method.rs"]
mod run_method;
#[allow(dead_code)]
#[path = "../../listings/src/select.rs"]
mod select;
#[allow(dead_code)]
#[path = "../../listings/src/select_spins.rs"]
mod select_spins;

use record::Page;
use std::{env, fs, io, path::Path, process::ExitCode};

fn pages() -> Vec<Page> {
    [
        chapter01::pages(),
        chapter02::pages(),
        chapter06::pages(),
        chapter09::pages(),
        chapter10::pages(),
        chapter12::pages(),
    ]
    .concat()
}

fn main() -> ExitCode {
    let mut folder = Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("src");
    folder.push("traces");
    let mut check = false;
    for argument in env::args_os().skip(1) {
        if argument == "--check" {
            check = true;
        } else {
            folder = argument.into();
        }
    }
    let pages = pages();
    let differing = match pages.iter().try_fold(0, |differing, page| {
        let differs = if check {
            page.differs(&folder)?
        } else {
            fs::create_dir_all(&folder)?;
            page.write(&folder)?;
            false
        };
        io::Result::Ok(differing + usize::from(differs))
    }) {
        Ok(differing) => differing,
        Err(e) => {
            eprintln!(
                "{}: {e}; is it a folder that you may write to?",
                folder.display()
            );
            return ExitCode::FAILURE;
        }
    };
    if differing > 0 {
        eprintln!(
            "{differing} of {} recordings differ; `cargo run -p traces` writes them anew",
            pages.len()
        );
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}
