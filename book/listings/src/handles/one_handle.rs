//! One handle for everybody: whoever may bid may also bring the hammer down.

use super::{Auction, Message, Refused};
use tokio::sync::{mpsc, oneshot};

// ANCHOR: handle
#[derive(Clone)]
pub struct AuctionHandle {
    sender: mpsc::Sender<Message>,
}

impl AuctionHandle {
    pub async fn bid(&self, amount: u64) -> Result<(), Refused> {
        let (reply, answer) = oneshot::channel();
        let _ = self.sender.send(Message::Bid { amount, reply }).await;
        answer.await.unwrap_or(Err(Refused::Closed))
    }

    pub async fn hammer(&self) -> Option<u64> {
        let (reply, answer) = oneshot::channel();
        let _ = self.sender.send(Message::Hammer { reply }).await;
        answer.await.ok()
    }
}
// ANCHOR_END: handle

pub fn open() -> AuctionHandle {
    let (sender, mailbox) = mpsc::channel(8);
    let auction = Auction {
        mailbox,
        minimum: 0,
        highest: 0,
    };
    tokio::spawn(auction.run());
    AuctionHandle { sender }
}

// ANCHOR: bot
/// Bids for somebody who is not here, and tidies up behind itself.
async fn bot(auction: AuctionHandle) {
    let _ = auction.bid(10).await;
    auction.hammer().await;
}

async fn guest(auction: AuctionHandle) -> Result<(), Refused> {
    auction.bid(500).await
}
// ANCHOR_END: bot

/// The bot comes first, and then the guest.
pub async fn evening() -> Result<(), Refused> {
    let auction = open();
    let _ = tokio::spawn(bot(auction.clone())).await;
    tokio::spawn(guest(auction)).await.expect("it cannot panic")
}

#[cfg(test)]
mod tests {
    use super::*;
    use harness::check;

    /// Page: "The trouble first".
    #[test]
    fn the_bot_ends_the_auction_and_the_guest_is_too_late() {
        check(|| async {
            assert_eq!(evening().await, Err(Refused::Closed));
        });
    }
}
