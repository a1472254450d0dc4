//! Chapter 08, channels: the same five values through each channel, and two loops that take an error for something else.

use crate::{
    listings::channels::{lags, policies, spins},
    record::{Listing, Page, Scenario},
};

const POLICIES: Listing = (
    "channels/policies.rs",
    include_str!("../../listings/src/channels/policies.rs"),
);
const LAGS: Listing = (
    "channels/lags.rs",
    include_str!("../../listings/src/channels/lags.rs"),
);
const SPINS: Listing = (
    "channels/spins.rs",
    include_str!("../../listings/src/channels/spins.rs"),
);

pub fn pages() -> Vec<Page> {
    let five = vec![
        Scenario::record(
            "mpsc",
            "Two slots: the sender waits for the reader, and each value arrives.",
            POLICIES,
            policies::by_mpsc(),
        ),
        Scenario::record(
            "oneshot",
            "One value, and the channel is used up.",
            POLICIES,
            policies::by_oneshot(),
        ),
        Scenario::record(
            "watch",
            "Each value replaces the one before it: the reader finds the last one.",
            POLICIES,
            policies::by_watch(),
        ),
        Scenario::record(
            "broadcast",
            "Four slots: the sender never waits, and the reader misses the oldest.",
            POLICIES,
            policies::by_broadcast(),
        ),
    ];
    vec![
        Page {
            name: "channels/policies",
            scenarios: five,
        },
        Page {
            name: "channels/ends",
            scenarios: vec![Scenario::record(
                "Ends",
                "Seven bids come before the forwarder gets to run: it has missed three, and ends.",
                LAGS,
                lags::rush_ends(),
            )],
        },
        Page {
            name: "channels/goes-on",
            scenarios: vec![Scenario::record(
                "Goes on",
                "The same seven bids: it says how many it has missed, and goes on.",
                LAGS,
                lags::rush_goes_on(),
            )],
        },
        Page {
            name: "channels/spins",
            scenarios: vec![Scenario::record(
                "Spins",
                "One bid, and the auction is over: the screen goes on, and on.",
                SPINS,
                spins::auction(),
            )],
        },
    ]
}
