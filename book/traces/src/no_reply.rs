//! Chapter 03, no-reply: tells into the void, a log without a bound, and three ways to silence the bells.

use crate::{
    listings::no_reply::{self, BellsHandle, bell::Bell, log, silent, stop},
    record::{Listing, Page, Scenario},
};
use std::time::Duration;
use tokio::time::sleep;

const LISTING: Listing = (
    "no_reply.rs",
    include_str!("../../listings/src/no_reply.rs"),
);
const SILENT: Listing = (
    "no_reply/silent.rs",
    include_str!("../../listings/src/no_reply/silent.rs"),
);
const LOG: Listing = (
    "no_reply/log.rs",
    include_str!("../../listings/src/no_reply/log.rs"),
);
const BY_MESSAGE: Listing = (
    "no_reply/stop/by_message.rs",
    include_str!("../../listings/src/no_reply/stop/by_message.rs"),
);
const BY_ABORT: Listing = (
    "no_reply/stop/by_abort.rs",
    include_str!("../../listings/src/no_reply/stop/by_abort.rs"),
);
const BY_SIGNAL: Listing = (
    "no_reply/stop/by_signal.rs",
    include_str!("../../listings/src/no_reply/stop/by_signal.rs"),
);

pub fn pages() -> Vec<Page> {
    vec![torn(), only_a_log(), night()]
}

fn torn() -> Page {
    Page {
        name: "no-reply/torn",
        scenarios: vec![
            Scenario::record(
                "Nobody looks",
                "The wire tears at the second ring. Visitors go on ringing, and nothing tells them.",
                SILENT,
                async {
                    let bells = silent::BellsHandle::new(8, Bell::torn_after(1));
                    tokio::spawn(silent::visitors(bells));
                },
            ),
            Scenario::record(
                "The teller looks",
                "The wire tears at the second ring. The third visitor is told, and rings no more.",
                LISTING,
                async {
                    let bells = BellsHandle::new(8, Bell::torn_after(1));
                    tokio::spawn(no_reply::visitors(bells));
                },
            ),
        ],
    }
}

fn only_a_log() -> Page {
    Page {
        name: "no-reply/log",
        scenarios: vec![
            Scenario::record(
                "Without a bound",
                "Six lines at once, and a writer that takes one after the other: all of them wait in memory.",
                LOG,
                async {
                    let log = log::UnboundedLog::open();
                    for line in 1..=6 {
                        log.line(format!("line {line}"));
                    }
                },
            ),
            Scenario::record(
                "Two may wait",
                "Six lines at once, and two may wait: four are refused, and counted.",
                LOG,
                async {
                    let log = log::Log::open(2);
                    for line in 1..=6 {
                        log.line(format!("line {line}"));
                    }
                },
            ),
        ],
    }
}

fn night() -> Page {
    let half_a_second = Duration::from_millis(500);
    Page {
        name: "no-reply/night",
        scenarios: vec![
            Scenario::record(
                "A message",
                "One bell rings and two rings wait when somebody wants silence: the order to stop waits, too.",
                BY_MESSAGE,
                async move {
                    let bells = stop::by_message::BellsHandle::new(2, Bell::default());
                    for floor in 1..=3 {
                        bells.ring(floor).await;
                    }
                    sleep(half_a_second).await;
                    bells.silence().await;
                },
            ),
            Scenario::record(
                "An abort",
                "The same with an abort: silence, in the middle of a ring.",
                BY_ABORT,
                async move {
                    let bells = stop::by_abort::BellsHandle::new(2, Bell::default());
                    for floor in 1..=3 {
                        let _ = bells.ring(floor).await;
                    }
                    sleep(half_a_second).await;
                    bells.silence();
                    bells.gone().await;
                },
            ),
            Scenario::record(
                "A signal",
                "The same with a signal: silence, and the ringer covers the bell before it ends.",
                BY_SIGNAL,
                async move {
                    let bells = stop::by_signal::BellsHandle::new(2, Bell::default());
                    for floor in 1..=3 {
                        let _ = bells.ring(floor).await;
                    }
                    sleep(half_a_second).await;
                    bells.silence();
                    bells.gone().await;
                },
            ),
        ],
    }
}
