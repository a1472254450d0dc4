//! Chapter 07, shared state: two players for one seat, an owner that waits for its database, and three that do not.

use crate::{
    listings::shared_state::{caller, itself, jobs, locked, owner},
    record::{Listing, Page, Scenario},
};

const LOCKED: Listing = (
    "shared_state/locked.rs",
    include_str!("../../listings/src/shared_state/locked.rs"),
);
const OWNER: Listing = (
    "shared_state/owner.rs",
    include_str!("../../listings/src/shared_state/owner.rs"),
);
const CALLER: Listing = (
    "shared_state/caller.rs",
    include_str!("../../listings/src/shared_state/caller.rs"),
);
const JOBS: Listing = (
    "shared_state/jobs.rs",
    include_str!("../../listings/src/shared_state/jobs.rs"),
);
const ITSELF: Listing = (
    "shared_state/itself.rs",
    include_str!("../../listings/src/shared_state/itself.rs"),
);

pub fn pages() -> Vec<Page> {
    vec![
        one("shared-state/eleven", || {
            Scenario::record(
                "Two locks",
                "Nine players are in the game. Two come in one moment, and each looks before the other one has a seat.",
                LOCKED,
                locked::two_for_the_last_seat(),
            )
        }),
        one("shared-state/waits", || {
            Scenario::record(
                "An owner that waits",
                "Two players join, and somebody asks how many there are: the answer comes after both queries.",
                OWNER,
                owner::two_join_and_one_asks(),
            )
        }),
        one("shared-state/caller", || {
            Scenario::record(
                "The caller asks",
                "The same callers: both queries go on side by side, and the question is answered at once.",
                CALLER,
                caller::two_join_and_one_asks(),
            )
        }),
        Page {
            name: "shared-state/tasks",
            scenarios: vec![
                Scenario::record(
                    "A JoinSet",
                    "Two players are rewarded: each query is a task, and the game hears of its end from the JoinSet.",
                    JOBS,
                    jobs::two_rewards_and_one_asks(),
                ),
                Scenario::record(
                    "A message to itself",
                    "The same, and each task sends its result into the game's own mailbox.",
                    ITSELF,
                    itself::two_rewards_and_one_asks(),
                ),
            ],
        },
    ]
}

fn one(name: &'static str, record: impl FnOnce() -> Scenario) -> Page {
    Page {
        name,
        scenarios: vec![record()],
    }
}
