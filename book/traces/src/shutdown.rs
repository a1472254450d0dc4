//! Chapter 13, shutdown: a shop with three orders is stopped after a second and a half, in three orders.

use crate::{
    listings::shutdown::{ShopHandle, WORK, orders},
    record::{Listing, Page, Scenario},
};
use tokio::time::sleep;

const SHOP: Listing = (
    "shutdown.rs",
    include_str!("../../listings/src/shutdown.rs"),
);

pub fn pages() -> Vec<Page> {
    vec![order()]
}

fn order() -> Page {
    Page {
        name: "shutdown/order",
        scenarios: vec![
            Scenario::record(
                "abort both",
                "Both are aborted: nobody gets a poster, though one is printed already.",
                SHOP,
                async { customers().await.abort().await },
            ),
            Scenario::record(
                "the courier first",
                "The courier goes first. The press prints all that was accepted, and nobody brings it.",
                SHOP,
                async { customers().await.courier_first().await },
            ),
            Scenario::record(
                "the intake first",
                "The intake is closed first. The press prints what was accepted, then it ends; the courier brings it, then it ends.",
                SHOP,
                async {
                    let shop = customers().await;
                    let _ = shop.stop.send(());
                    let _ = shop.press.await;
                    let _ = shop.courier.await;
                },
            ),
        ],
    }
}

/// Three orders, and a second and a half for them.
async fn customers() -> orders::Shop {
    let (handle, shop) = orders::open();
    for poster in 1..=3 {
        tokio::spawn(customer(handle.clone(), poster));
    }
    sleep(WORK * 3 / 2).await;
    shop
}

async fn customer(shop: ShopHandle, poster: u32) {
    let _ = shop.order(poster).await;
}
