//! Chapter 12, backpressure: nine lines at once for mailboxes of several sizes, and a handle that spawns instead of waiting.

use crate::{
    listings::backpressure::{Screen, TranslatorHandle, spawned::SpawningHandle, unbounded},
    record::{Listing, Page, Scenario},
};

const LISTING: Listing = (
    "backpressure.rs",
    include_str!("../../listings/src/backpressure.rs"),
);
const UNBOUNDED: Listing = (
    "backpressure/unbounded.rs",
    include_str!("../../listings/src/backpressure/unbounded.rs"),
);
const SPAWNED: Listing = (
    "backpressure/spawned.rs",
    include_str!("../../listings/src/backpressure/spawned.rs"),
);

/// More than fit into a mailbox for eight.
const LINES: usize = 9;

pub fn pages() -> Vec<Page> {
    vec![mailboxes(), spawned()]
}

fn mailboxes() -> Page {
    Page {
        name: "backpressure/mailboxes",
        scenarios: vec![
            Scenario::record(
                "1",
                "An author tells nine lines. One may wait in the mailbox: with most of the others the author waits.",
                LISTING,
                async { drop(tokio::spawn(author(translator(1)))) },
            ),
            Scenario::record(
                "8",
                "Eight lines may wait: the author waits once. The last line comes no sooner.",
                LISTING,
                async { drop(tokio::spawn(author(translator(8)))) },
            ),
            Scenario::record(
                "any number",
                "Any number of lines may wait: the author is gone at once. The last line comes no sooner.",
                UNBOUNDED,
                async {
                    let translator = unbounded::TranslatorHandle::new(Screen::default());
                    tokio::spawn(never_waits::author(translator));
                },
            ),
        ],
    }
}

fn translator(capacity: usize) -> TranslatorHandle {
    TranslatorHandle::new(capacity, Screen::default())
}

async fn author(translator: TranslatorHandle) {
    for line in 1..=LINES {
        let _ = translator.tell(format!("line {line}")).await;
    }
}

mod never_waits {
    use super::*;

    pub async fn author(translator: unbounded::TranslatorHandle) {
        for line in 1..=LINES {
            let _ = translator.tell(format!("line {line}"));
        }
    }
}

fn spawned() -> Page {
    Page {
        name: "backpressure/spawned",
        scenarios: vec![Scenario::record(
            "A task for each line",
            "One line may wait. Four are told at once, each by a courier of its own: three couriers queue in front of the mailbox.",
            SPAWNED,
            async {
                let translator = SpawningHandle::new(1, Screen::default());
                for line in 1..=4 {
                    translator.tell(format!("line {line}"));
                }
            },
        )],
    }
}
