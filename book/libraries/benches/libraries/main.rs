//! What an actor costs by hand and on each library: the tables of chapter 15, anew on your machine, in about six minutes:
//!
//!     cargo bench -p actor-libraries
//!
//! With `BLESS=1` before it, the tables are written where the page includes them (book/src/15-libraries.md). Words after `--` choose among
//! the measurements, as with any bench of Criterion, and then no table is made: `cargo bench -p actor-libraries -- ask`.

mod built;
mod idle;
mod library;
mod pays;
mod table;

use criterion::Criterion;
use library::{Actix, ByHand, Kameo, Library, Local, Ractor, Raw, Rsactor, Tower, What, Xtra};
use std::{
    env, fs,
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::runtime::{Builder, Runtime};

/// What is measured of each library, with one thread, where actix can come along; and an ask once more with many.
const GROUPS: [&str; 4] = ["ask", "tell", "start", "ask, many threads"];

/// All of it is measured so often, one after the other: a machine is slow for seconds at a time, and that must not hit one library alone.
const ROUNDS: usize = 4;

/// Runs this for each library, in the order of the table.
macro_rules! each {
    ($do:ident $(, $argument:expr)*) => {
        $do::<Raw>($($argument),*);
        $do::<ByHand>($($argument),*);
        $do::<Local>($($argument),*);
        $do::<Tower>($($argument),*);
        $do::<Actix>($($argument),*);
        $do::<Kameo>($($argument),*);
        $do::<Ractor>($($argument),*);
        $do::<Rsactor>($($argument),*);
        $do::<Xtra>($($argument),*);
    };
}
pub(crate) use each;

fn main() {
    // This program, once more, with many actors that do nothing: see `idle`.
    if let Some(name) = env::var_os(idle::WHICH) {
        return idle::measure_here(&name.to_string_lossy());
    }
    let output = Path::new(env!("CARGO_TARGET_TMPDIR")).join("criterion-libraries");
    // Cargo says `--bench`, and nothing else, when no measurement is chosen.
    let is_whole = env::args().skip(1).eq(["--bench"]);
    if is_whole {
        // What is left of an earlier run must not get into this table.
        let _ = fs::remove_dir_all(&output);
    }
    for round in 0..ROUNDS {
        let mut criterion = Criterion::default()
            .output_directory(&output.join(round.to_string()))
            .warm_up_time(Duration::from_millis(200))
            .measurement_time(Duration::from_millis(500))
            .sample_size(30)
            .configure_from_args();
        each!(compare, &mut criterion);
        pays::measure(&mut criterion);
        criterion.final_summary();
        if !is_whole {
            return;
        }
    }

    let tables = [
        ("libraries_costs.md", table::costs(&output)),
        ("libraries_pays.md", table::pays(&output)),
    ];
    for (name, table) in tables {
        println!("{table}");
        if env::var_os("BLESS").is_some() {
            let page = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
                .with_file_name("listings")
                .join("tables")
                .join(name);
            fs::write(page, table).expect("the tables of the page can be written");
        }
    }
}

/// A runtime with one thread.
fn one_thread() -> Runtime {
    let runtime = Builder::new_current_thread().enable_time().build();
    runtime.expect("a runtime can be started")
}

/// A runtime with as many threads as cores, as `#[tokio::main]` starts it.
fn many_threads() -> Runtime {
    let runtime = Builder::new_multi_thread().enable_time().build();
    runtime.expect("a runtime can be started")
}

/// Measures what there is to measure of a library.
fn compare<L: Library>(criterion: &mut Criterion) {
    let one = one_thread();
    measure::<L>(criterion, GROUPS[0], What::Ask, &one);
    if L::TELLS {
        measure::<L>(criterion, GROUPS[1], What::Tell, &one);
    }
    measure::<L>(criterion, GROUPS[2], What::Start, &one);
    if L::ON_MANY_THREADS {
        measure::<L>(criterion, GROUPS[3], What::Ask, &many_threads());
    }
}

fn measure<L: Library>(criterion: &mut Criterion, group: &str, what: What, runtime: &Runtime) {
    let mut group = criterion.benchmark_group(group);
    group.bench_function(L::NAME, |bencher| {
        bencher.iter_custom(|times| L::measure(runtime, what, times));
    });
    group.finish();
}
