//! Chapter 14, lifecycle: a station that measures of its own accord while others ask, and one that is started again after a panic.

use crate::{
    listings::lifecycle::{own_work, restarts},
    record::{Listing, Page, Scenario},
};
use tokio::sync::mpsc;

const OWN_WORK: Listing = (
    "lifecycle/own_work.rs",
    include_str!("../../listings/src/lifecycle/own_work.rs"),
);
const RESTARTS: Listing = (
    "lifecycle/restarts.rs",
    include_str!("../../listings/src/lifecycle/restarts.rs"),
);

/// Two seconds' worth.
const QUESTIONS: usize = 4;

pub fn pages() -> Vec<Page> {
    vec![own_work(), restarts()]
}

fn own_work() -> Page {
    Page {
        name: "lifecycle/own_work",
        scenarios: vec![
            Scenario::record(
                "a sleep in on_run",
                "Somebody asks twice a second, and each question drops the sleep: the station never measures.",
                OWN_WORK,
                async {
                    let (sender, mailbox) = mpsc::channel(8);
                    tokio::spawn(own_work::sleeper(mailbox));
                    tokio::spawn(own_work::asks(QUESTIONS, sender));
                },
            ),
            Scenario::record(
                "an Interval in the actor",
                "The same questions. The interval outlives them, and the station measures once a second.",
                OWN_WORK,
                async {
                    let (sender, mailbox) = mpsc::channel(8);
                    tokio::spawn(own_work::ticker(mailbox));
                    tokio::spawn(own_work::asks(QUESTIONS, sender));
                },
            ),
        ],
    }
}

fn restarts() -> Page {
    let storm = |label, title, restarts| {
        Scenario::record(label, title, RESTARTS, async move {
            let _ = restarts::storm(restarts).await;
        })
    };
    Page {
        name: "lifecycle/restarts",
        scenarios: vec![
            storm(
                "One restart",
                "A storm, and two questions behind it. The new station answers both.",
                1,
            ),
            storm(
                "No restart",
                "The same storm. The supervisor gives up, and all who wait are told.",
                0,
            ),
        ],
    }
}
