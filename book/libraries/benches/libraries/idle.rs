//! The memory of an actor that does nothing: this program starts itself again, with many of them, and looks how much larger it has become.

use crate::{
    each,
    library::{Actix, ByHand, Kameo, Library, Local, Ractor, Raw, Rsactor, Tower, Xtra},
    one_thread,
};
use std::{env, fs, process::Command};
use tokio::task::LocalSet;

/// In the environment: the library to measure.
pub const WHICH: &str = "IDLE_ACTORS_OF";

const ACTORS: u64 = 20_000;

/// Bytes for each idle actor; `None` where the system does not tell.
pub fn bytes(library: &str) -> Option<u64> {
    let program = env::current_exe().ok()?;
    let output = Command::new(program).env(WHICH, library).output().ok()?;
    String::from_utf8(output.stdout).ok()?.trim().parse().ok()
}

/// Prints the bytes for each actor, or nothing.
pub fn measure_here(name: &str) {
    each!(measure, name);
}

fn measure<L: Library>(name: &str) {
    if L::NAME != name {
        return;
    }
    let runtime = one_thread();
    LocalSet::new().block_on(&runtime, async {
        // What the first one brings is for all of them.
        let mut actors = vec![L::start().await];
        actors.reserve_exact(ACTORS as usize);
        let _ = L::ask(&actors[0]).await;
        let Some(before) = resident() else { return };
        for _ in 0..ACTORS {
            let actor = L::start().await;
            // It has begun, and waits.
            let _ = L::ask(&actor).await;
            actors.push(actor);
        }
        let Some(after) = resident() else { return };
        println!("{}", after.saturating_sub(before) / ACTORS);
    });
}

/// The memory of this process, in bytes.
fn resident() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1_024)
}
