//! Chapter 05, handles: an auction that everybody can end, the order between two kinds of handles, and what ends the auction.

use crate::{
    listings::handles::{self, one_handle, two_mailboxes},
    record::{Listing, Page, Scenario},
};

const LISTING: Listing = ("handles.rs", include_str!("../../listings/src/handles.rs"));
const ONE_HANDLE: Listing = (
    "handles/one_handle.rs",
    include_str!("../../listings/src/handles/one_handle.rs"),
);
const TWO_MAILBOXES: Listing = (
    "handles/two_mailboxes.rs",
    include_str!("../../listings/src/handles/two_mailboxes.rs"),
);

pub fn pages() -> Vec<Page> {
    vec![one_handle(), order(), end()]
}

fn one_handle() -> Page {
    Page {
        name: "handles/one-handle",
        scenarios: vec![Scenario::record(
            "A bot and a guest",
            "A bot bids, and then ends the auction. A guest comes too late.",
            ONE_HANDLE,
            one_handle::evening(),
        )],
    }
}

fn order() -> Page {
    Page {
        name: "handles/order",
        scenarios: vec![
            Scenario::record(
                "One for both",
                "A bid is sent, and then the hammer. One mailbox keeps their order.",
                LISTING,
                handles::last_second(),
            ),
            Scenario::record(
                "One each",
                "A bid is sent, and then the hammer, which has a mailbox of its own. It overtakes the bid.",
                TWO_MAILBOXES,
                two_mailboxes::last_second(),
            ),
        ],
    }
}

fn end() -> Page {
    Page {
        name: "handles/end",
        scenarios: vec![
            Scenario::record(
                "No hammer",
                "The auctioneer goes home. A bidder is left, and the auction goes on until that one goes, too.",
                LISTING,
                handles::goes_home(),
            ),
            Scenario::record(
                "The hammer",
                "The hammer comes down. A bidder still has its handle, and the auction ends all the same.",
                LISTING,
                handles::hammered(),
            ),
        ],
    }
}
