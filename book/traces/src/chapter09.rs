//! Chapter 09, cycles: a gallery and its scaler that never end, and what each cure loses.

use crate::{
    cycles::Wall,
    cycles_abort, cycles_break, cycles_circle, cycles_drain, cycles_results, cycles_weak,
    record::{Listing, Page, Scenario},
};

const CIRCLE: Listing = (
    "cycles_circle.rs",
    include_str!("../../listings/src/cycles_circle.rs"),
);
const BREAK: Listing = (
    "cycles_break.rs",
    include_str!("../../listings/src/cycles_break.rs"),
);
const DRAIN: Listing = (
    "cycles_drain.rs",
    include_str!("../../listings/src/cycles_drain.rs"),
);
const WEAK: Listing = (
    "cycles_weak.rs",
    include_str!("../../listings/src/cycles_weak.rs"),
);
const ABORT: Listing = (
    "cycles_abort.rs",
    include_str!("../../listings/src/cycles_abort.rs"),
);
const RESULTS: Listing = (
    "cycles_results.rs",
    include_str!("../../listings/src/cycles_results.rs"),
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
        name: "09-circle",
        scenarios: vec![Scenario::record(
            "A circle of handles",
            "A picture is added, and the last handle is dropped. The picture is shown; then nobody ends.",
            CIRCLE,
            async {
                let _ = cycles_circle::open(Wall::default()).add("cat").await;
            },
        )],
    }
}

fn cures() -> Page {
    Page {
        name: "09-cures",
        scenarios: vec![
            Scenario::record(
                "break",
                "The mailbox is closed, the gallery breaks out of its loop: the scaler's results find nobody.",
                BREAK,
                two_pictures!(cycles_break),
            ),
            Scenario::record(
                "break and drain",
                "The gallery drops its Sender of the scaler, and waits for what the scaler still brings.",
                DRAIN,
                two_pictures!(cycles_drain),
            ),
            Scenario::record(
                "WeakSender",
                "The last handle is gone: the scaler's WeakSender cannot be upgraded any more.",
                WEAK,
                two_pictures!(cycles_weak),
            ),
            Scenario::record(
                "abort",
                "The last handle aborts the scaler, whatever it is doing.",
                ABORT,
                two_pictures!(cycles_abort),
            ),
            Scenario::record(
                "no way back",
                "Each picture is scaled by a task of its own, and the gallery waits for what they return.",
                RESULTS,
                two_pictures!(cycles_results),
            ),
        ],
    }
}
