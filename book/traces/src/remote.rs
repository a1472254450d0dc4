//! Chapter 17, remote: a call that is tried again, without a name and with one.

use crate::{
    listings::remote::{self, cups},
    record::{Listing, Page, Scenario},
};

const CUPS: Listing = (
    "remote/cups.rs",
    include_str!("../../listings/src/remote/cups.rs"),
);
const NAMED: Listing = ("remote.rs", include_str!("../../listings/src/remote.rs"));

pub fn pages() -> Vec<Page> {
    vec![
        Page {
            name: "remote/cups",
            scenarios: vec![Scenario::record(
                "Three attempts",
                "A guest waits two seconds for a cup, and brewing one takes three.",
                CUPS,
                cups::three(),
            )],
        },
        Page {
            name: "remote/named",
            scenarios: vec![Scenario::record(
                "The same order again",
                "The same guest and the same machine. Now an order has a name, and the machine keeps what it has brewed for it.",
                NAMED,
                remote::first(),
            )],
        },
    ]
}
