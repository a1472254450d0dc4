//! The chat server of chapter 16 and its other designs under load: a thousand and five thousand clients on loopback, a tenth of which never
//! read. The table of the page, anew on your machine, in about eight minutes:
//!
//!     cargo bench -p benchmarks --bench chat
//!
//! With `BLESS=1` before it, the table is written where the page includes it (book/src/16-chat.md). Servers are processes of their own, so that
//! their memory can be told (on Linux). 5,000 clients need 5,100 open files in each of the two: `ulimit -n`.

mod load;
mod servers;

use benchmarks::machine;
use load::Measured;
use std::{env, fs, path::PathBuf, time::Duration};

/// So many clients there are.
const CLIENTS: [usize; 2] = [1_000, 5_000];

/// So often each server is measured; the table has the median. They take turns: what else the machine does meets all of them.
const ROUNDS: usize = 5;

fn main() {
    if let Some(name) = env::var_os(servers::NAME) {
        return servers::run(&name.to_string_lossy());
    }
    if !env::args().any(|arg| arg == "--bench") {
        // As a test: each once, and small.
        for name in servers::ALL {
            let measured = load::measure(name, 40, Duration::from_millis(200));
            assert!(measured.heard > 0.0, "{name}: nothing was heard");
        }
        return;
    }
    let mut table = String::new();
    for clients in CLIENTS {
        let mut all: Vec<Vec<Measured>> = vec![Vec::new(); servers::ALL.len()];
        for _ in 0..ROUNDS {
            for (measured, name) in all.iter_mut().zip(servers::ALL) {
                measured.push(load::measure(name, clients, Duration::from_secs(3)));
            }
        }
        table += &part(clients, &all);
    }
    table += &machine(&[("Tokio", "tokio"), ("Kameo", "kameo")]);
    table.push('\n');
    println!("{table}");
    if env::var_os("BLESS").is_some() {
        let page = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
            .with_file_name("listings")
            .join("tables/chat.md");
        fs::write(page, table).expect("the table of the page can be written");
    }
}

/// One number of all rounds.
type Number = fn(&Measured) -> f64;

const COLUMNS: [(&str, Number, &str); 4] = [
    ("lines heard a second", |m| m.heard, ""),
    ("median, said to heard", |m| m.median, " ms"),
    ("99 of 100", |m| m.late, " ms"),
    ("memory a client", |m| m.memory, " KiB"),
];

/// Markdown: the first row in numbers, all others as multiples of it.
fn part(clients: usize, all: &[Vec<Measured>]) -> String {
    let heads: Vec<_> = COLUMNS.iter().map(|(head, ..)| *head).collect();
    let mut part = format!("| {clients} clients | {} |\n| --- |", heads.join(" | "));
    part += &" ---: |".repeat(COLUMNS.len());
    for (name, measured) in servers::ALL.iter().zip(all) {
        part += &format!("\n| {} |", servers::words(name));
        for (_, number, unit) in COLUMNS {
            let (own, first) = (median(measured, number), median(&all[0], number));
            part += &match *name == servers::ALL[0] {
                true if unit.is_empty() => format!(" {own:.0} |"),
                true => format!(" {own:.1}{unit} |"),
                false => format!(" {:.2} × |", own / first),
            };
        }
    }
    part + "\n\n"
}

fn median(measured: &[Measured], number: Number) -> f64 {
    let mut numbers: Vec<f64> = measured.iter().map(number).collect();
    numbers.sort_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}
