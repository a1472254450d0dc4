//! Chapter 02, run-method: what is left of a poll is what its task returns.

use crate::{
    listings::run_method::{self, PollHandle, Tally},
    record::{Listing, Page, Scenario},
};
use tokio::task::JoinHandle;

const LISTING: Listing = (
    "run_method.rs",
    include_str!("../../listings/src/run_method.rs"),
);

pub fn pages() -> Vec<Page> {
    vec![Page {
        name: "run-method/votes",
        scenarios: vec![
            Scenario::record(
                "Handle dropped",
                "Two votes, then the last handle is dropped: the task ends, and its JoinHandle brings the tally.",
                LISTING,
                async {
                    let (poll, task) = run_method::open();
                    poll.vote(true).await;
                    poll.vote(false).await;
                    drop(poll);
                    let _ = task.await;
                },
            ),
            Scenario::record(
                "Task aborted",
                "The task is aborted while a vote is in its mailbox: the voter gets no answer.",
                LISTING,
                async {
                    let (poll, task) = run_method::open();
                    let voter = tokio::spawn(voter(poll));
                    tokio::spawn(janitor(task));
                    let _ = voter.await;
                },
            ),
        ],
    }]
}

async fn janitor(task: JoinHandle<Tally>) {
    task.abort();
}

async fn voter(poll: PollHandle) {
    poll.vote(true).await;
}
