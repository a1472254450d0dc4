//! Chapter 07, shared-state: todo: what is recorded.

use crate::{
    listings::shared_state,
    record::{Listing, Page, Scenario},
};

const LISTING: Listing = (
    // todo: the file whose lines the page shows
    "shared_state.rs",
    include_str!("../../listings/src/shared_state.rs"),
);

pub fn pages() -> Vec<Page> {
    vec![Page {
        name: "shared-state/first",
        scenarios: vec![Scenario::record(
            "todo: what the reader picks it by",
            "todo: what happens in it, in a sentence.",
            LISTING,
            shared_state::first(),
        )],
    }]
}
