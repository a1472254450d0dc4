//! Chapter 11, connection: a line that comes in two pieces, and loses the first one.

use crate::{
    listings::connection::loses,
    record::{Listing, Page, Scenario},
};

const LOSES: Listing = (
    "connection/loses.rs",
    include_str!("../../listings/src/connection/loses.rs"),
);

pub fn pages() -> Vec<Page> {
    vec![Page {
        name: "connection/loses",
        scenarios: vec![Scenario::record(
            "Loses",
            "Main is the exchange, and the caller as well: \"gold 101\" comes in two pieces, and an order goes out between them.",
            LOSES,
            loses::cut(),
        )],
    }]
}
