//! Chapter 05, handles: todo: what is recorded.

use crate::{
    listings::handles,
    record::{Listing, Page, Scenario},
};

const LISTING: Listing = (
    // todo: the file whose lines the page shows
    "handles.rs",
    include_str!("../../listings/src/handles.rs"),
);

pub fn pages() -> Vec<Page> {
    vec![Page {
        name: "handles/first",
        scenarios: vec![Scenario::record(
            "todo: what the reader picks it by",
            "todo: what happens in it, in a sentence.",
            LISTING,
            handles::first(),
        )],
    }]
}
