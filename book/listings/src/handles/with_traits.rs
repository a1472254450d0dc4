//! A handle as a trait: code that bids does not know what it bids with.

use super::{Bidder, Refused};
use std::pin::Pin;
use tokio::task::JoinHandle;

// ANCHOR: bids
pub trait Bids {
    fn bid(&self, amount: u64) -> impl Future<Output = Result<(), Refused>> + Send;
}

impl Bids for Bidder {
    async fn bid(&self, amount: u64) -> Result<(), Refused> {
        // The method of the type goes before that of the trait.
        self.bid(amount).await
    }
}
// ANCHOR_END: bids

// ANCHOR: generic
/// Bids 10, 20, 30 and so on, until one of them counts.
pub fn bid_in_tens(bidder: impl Bids + Send + Sync + 'static) -> JoinHandle<u64> {
    tokio::spawn(async move {
        let mut amount = 10;
        while bidder.bid(amount).await == Err(Refused::TooLow) {
            amount += 10;
        }
        amount
    })
}
// ANCHOR_END: generic

// ANCHOR: fake
/// For a test: it takes the third bid, and there is no auction.
#[derive(Default)]
pub struct TakesTheThird(std::sync::atomic::AtomicU64);

impl Bids for TakesTheThird {
    async fn bid(&self, _amount: u64) -> Result<(), Refused> {
        match self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed) {
            2 => Ok(()),
            _ => Err(Refused::TooLow),
        }
    }
}
// ANCHOR_END: fake

// ANCHOR: boxed
pub type Answer<'a> = Pin<Box<dyn Future<Output = Result<(), Refused>> + Send + 'a>>;

pub trait BoxedBids: Send + Sync {
    fn bid(&self, amount: u64) -> Answer<'_>;
}

impl<B: Bids + Send + Sync> BoxedBids for B {
    fn bid(&self, amount: u64) -> Answer<'_> {
        Box::pin(Bids::bid(self, amount))
    }
}
// ANCHOR_END: boxed

#[cfg(test)]
mod tests {
    use super::super::{open, tests::many_threads};
    use super::*;
    use harness::check;

    /// Page: "A handle as a trait": the same code on the real handle and on one for tests.
    #[test]
    fn the_same_code_bids_with_both() {
        check(|| async {
            let (bidder, auctioneer) = open();
            auctioneer.minimum(35).await;
            assert_eq!(bid_in_tens(bidder).await.unwrap(), 40);
            assert_eq!(bid_in_tens(TakesTheThird::default()).await.unwrap(), 30);
        });
    }

    /// Page: "A handle as a trait": `Send` is there for many threads.
    #[test]
    fn it_runs_on_many_threads() {
        many_threads().block_on(async {
            let (bidder, _auctioneer) = open();
            assert_eq!(bid_in_tens(bidder).await.unwrap(), 10);
        });
    }

    /// Page: "A handle as a trait": boxed futures, and different handles in one list.
    #[test]
    fn boxed_ones_stand_in_one_list() {
        check(|| async {
            let (bidder, _auctioneer) = open();
            let bidders: [Box<dyn BoxedBids>; 2] =
                [Box::new(bidder), Box::new(TakesTheThird::default())];
            assert_eq!(bidders[0].bid(1).await, Ok(()));
            assert_eq!(bidders[1].bid(1).await, Err(Refused::TooLow));
        });
    }
}
