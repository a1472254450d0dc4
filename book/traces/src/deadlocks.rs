//! Chapter 10, deadlocks: two actors that wait for each other, in all the ways in which they can.

use crate::{
    listings::deadlocks::{self, ask, asks_itself, back_edge, futurelock, time_out, world},
    record::{Listing, Page, Scenario},
};
use std::time::Duration;
use tokio::{sync::mpsc, time::sleep};

const SHOP: Listing = (
    "deadlocks.rs",
    include_str!("../../listings/src/deadlocks.rs"),
);
const BACK_EDGE: Listing = (
    "deadlocks/back_edge.rs",
    include_str!("../../listings/src/deadlocks/back_edge.rs"),
);
const ASK: Listing = (
    "deadlocks/ask.rs",
    include_str!("../../listings/src/deadlocks/ask.rs"),
);
const WORLD: Listing = (
    "deadlocks/world.rs",
    include_str!("../../listings/src/deadlocks/world.rs"),
);
const TIME_OUT: Listing = (
    "deadlocks/time_out.rs",
    include_str!("../../listings/src/deadlocks/time_out.rs"),
);
const SELF: Listing = (
    "deadlocks/asks_itself.rs",
    include_str!("../../listings/src/deadlocks/asks_itself.rs"),
);
const FUTURELOCK: Listing = (
    "deadlocks/futurelock.rs",
    include_str!("../../listings/src/deadlocks/futurelock.rs"),
);

pub fn pages() -> Vec<Page> {
    vec![mailbox(), back_edge(), ask(), itself(), futurelock()]
}

fn mailbox() -> Page {
    let scenario = |capacity: usize, label: &str, title: &str| {
        Scenario::record(label, title, SHOP, async move {
            let shop = deadlocks::open(capacity);
            deadlocks::week(&shop).await;
            // The handle stays until all is printed: this is not about the end.
            sleep(Duration::from_secs(1)).await;
        })
    };
    Page {
        name: "deadlocks/mailbox",
        scenarios: vec![
            scenario(1, "1", "Seven orders at once, mailboxes of one."),
            scenario(2, "2", "Seven orders at once, mailboxes of two."),
            scenario(
                4,
                "4",
                "Seven orders at once, mailboxes of four: they go through.",
            ),
            Scenario::record(
                "4, two weeks",
                "Fourteen orders at once, mailboxes of four.",
                SHOP,
                async {
                    let shop = deadlocks::open(4);
                    tokio::join!(deadlocks::week(&shop), deadlocks::week(&shop));
                },
            ),
        ],
    }
}

fn back_edge() -> Page {
    Page {
        name: "deadlocks/back-edge",
        scenarios: vec![Scenario::record(
            "1",
            "Four orders at once, mailboxes of one, and a way back on which nobody waits.",
            BACK_EDGE,
            async {
                let (shop, texts) = back_edge::open(1);
                tokio::join!(
                    shop.order("mon"),
                    shop.order("tue"),
                    shop.order("wed"),
                    shop.order("thu")
                );
                drop(shop);
                let _ = texts.await;
            },
        )],
    }
}

fn ask() -> Page {
    Page {
        name: "deadlocks/ask",
        scenarios: vec![
            Scenario::record(
                "They ask each other",
                "Player 2 wants to walk, and asks the world; the world asks all players where they are.",
                ASK,
                async {
                    let players = ask::open(&[3, 5]);
                    players[1].walk(7).await;
                },
            ),
            Scenario::record(
                "With a time-out",
                "The same, and player 2 gives up after a second.",
                TIME_OUT,
                async {
                    let players = time_out::open(&[3, 5]);
                    players[1].walk(7).await;
                },
            ),
            Scenario::record(
                "One edge cut",
                "The world knows the places itself, and asks nobody.",
                WORLD,
                async {
                    let players = world::open(&[3, 5]);
                    players[1].walk(7).await;
                },
            ),
        ],
    }
}

fn itself() -> Page {
    Page {
        name: "deadlocks/self",
        scenarios: vec![Scenario::record(
            "Asking yourself",
            "While it writes a line, the diary asks itself how many it has.",
            SELF,
            async {
                asks_itself::open().write("hello").await;
            },
        )],
    }
}

fn futurelock() -> Page {
    Page {
        name: "deadlocks/futurelock",
        scenarios: vec![Scenario::record(
            "A send that is kept",
            "The mailbox has a free slot, and nobody can take it.",
            FUTURELOCK,
            async {
                let (out, mailbox) = mpsc::channel(1);
                let _ = out.send("earlier").await;
                tokio::spawn(reader(mailbox));
                tokio::spawn(reporter(out)).await
            },
        )],
    }
}

/// Comes after a second, and then reads whatever there is.
async fn reader(mut mailbox: mpsc::Receiver<&'static str>) {
    sleep(Duration::from_secs(1)).await;
    while mailbox.recv().await.is_some() {}
}

async fn reporter(out: mpsc::Sender<&'static str>) {
    futurelock::report(out).await;
}
