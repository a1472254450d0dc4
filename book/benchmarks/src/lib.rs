//! What the benchmarks' tables have in common: a measured time, and the machine that it was measured on.

use serde_json::Value;
use std::{env::consts, fs, path::Path, process::Command, thread};

const LOCK: &str = include_str!("../../../Cargo.lock");

/// Criterion's median for a measurement.
///
/// # Panics
/// When Criterion has not measured it.
pub fn nanoseconds(measured: &Path, group: &str, name: &str) -> f64 {
    let estimates = read(&measured.join(group).join(name).join("new/estimates.json"));
    let median = &estimates["median"]["point_estimate"];
    median.as_f64().expect("a median in nanoseconds")
}

/// The fastest of Criterion's samples, in nanoseconds: other load on the machine can only add to it.
///
/// # Panics
/// When Criterion has not measured it.
pub fn fastest(measured: &Path, group: &str, name: &str) -> f64 {
    let samples = read(&measured.join(group).join(name).join("new/sample.json"));
    let all = |key: &str| {
        let numbers = samples[key].as_array().into_iter().flatten();
        numbers.filter_map(Value::as_f64).collect::<Vec<_>>()
    };
    let (times, operations) = (all("times"), all("iters"));
    let each = times.iter().zip(&operations);
    let fastest = each.map(|(time, operations)| time / operations);
    fastest
        .reduce(f64::min)
        .expect("Criterion takes at least one sample")
}

fn read(file: &Path) -> Value {
    let json = fs::read_to_string(file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    serde_json::from_str(&json).expect("Criterion writes JSON")
}

/// "123 ns", "12.3 µs".
pub fn in_words(nanoseconds: f64) -> String {
    match nanoseconds {
        ..10_000.0 => format!("{nanoseconds:.0} ns"),
        _ => format!("{:.1} µs", nanoseconds / 1000.0),
    }
}

/// The machine, the compiler, and the versions of these packages: "Measured on 2 cores (…), rustc 1.95.0, Tokio 1.54.1."
pub fn machine(packages: &[(&str, &str)]) -> String {
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
    let packages: Vec<_> = (packages.iter())
        .map(|(words, name)| format!("{words} {}", locked(name)))
        .collect();
    format!(
        "Measured on {cores} cores ({cpu}, {}), {}, {}.",
        consts::OS,
        rustc.join(" "),
        packages.join(", ")
    )
}

/// The version in Cargo.lock.
///
/// # Panics
/// When it is not there.
pub fn locked(package: &str) -> &'static str {
    let (_, rest) = LOCK
        .split_once(&format!("name = \"{package}\"\nversion = \""))
        .expect("the package is in Cargo.lock");
    rest.split('"').next().unwrap_or_default()
}
