//! Two kinds of handles that stand in front of a private one, which can do everything.

use super::{Auction, Message, Refused};
use tokio::sync::{mpsc, oneshot};

// ANCHOR: facade
/// Can do everything, and stays in here.
#[derive(Clone)]
struct Everything {
    sender: mpsc::Sender<Message>,
}

#[derive(Clone)]
pub struct Bidder(Everything);

pub struct Auctioneer(Everything);

impl Bidder {
    pub async fn bid(&self, amount: u64) -> Result<(), Refused> {
        self.0.bid(amount).await
    }
}
// ANCHOR_END: facade

impl Auctioneer {
    pub async fn hammer(self) -> Option<u64> {
        self.0.hammer().await
    }
}

impl Everything {
    async fn bid(&self, amount: u64) -> Result<(), Refused> {
        let (reply, answer) = oneshot::channel();
        let _ = self.sender.send(Message::Bid { amount, reply }).await;
        answer.await.unwrap_or(Err(Refused::Closed))
    }

    async fn hammer(&self) -> Option<u64> {
        let (reply, answer) = oneshot::channel();
        let _ = self.sender.send(Message::Hammer { reply }).await;
        answer.await.ok()
    }
}

pub fn open() -> (Bidder, Auctioneer) {
    let (sender, mailbox) = mpsc::channel(8);
    let auction = Auction {
        mailbox,
        minimum: 0,
        highest: 0,
    };
    tokio::spawn(auction.run());
    let handle = Everything { sender };
    (Bidder(handle.clone()), Auctioneer(handle))
}

// ANCHOR: from
pub enum FromBidders {
    Bid {
        amount: u64,
        reply: oneshot::Sender<Result<(), Refused>>,
    },
}

impl From<FromBidders> for Message {
    fn from(message: FromBidders) -> Self {
        match message {
            FromBidders::Bid { amount, reply } => Self::Bid { amount, reply },
        }
    }
}
// ANCHOR_END: from

#[cfg(test)]
mod tests {
    use super::*;
    use harness::check;

    /// Page: "Three ways to build them".
    #[test]
    fn it_works_as_the_other_one() {
        check(|| async {
            let (bidder, auctioneer) = open();
            assert_eq!(bidder.bid(10).await, Ok(()));
            let (reply, answer) = oneshot::channel();
            let message = FromBidders::Bid { amount: 20, reply };
            bidder.0.sender.send(message.into()).await.unwrap();
            assert_eq!(answer.await, Ok(Ok(())));
            assert_eq!(auctioneer.hammer().await, Some(20));
        });
    }
}
