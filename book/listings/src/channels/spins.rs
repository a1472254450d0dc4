//! A screen that shows a price, and spins when the auction is over.

use super::Price;
use tokio::sync::watch;

// ANCHOR: spins
/// Shows the price whenever it has changed.
pub async fn show_price(mut price: watch::Receiver<Price>, mut show: impl FnMut(Price)) {
    loop {
        let _ = price.changed().await;
        show(*price.borrow_and_update());
    }
}
// ANCHOR_END: spins

/// One bid, and the auction is over.
pub async fn auction() {
    let (price, screen) = watch::channel(Price(10));
    tokio::spawn(show_price(screen, |_| ()));
    tokio::task::yield_now().await;
    let _ = price.send(Price(12));
}

#[cfg(test)]
mod tests {
    use super::*;
    use harness::{check, settle};
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    };

    /// Page: "The trouble first": it shows the last price, again and again.
    #[test]
    fn the_screen_spins_when_the_auction_is_over() {
        check(|| async {
            let (price, screen) = watch::channel(Price(10));
            let shown = Arc::new(AtomicUsize::new(0));
            let count = shown.clone();
            let task = tokio::spawn(show_price(screen, move |_| {
                count.fetch_add(1, Relaxed);
            }));
            settle().await;
            assert_eq!(shown.load(Relaxed), 0, "the first price is not shown");
            drop(price);
            while shown.load(Relaxed) < 10_000 {
                tokio::task::yield_now().await;
            }
            task.abort();
        });
    }
}
