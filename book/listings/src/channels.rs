//! Chapter 08: an auction, whose price is watched and whose bids are broadcast.

#[cfg(test)]
mod facts;
pub mod lags;
pub mod per_bidder;
pub mod policies;
pub mod spins;

use tokio::sync::{broadcast, watch};

// ANCHOR: auction
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Price(pub u32);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bid(pub u32);

#[derive(Clone)]
pub struct Auction {
    /// The highest bid. Those who look want the newest one.
    price: watch::Sender<Price>,
    /// Each bid. Those who listen want them all.
    bids: broadcast::Sender<Bid>,
}
// ANCHOR_END: auction

// ANCHOR: open
impl Auction {
    pub fn open(start: Price) -> Self {
        let (price, _) = watch::channel(start);
        let (bids, _) = broadcast::channel(16);
        Self { price, bids }
    }

    pub fn price(&self) -> watch::Receiver<Price> {
        self.price.subscribe()
    }

    pub fn bids(&self) -> broadcast::Receiver<Bid> {
        self.bids.subscribe()
    }
}
// ANCHOR_END: open

// ANCHOR: bid
impl Auction {
    /// Whether it is the highest bid so far.
    pub fn bid(&self, bid: Bid) -> bool {
        let higher = self.price.send_if_modified(|price| {
            let higher = bid.0 > price.0;
            price.0 = bid.0.max(price.0);
            higher
        });
        // An error says that nobody listens, and that is no error here.
        let _ = self.bids.send(bid);
        higher
    }
}
// ANCHOR_END: bid

// ANCHOR: show
/// Shows the price now, and then the newest one whenever it has changed, until
/// the auction is over.
pub async fn show_price(mut price: watch::Receiver<Price>, mut show: impl FnMut(Price)) {
    loop {
        let now = *price.borrow_and_update();
        show(now);
        if price.changed().await.is_err() {
            break;
        }
    }
}
// ANCHOR_END: show

#[cfg(test)]
mod tests {
    use super::*;
    use harness::{alive_tasks, check, settle, within};
    use std::sync::{Arc, Mutex};

    /// Page: "Four policies": the price rises, and a lower bid is told to those who listen, and to nobody else.
    #[test]
    fn the_price_is_the_highest_bid_and_each_bid_is_told() {
        check(|| async {
            let auction = Auction::open(Price(10));
            let (price, mut bids) = (auction.price(), auction.bids());
            assert!(auction.bid(Bid(12)));
            assert!(!auction.bid(Bid(11)));
            assert_eq!(*price.borrow(), Price(12));
            assert_eq!(
                (bids.recv().await, bids.recv().await),
                (Ok(Bid(12)), Ok(Bid(11)))
            );
        });
    }

    /// Page: "Four policies": nobody looks, nobody listens, and a bid counts.
    #[test]
    fn a_bid_counts_though_nobody_looks() {
        check(|| async {
            let auction = Auction::open(Price(10));
            assert!(auction.bid(Bid(12)));
            assert_eq!(*auction.price().borrow(), Price(12));
        });
    }

    /// Page: "Watch": the price now, then the newest, and the last one before the end.
    #[test]
    fn the_screen_shows_the_newest_price_and_ends() {
        check(|| async {
            let auction = Auction::open(Price(10));
            let shown = Arc::new(Mutex::new(Vec::new()));
            let screen = shown.clone();
            let task = tokio::spawn(show_price(auction.price(), move |price| {
                screen.lock().unwrap().push(price);
            }));
            settle().await;
            auction.bid(Bid(11));
            auction.bid(Bid(12));
            settle().await;
            auction.bid(Bid(13));
            drop(auction);
            within("the end of the screen", task).await.unwrap();
            assert_eq!(*shown.lock().unwrap(), [10, 12, 13].map(Price));
            assert_eq!(alive_tasks().await, 0);
        });
    }
}
