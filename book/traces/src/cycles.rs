//! Chapter 09, cycles: a gallery and its scaler that never end, and what each cure loses.

use crate::{
    listings::cycles::{Wall, abort, breaks, circle, drain, results, weak},
    record::{Listing, Page, Scenario},
};

const CIRCLE: Listing = (
    "cycles/circle.rs",
    include_str!("../../listings/src/cycles/circle.rs"),
);
const BREAK: Listing = (
    "cycles/breaks.rs",
    include_str!("../../listings/src/cycles/breaks.rs"),
);
const DRAIN: Listing = (
    "cycles/drain.rs",
    include_str!("../../listings/src/cycles/drain.rs"),
);
const WEAK: Listing = (
    "cycles/weak.rs",
    include_str!("../../listings/src/cycles/weak.rs"),
);
const ABORT: Listing = (
    "cycles/abort.rs",
    include_str!("../../listings/src/cycles/abort.rs"),
);
const RESULTS: Listing = (
    "cycles/results.rs",
    include_str!("../../listings/src/cycles/results.rs"),
);

pub fn pages() -> Vec<Page> {
    vec![circle(), cures()]
}

/// Adds two pictures and drops the handle.
macro_rules! two_pictures {
    ($version:ident) => {
        async {
            let gallery = $version::open(Wall::default());
            let _ = gallery.add("cat").await;
            let _ = gallery.add("dog").await;
        }
    };
}

fn circle() -> Page {
    Page {
        name: "cycles/circle",
        scenarios: vec![Scenario::record(
            "A circle of handles",
            "A picture is added, and the last handle is dropped. The picture is shown; then nobody ends.",
            CIRCLE,
            async {
                let _ = circle::open(Wall::default()).add("cat").await;
            },
        )],
    }
}

fn cures() -> Page {
    Page {
        name: "cycles/cures",
        scenarios: vec![
            Scenario::record(
                "break",
                "The mailbox is closed, the gallery breaks out of its loop: the scaler's results find nobody.",
                BREAK,
                two_pictures!(breaks),
            ),
            Scenario::record(
                "break and drain",
                "The gallery drops its Sender of the scaler, and waits for what the scaler still brings.",
                DRAIN,
                two_pictures!(drain),
            ),
            Scenario::record(
                "WeakSender",
                "The last handle is gone: the scaler's WeakSender cannot be upgraded any more.",
                WEAK,
                two_pictures!(weak),
            ),
            Scenario::record(
                "abort",
                "The last handle aborts the scaler, whatever it is doing.",
                ABORT,
                two_pictures!(abort),
            ),
            Scenario::record(
                "no way back",
                "Each picture is scaled by a task of its own, and the gallery waits for what they return.",
                RESULTS,
                two_pictures!(results),
            ),
        ],
    }
}
