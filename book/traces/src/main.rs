//! Records the book's listings: one file a recording, with one section a scenario.
//!
//! ```console
//! cargo run -p traces                    # writes book/src/traces/*.html
//! cargo run -p traces -- FOLDER          # writes them there
//! cargo run -p traces -- --check         # compares instead of writing, and says what differs
//! ```

mod backpressure;
mod channels;
mod chat;
mod connection;
mod cycles;
mod deadlocks;
mod handles;
mod libraries;
mod lifecycle;
mod no_reply;
mod recipe;
mod record;
mod remote;
mod run_method;
mod select;
mod shared_state;
mod shutdown;
mod testing;

// The listings: the book's own files, unchanged. Their `tokio` is the stand-in here.
#[allow(dead_code)] // not every listing is recorded
#[path = "../../listings/src/lib.rs"]
mod listings;

use record::Page;
use std::{env, io, path::Path, process::ExitCode};

fn pages() -> Vec<Page> {
    [
        recipe::pages(),
        run_method::pages(),
        no_reply::pages(),
        testing::pages(),
        handles::pages(),
        select::pages(),
        shared_state::pages(),
        channels::pages(),
        cycles::pages(),
        deadlocks::pages(),
        connection::pages(),
        backpressure::pages(),
        shutdown::pages(),
        lifecycle::pages(),
        libraries::pages(),
        chat::pages(),
        remote::pages(),
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
