//! The table of the page, from what Criterion has measured.

use crate::{CALLERS, group_name, store::*};
use benchmarks::{in_words, machine, nanoseconds};
use std::{fmt::Write, path::Path};

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
    let _ = writeln!(
        table,
        "{}",
        machine(&[("Tokio", "tokio"), ("Criterion", "criterion")])
    );
    table
}
