//! Chapter 15, libraries: todo: what is recorded.

use crate::{
    listings::libraries,
    record::{Listing, Page, Scenario},
};

const LISTING: Listing = (
    // todo: the file whose lines the page shows
    "libraries.rs",
    include_str!("../../listings/src/libraries.rs"),
);

pub fn pages() -> Vec<Page> {
    vec![Page {
        name: "libraries/first",
        scenarios: vec![Scenario::record(
            "todo: what the reader picks it by",
            "todo: what happens in it, in a sentence.",
            LISTING,
            libraries::first(),
        )],
    }]
}
