//! Chapter 04, testing: a panic that fails no test, and a test that is red in another order.

use crate::{
    listings::testing::{
        QUIET,
        count::{counts_after_a_turn, counts_when_it_says_so},
        unseen::{self, UnseenHost},
    },
    record::{Listing, Page, Scenario},
};
use std::{panic, thread};
use tokio::{explore, sync::mpsc, time::sleep};

const UNSEEN: Listing = (
    "testing/unseen.rs",
    include_str!("../../listings/src/testing/unseen.rs"),
);
const COUNT: Listing = (
    "testing/count.rs",
    include_str!("../../listings/src/testing/count.rs"),
);

/// In this one the counter is put off.
const RED: u64 = 36;

pub fn pages() -> Vec<Page> {
    vec![silent(), order()]
}

fn silent() -> Page {
    Page {
        name: "testing/silent",
        scenarios: vec![
            Scenario::record(
                "Nobody looks",
                "The test waits for twice ten minutes, and ends. Its host has panicked, and nothing tells it.",
                UNSEEN,
                async {
                    let (asks, asked) = mpsc::channel(8);
                    let room = unseen::open(QUIET, asks);
                    sleep(2 * QUIET).await;
                    drop((room, asked));
                },
            ),
            Scenario::record(
                "The handle is awaited",
                "The test awaits the host's JoinHandle: the panic comes out of it, and the test panics, too.",
                UNSEEN,
                async {
                    let (asks, _asked) = mpsc::channel(8);
                    let (host, _room) = UnseenHost::new(QUIET, asks);
                    let host = tokio::spawn(host.run());
                    if let Err(error) = host.await {
                        panic::resume_unwind(error.into_panic());
                    }
                },
            ),
        ],
    }
}

fn order() -> Page {
    let red = format!("Schedule {RED}");
    Page {
        name: "testing/order",
        scenarios: vec![
            Scenario::record(
                "The usual order",
                "The test gives the counter a turn, and then looks: it has counted. So it is every time.",
                COUNT,
                counts_after_a_turn(),
            ),
            in_schedule(RED, move || {
                Scenario::record(
                    &red,
                    "The same test in another order, as several threads may take it: the counter's turn comes later, and the test is red.",
                    COUNT,
                    counts_after_a_turn(),
                )
            }),
            in_schedule(RED, || {
                Scenario::record(
                    "It waits for the count",
                    "In that very order, a test that waits until the counter shows something.",
                    COUNT,
                    counts_when_it_says_so(),
                )
            }),
        ],
    }
}

/// On a thread of its own: what comes later on this one is recorded in the usual order.
fn in_schedule(number: u64, record: impl FnOnce() -> Scenario + Send + 'static) -> Scenario {
    let recording = thread::spawn(move || {
        explore::begin(number);
        record()
    });
    match recording.join() {
        Ok(scenario) => scenario,
        Err(panic) => panic::resume_unwind(panic),
    }
}
