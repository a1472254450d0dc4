//! Chapter 06, select: a board whose players go while its spectators stay.

use crate::{
    listings::select::{self, spins},
    record::{Listing, Page, Scenario},
};

const SPINS: Listing = (
    "select/spins.rs",
    include_str!("../../listings/src/select/spins.rs"),
);
const PATTERNS: Listing = ("select.rs", include_str!("../../listings/src/select.rs"));

pub fn pages() -> Vec<Page> {
    let spins = Scenario::record(
        "Spins",
        "The player scores and goes, the spectator asks and goes: the board goes on, and on.",
        SPINS,
        spins::game(),
    );
    let patterns = Scenario::record(
        "Ends",
        "The player scores twice and goes: the board waits for questions alone, and ends with the last handle.",
        PATTERNS,
        select::game(),
    );
    vec![
        Page {
            name: "select/spins",
            scenarios: vec![spins],
        },
        Page {
            name: "select/patterns",
            scenarios: vec![patterns],
        },
    ]
}
