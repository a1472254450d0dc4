//! Chapter 11, connection: todo: what is recorded.

use crate::{
    listings::connection,
    record::{Listing, Page, Scenario},
};

const LISTING: Listing = (
    // todo: the file whose lines the page shows
    "connection.rs",
    include_str!("../../listings/src/connection.rs"),
);

pub fn pages() -> Vec<Page> {
    vec![Page {
        name: "connection/first",
        scenarios: vec![Scenario::record(
            "todo: what the reader picks it by",
            "todo: what happens in it, in a sentence.",
            LISTING,
            connection::first(),
        )],
    }]
}
