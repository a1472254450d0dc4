//! What it costs to read and to write shared state: behind a lock, in a `watch`, and in an actor. The table of chapter 7, anew on your
//! machine, in less than three minutes:
//!
//!     cargo bench -p benchmarks --bench shared_state
//!
//! With `BLESS=1` before it, the table is written where the page includes it (book/src/07-shared-state.md). Words after `--` choose
//! among the measurements, as with any bench of Criterion, and then no table is made: `cargo bench -p benchmarks --bench shared_state -- actor`.

mod store;
mod table;

use criterion::{BenchmarkGroup, Criterion, measurement::WallTime};
use std::{
    env, fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};
use store::{Actor, StdMutex, StdRwLock, Store, TokioMutex, TokioRwLock, Watch};
use tokio::{
    runtime::{Builder, Runtime},
    task::JoinSet,
};

/// How many call at the same time.
const CALLERS: [u64; 2] = [1, 8];

/// How many entries there are, so that an operation is a look into a map and not just an addition.
const ENTRIES: u64 = 1_000;

#[derive(Clone, Copy)]
enum Operation {
    Read,
    Write,
}

fn main() {
    let output = Path::new(env!("CARGO_TARGET_TMPDIR")).join("criterion");
    // Cargo says `--bench`, and nothing else, when no measurement is chosen.
    let is_whole = env::args().skip(1).eq(["--bench"]);
    if is_whole {
        // What is left of an earlier run must not get into this table.
        let _ = fs::remove_dir_all(&output);
    }
    let mut criterion = Criterion::default()
        .output_directory(&output)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_millis(1_500))
        .sample_size(30)
        .configure_from_args();

    for (name, runtime) in runtimes() {
        for callers in CALLERS {
            for (operation, verb) in [(Operation::Read, "read"), (Operation::Write, "write")] {
                let mut group = criterion.benchmark_group(group_name(name, callers, verb));
                let mut on = On {
                    group: &mut group,
                    runtime: &runtime,
                    callers,
                    operation,
                };
                on.measure::<StdMutex>();
                on.measure::<StdRwLock>();
                on.measure::<TokioMutex>();
                on.measure::<TokioRwLock>();
                on.measure::<Watch>();
                on.measure::<Actor>();
                group.finish();
            }
        }
    }
    criterion.final_summary();

    if is_whole {
        let table = table::table(&output);
        println!("{table}");
        if env::var_os("BLESS").is_some() {
            let page = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
                .with_file_name("listings")
                .join("tables/shared_state.md");
            fs::write(page, table).expect("the table of the page can be written");
        }
    }
}

fn runtimes() -> [(&'static str, Runtime); 2] {
    let [one, many] = [Builder::new_current_thread(), Builder::new_multi_thread()]
        .map(|mut builder| builder.build().expect("a runtime can be started"));
    [("current_thread", one), ("multi_thread", many)]
}

fn group_name(runtime: &str, callers: u64, verb: &str) -> String {
    let plural = if callers == 1 { "" } else { "s" };
    format!("{runtime}, {callers} caller{plural}, {verb}")
}

/// What the next measurements have in common.
struct On<'a, 'b> {
    group: &'a mut BenchmarkGroup<'b, WallTime>,
    runtime: &'a Runtime,
    callers: u64,
    operation: Operation,
}

impl On<'_, '_> {
    fn measure<S: Store>(&mut self) {
        let &mut On {
            runtime,
            callers,
            operation,
            ..
        } = self;
        let store = runtime.block_on(async { S::new((0..ENTRIES).map(|key| (key, 0)).collect()) });
        self.group.bench_function(S::NAME, |bencher| {
            bencher.iter_custom(|operations| {
                runtime.block_on(time(store.clone(), operations, callers, operation))
            });
        });
    }
}

/// How long so many operations take, divided among the callers, each of which is a task.
async fn time<S: Store>(store: S, operations: u64, callers: u64, operation: Operation) -> Duration {
    let each = operations.div_ceil(callers);
    let start = Instant::now();
    let mut calling = JoinSet::new();
    for caller in 0..callers {
        let store = store.clone();
        calling.spawn(async move {
            for number in 0..each {
                // Callers begin in different places, and go through all entries.
                let key = (caller * 125 + number * 7) % ENTRIES;
                match operation {
                    Operation::Read => {
                        std::hint::black_box(store.read(key).await);
                    }
                    Operation::Write => store.write(key).await,
                }
            }
        });
    }
    calling.join_all().await;
    // A few more than was asked for, if they could not be divided.
    start
        .elapsed()
        .mul_f64(operations as f64 / (each * callers) as f64)
}
