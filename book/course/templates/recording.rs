//! Chapter @number@, @name@: todo: what is recorded.

use crate::{
    listings::@crate@,
    record::{Listing, Page, Scenario},
};

const LISTING: Listing = (
    // todo: the file whose lines the page shows
    "@crate@.rs",
    include_str!("../../listings/src/@crate@.rs"),
);

pub fn pages() -> Vec<Page> {
    vec![Page {
        name: "@name@/first",
        scenarios: vec![Scenario::record(
            "todo: what the reader picks it by",
            "todo: what happens in it, in a sentence.",
            LISTING,
            @crate@::first(),
        )],
    }]
}
