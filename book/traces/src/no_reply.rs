//! Chapter 03, no-reply: todo: what is recorded.

use crate::{
    listings::no_reply,
    record::{Listing, Page, Scenario},
};

const LISTING: Listing = (
    // todo: the file whose lines the page shows
    "no_reply.rs",
    include_str!("../../listings/src/no_reply.rs"),
);

pub fn pages() -> Vec<Page> {
    vec![Page {
        name: "no-reply/first",
        scenarios: vec![Scenario::record(
            "todo: what the reader picks it by",
            "todo: what happens in it, in a sentence.",
            LISTING,
            no_reply::first(),
        )],
    }]
}
