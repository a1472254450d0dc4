//! The tables of the page, from what was measured.

use crate::{
    GROUPS, ROUNDS,
    built::{Built, built},
    each, idle,
    library::{Actix, ByHand, Kameo, Library, Local, Ractor, Raw, Rsactor, Tower, Xtra},
    pays,
};
use benchmarks::{in_words, machine};
use std::{fmt::Write, path::Path};

/// In nanoseconds, in the fastest sample of all rounds.
fn fastest(measured: &Path, group: &str, name: &str) -> f64 {
    (0..ROUNDS)
        .map(|round| benchmarks::fastest(&measured.join(round.to_string()), group, name))
        .fold(f64::INFINITY, f64::min)
}

/// A row for each library: by hand in nanoseconds, the others as multiples of that.
pub fn costs(measured: &Path) -> String {
    let by_hand = Row::of::<ByHand>(measured);
    let mut table = String::from(
        "| Library | ask | tell | start, ask once, end | ask, many threads | idle memory | packages | first build |\n\
         | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n",
    );
    each!(add, &mut table, measured, &by_hand);
    let versions = [
        ("Tokio", "tokio"),
        ("actix", "actix"),
        ("kameo", "kameo"),
        ("ractor", "ractor"),
        ("rsactor", "rsactor"),
        ("xtra", "xtra"),
        ("tower", "tower"),
        ("Criterion", "criterion"),
    ];
    let _ = writeln!(table, "\n{}", machine(&versions));
    table
}

/// What was measured of a library.
struct Row {
    times: [Option<f64>; 4],
    bytes: Option<u64>,
    built: Option<Built>,
}

impl Row {
    fn of<L: Library>(measured: &Path) -> Self {
        let times = GROUPS.map(|group| {
            let is_there = measured.join("0").join(group).join(L::NAME).is_dir();
            is_there.then(|| fastest(measured, group, L::NAME))
        });
        Self {
            times,
            bytes: idle::bytes(L::NAME),
            built: L::PACKAGE.map(|(name, dependency, listing)| built(name, dependency, listing)),
        }
    }
}

fn add<L: Library>(table: &mut String, measured: &Path, by_hand: &Row) {
    let is_first = L::NAME == ByHand::NAME;
    let measured = (!is_first).then(|| Row::of::<L>(measured));
    let row = measured.as_ref().unwrap_or(by_hand);
    let _ = write!(table, "| {} |", L::NAME);
    let mut cell = |words: Option<String>| {
        let _ = write!(table, " {} |", words.as_deref().unwrap_or("–"));
    };
    for (time, first) in row.times.iter().zip(by_hand.times) {
        cell(match (time, first) {
            (Some(time), _) if is_first => Some(in_words(*time)),
            (Some(time), Some(first)) => Some(format!("{:.1} ×", time / first)),
            _ => None,
        });
    }
    cell(row.bytes.map(|bytes| match by_hand.bytes {
        Some(first) if !is_first => format!("{:.1} ×", bytes as f64 / first as f64),
        _ => format!("{bytes} B"),
    }));
    let packages = row.built.as_ref().map(|built| built.packages);
    cell(packages.map(|packages| packages.to_string()));
    let seconds = |row: &Row| Some(row.built.as_ref()?.took?.as_secs_f64());
    cell(seconds(row).map(|took| match seconds(by_hand) {
        Some(first) if !is_first => format!("{:.1} ×", took / first),
        _ => format!("{took:.1} s"),
    }));
    table.push('\n');
}

/// What pays: an ask in nanoseconds, the others as multiples of it.
pub fn pays(measured: &Path) -> String {
    let mut table = String::from("| by hand, many threads | a message |\n| --- | ---: |\n");
    let time = |row| fastest(measured, pays::GROUP, row);
    let first = time(pays::ROWS[0]);
    let _ = writeln!(table, "| {} | {} |", pays::ROWS[0], in_words(first));
    for row in &pays::ROWS[1..] {
        let _ = writeln!(table, "| {row} | {:.2} × |", time(row) / first);
    }
    let _ = writeln!(
        table,
        "\n{}",
        machine(&[("Tokio", "tokio"), ("Criterion", "criterion")])
    );
    table
}
