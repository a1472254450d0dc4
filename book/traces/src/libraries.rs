//! Chapter 15, libraries: three asks, one after the other and together.

use crate::{
    listings::libraries::{SequencerHandle, one_after_the_other, together},
    record::{Listing, Page, Scenario},
};

const LISTING: Listing = (
    "libraries.rs",
    include_str!("../../listings/src/libraries.rs"),
);

pub fn pages() -> Vec<Page> {
    vec![Page {
        name: "libraries/asks",
        scenarios: vec![
            Scenario::record(
                "One after the other",
                "A caller asks for three numbers, each when the last one has come. Caller and actor take turns.",
                LISTING,
                async {
                    tokio::spawn(caller(SequencerHandle::new()));
                },
            ),
            Scenario::record(
                "Together",
                "A caller asks for three numbers at once. The actor handles all three in one turn.",
                LISTING,
                async {
                    tokio::spawn(at_once::caller(SequencerHandle::new()));
                },
            ),
        ],
    }]
}

async fn caller(sequencer: SequencerHandle) {
    one_after_the_other(&sequencer).await;
}

mod at_once {
    use super::*;

    pub async fn caller(sequencer: SequencerHandle) {
        together(&sequencer).await;
    }
}
