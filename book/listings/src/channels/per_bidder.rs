//! A channel of its own for each bidder, so that each can have its own policy.

use super::Bid;
use tokio::sync::mpsc;

// ANCHOR: per_bidder
#[derive(Default)]
pub struct Bidders {
    all: Vec<Bidder>,
}

struct Bidder {
    bids: mpsc::Sender<Bid>,
    /// Whether a bidder that is too slow has to leave. If not, it misses bids.
    must_keep_up: bool,
}

impl Bidders {
    pub fn add(&mut self, capacity: usize, must_keep_up: bool) -> mpsc::Receiver<Bid> {
        let (bids, receiver) = mpsc::channel(capacity);
        self.all.push(Bidder { bids, must_keep_up });
        receiver
    }

    pub fn tell(&mut self, bid: Bid) {
        self.all.retain(|bidder| match bidder.bids.try_send(bid) {
            Ok(()) => true,
            Err(mpsc::error::TrySendError::Full(_)) => !bidder.must_keep_up,
            Err(mpsc::error::TrySendError::Closed(_)) => false,
        });
    }
}
// ANCHOR_END: per_bidder

#[cfg(test)]
mod tests {
    use super::*;
    use harness::check;

    /// Page: "A channel for each": who must keep up and does not, leaves; who need not, misses the newest; who is gone, is forgotten.
    #[test]
    fn each_bidder_has_its_own_policy() {
        check(|| async {
            let mut bidders = Bidders::default();
            let mut strict = bidders.add(2, true);
            let mut easy = bidders.add(2, false);
            let mut large = bidders.add(8, true);
            drop(bidders.add(1, true));
            for bid in 1..=3 {
                bidders.tell(Bid(bid));
            }
            assert_eq!(bidders.all.len(), 2);
            let mut of_strict = Vec::new();
            while let Some(bid) = strict.recv().await {
                of_strict.push(bid.0);
            }
            assert_eq!(of_strict, [1, 2]);
            assert_eq!(
                (easy.recv().await, easy.recv().await),
                (Some(Bid(1)), Some(Bid(2)))
            );
            bidders.tell(Bid(4));
            drop(bidders);
            assert_eq!((easy.recv().await, easy.recv().await), (Some(Bid(4)), None));
            let mut of_large = Vec::new();
            while let Some(bid) = large.recv().await {
                of_large.push(bid.0);
            }
            assert_eq!(of_large, [1, 2, 3, 4]);
        });
    }
}
