//! The table of the page, from what Criterion has measured.

use crate::{CALLERS, group_name, store::*};
use serde_json::Value;
use std::{env::consts, fmt::Write, fs, path::Path, process::Command, thread};

const LOCK: &str = include_str!("../../../../Cargo.lock");

const STORES: [&str; 6] = [
    StdMutex::NAME,
    StdRwLock::NAME,
    TokioMutex::NAME,
    TokioRwLock::NAME,
    Watch::NAME,
    Actor::NAME,
];

/// Markdown: the first row in nanoseconds, all others as multiples of it, one part for each runtime.
pub fn table(measured: &Path) -> String {
    let mut table = String::new();
    for runtime in ["current_thread", "multi_thread"] {
        let columns: Vec<String> = CALLERS
            .into_iter()
            .flat_map(|callers| ["read", "write"].map(|verb| group_name("", callers, verb)))
            .collect();
        let heads: Vec<_> = columns.iter().map(|name| &name[2..]).collect();
        let _ = writeln!(table, "| `{runtime}` | {} |", heads.join(" | "));
        let _ = writeln!(table, "| --- |{}", " ---: |".repeat(columns.len()));
        let median =
            |column: &str, store| nanoseconds(measured, &format!("{runtime}{column}"), store);
        for store in STORES {
            let _ = write!(table, "| {store} |");
            for column in &columns {
                let (time, first) = (median(column, store), median(column, STORES[0]));
                let _ = match store == STORES[0] {
                    true => write!(table, " {} |", in_words(time)),
                    false => write!(table, " {:.1} × |", time / first),
                };
            }
            table.push('\n');
        }
        table.push('\n');
    }
    let _ = writeln!(table, "{}", machine());
    table
}

/// Criterion's median for an operation.
fn nanoseconds(measured: &Path, group: &str, store: &str) -> f64 {
    let file = measured.join(group).join(store).join("new/estimates.json");
    let json = fs::read_to_string(&file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    let estimates: Value = serde_json::from_str(&json).expect("Criterion writes JSON");
    let median = &estimates["median"]["point_estimate"];
    median.as_f64().expect("a median in nanoseconds")
}

fn in_words(nanoseconds: f64) -> String {
    match nanoseconds {
        ..10_000.0 => format!("{nanoseconds:.0} ns"),
        _ => format!("{:.1} µs", nanoseconds / 1000.0),
    }
}

fn machine() -> String {
    let cores = thread::available_parallelism().map_or(0, usize::from);
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let cpu = cpu.lines().find_map(|line| line.strip_prefix("model name"));
    let cpu = cpu.map_or(consts::ARCH, |line| line.trim_matches([' ', '\t', ':']));
    let rustc = Command::new("rustc").arg("--version").output();
    let rustc = rustc.map_or_else(
        |_| "rustc".to_owned(),
        |out| String::from_utf8_lossy(&out.stdout).into_owned(),
    );
    let rustc: Vec<_> = rustc.split_whitespace().take(2).collect();
    format!(
        "Measured on {cores} cores ({cpu}, {}), {}, Tokio {}, Criterion {}.",
        consts::OS,
        rustc.join(" "),
        locked("tokio"),
        locked("criterion"),
    )
}

/// The version in Cargo.lock.
fn locked(package: &str) -> &'static str {
    let (_, rest) = LOCK
        .split_once(&format!("name = \"{package}\"\nversion = \""))
        .expect("the package is in Cargo.lock");
    rest.split('"').next().unwrap_or_default()
}
