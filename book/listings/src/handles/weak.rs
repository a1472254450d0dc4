//! A handle that does not keep the auction alive: a screen in the street.

use super::{Auctioneer, Message};
use tokio::sync::mpsc;

// ANCHOR: weak
/// Does not count: when all others are gone, the auction ends.
#[derive(Clone)]
pub struct Visitor {
    sender: mpsc::WeakSender<Message>,
}

impl Auctioneer {
    pub fn visitor(&self) -> Visitor {
        Visitor {
            sender: self.sender.downgrade(),
        }
    }
}

impl Visitor {
    /// A bidder, as long as there is an auction.
    pub fn sits_down(&self) -> Option<super::Bidder> {
        let sender = self.sender.upgrade()?;
        Some(super::Bidder { sender })
    }
}
// ANCHOR_END: weak

#[cfg(test)]
mod tests {
    use super::super::{Refused, open};
    use harness::{alive_tasks, check};

    /// Page: "Who keeps it alive": a weak handle does not.
    #[test]
    fn it_ends_though_a_visitor_is_there() {
        check(|| async {
            let (bidder, auctioneer) = open();
            let visitor = auctioneer.visitor();
            assert_eq!(visitor.sits_down().unwrap().bid(10).await, Ok(()));
            drop((bidder, auctioneer));
            assert_eq!(alive_tasks().await, 0);
            assert!(visitor.sits_down().is_none());
        });
    }

    /// Page: "Who keeps it alive": after the hammer there may still be strong handles, and a weak one finds them.
    #[test]
    fn after_the_hammer_a_visitor_still_sits_down() {
        check(|| async {
            let (_bidder, auctioneer) = open();
            let visitor = auctioneer.visitor();
            auctioneer.hammer().await;
            let late = visitor.sits_down().unwrap();
            assert_eq!(late.bid(10).await, Err(Refused::Closed));
        });
    }
}
