//! Chapter 16, chat: the room as it is usually written, and three members that hurt it.

use crate::{
    listings::chat,
    record::{Listing, Page, Scenario},
};

const ROOM: Listing = ("chat.rs", include_str!("../../listings/src/chat.rs"));

pub fn pages() -> Vec<Page> {
    vec![Page {
        name: "chat/usual",
        scenarios: vec![
            Scenario::record(
                "one has gone",
                "Main is Ann; its second mailbox is Ben's outbox. Ben's connection has gone, and the room does not know yet. Ann says a word.",
                ROOM,
                chat::gone(),
            ),
            Scenario::record(
                "one does not read",
                "Main is Ann; its second mailbox is Ben's outbox, and nobody reads that. Ann says three words, and waits for them herself.",
                ROOM,
                chat::slow(),
            ),
            Scenario::record(
                "one leaves",
                "Main is Ann. Ben's stream ends: the half that reads sees it, and so does the half that writes.",
                ROOM,
                chat::twice(),
            ),
        ],
    }]
}
