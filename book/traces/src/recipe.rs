//! Chapter 01, recipe: an ask from call to reply, and how the actor ends.

use crate::{
    listings::recipe::{self, RoomHandle, log::Log},
    record::{Listing, Page, Scenario},
};
use std::time::Duration;
use tokio::time::timeout;

const LISTING: Listing = ("recipe.rs", include_str!("../../listings/src/recipe.rs"));

const TOPICS: [&str; 10] = [
    "Tokio", "Actors", "Tasks", "Channels", "Handles", "Messages", "Replies", "Locks", "Loops",
    "Logs",
];

pub fn pages() -> Vec<Page> {
    vec![ask(), two_handles(), end()]
}

fn room() -> RoomHandle {
    RoomHandle::new("Rust".to_owned(), Log::default())
}

fn ask() -> Page {
    let scenario = |callers: usize, title| {
        let label = match callers {
            1 => "1 caller".to_owned(),
            n => format!("{n} callers"),
        };
        Scenario::record(&label, title, LISTING, renamed_by(&TOPICS[..callers]))
    };
    Page {
        name: "recipe/ask",
        scenarios: vec![
            scenario(1, "A caller asks the room to change its topic."),
            scenario(
                2,
                "Two callers at once: the room takes one message after the other.",
            ),
            scenario(
                4,
                "Four callers at once: three messages wait in the mailbox.",
            ),
            scenario(
                10,
                "Ten callers, and a mailbox for eight messages: whoever finds it full waits.",
            ),
        ],
    }
}

async fn renamed_by(topics: &[&'static str]) {
    let room = room();
    for topic in topics {
        tokio::spawn(caller(room.clone(), topic));
    }
}

async fn caller(room: RoomHandle, topic: &'static str) {
    room.rename(topic.to_owned()).await;
}

fn two_handles() -> Page {
    let main = recipe::two_handles(Log::default());
    Page {
        name: "recipe/two-handles",
        scenarios: vec![Scenario::record(
            "Two renames",
            "Two renames at the same time, through two handles.",
            LISTING,
            main,
        )],
    }
}

fn end() -> Page {
    Page {
        name: "recipe/end",
        scenarios: vec![
            Scenario::record(
                "Mailbox empty",
                "The last handle is dropped: the mailbox is closed, and the room ends.",
                LISTING,
                async {
                    room().topic().await;
                },
            ),
            Scenario::record(
                "Messages left",
                "The last handle is dropped while two messages are in the mailbox: they are handled first.",
                LISTING,
                async {
                    let room = room();
                    tokio::spawn(impatient_caller(room.clone(), "Tokio"));
                    tokio::spawn(impatient_caller(room, "Actors"));
                },
            ),
        ],
    }
}

/// Sends its message and does not wait for the answer.
async fn impatient_caller(room: RoomHandle, topic: &str) {
    let _ = timeout(Duration::ZERO, room.rename(topic.to_owned())).await;
}
