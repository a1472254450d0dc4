//! Chapter 04, testing: todo: what is recorded.

use crate::{
    listings::testing,
    record::{Listing, Page, Scenario},
};

const LISTING: Listing = (
    // todo: the file whose lines the page shows
    "testing.rs",
    include_str!("../../listings/src/testing.rs"),
);

pub fn pages() -> Vec<Page> {
    vec![Page {
        name: "testing/first",
        scenarios: vec![Scenario::record(
            "todo: what the reader picks it by",
            "todo: what happens in it, in a sentence.",
            LISTING,
            testing::first(),
        )],
    }]
}
