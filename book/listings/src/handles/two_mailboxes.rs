//! The same auction with a mailbox for each kind of handle: the order between them is lost.

use super::Refused;
use tokio::sync::{mpsc, oneshot};

// ANCHOR: messages
#[derive(Debug)]
struct Bid {
    amount: u64,
    reply: oneshot::Sender<Result<(), Refused>>,
}

#[derive(Debug)]
enum Order {
    Minimum(u64),
    Hammer { reply: oneshot::Sender<u64> },
}
// ANCHOR_END: messages

struct Auction {
    bids: mpsc::Receiver<Bid>,
    orders: mpsc::Receiver<Order>,
    minimum: u64,
    highest: u64,
}

impl Auction {
    // ANCHOR: run
    async fn run(mut self) {
        loop {
            tokio::select! {
                biased;
                Some(order) = self.orders.recv() => match order {
                    Order::Minimum(amount) => self.minimum = amount,
                    Order::Hammer { reply } => {
                        let _ = reply.send(self.highest);
                        break;
                    }
                },
                Some(Bid { amount, reply }) = self.bids.recv() => {
                    let _ = reply.send(self.bid(amount));
                }
                else => break,
            }
        }
    }
    // ANCHOR_END: run

    fn bid(&mut self, amount: u64) -> Result<(), Refused> {
        if amount <= self.highest || amount < self.minimum {
            return Err(Refused::TooLow);
        }
        self.highest = amount;
        Ok(())
    }
}

#[derive(Clone)]
pub struct Bidder {
    sender: mpsc::Sender<Bid>,
}

pub struct Auctioneer {
    sender: mpsc::Sender<Order>,
}

pub fn open() -> (Bidder, Auctioneer) {
    let (bids_sender, bids) = mpsc::channel(8);
    let (orders_sender, orders) = mpsc::channel(8);
    let auction = Auction {
        bids,
        orders,
        minimum: 0,
        highest: 0,
    };
    tokio::spawn(auction.run());
    (
        Bidder {
            sender: bids_sender,
        },
        Auctioneer {
            sender: orders_sender,
        },
    )
}

impl Bidder {
    pub async fn bid(&self, amount: u64) -> Result<(), Refused> {
        let (reply, answer) = oneshot::channel();
        let _ = self.sender.send(Bid { amount, reply }).await;
        answer.await.unwrap_or(Err(Refused::Closed))
    }
}

impl Auctioneer {
    pub async fn minimum(&self, amount: u64) {
        let sent = self.sender.send(Order::Minimum(amount)).await;
        sent.expect("the auction's task is gone");
    }

    pub async fn hammer(self) -> u64 {
        let (reply, answer) = oneshot::channel();
        let _ = self.sender.send(Order::Hammer { reply }).await;
        answer.await.expect("the auction's task is gone")
    }
}

/// A bid, and the hammer in the same moment: the page's, with two mailboxes.
pub async fn last_second() {
    let (bidder, auctioneer) = open();
    let (bid, sold_for) = tokio::join!(bidder.bid(80), auctioneer.hammer());
    assert_eq!((bid, sold_for), (Err(Refused::Closed), 0));
}

#[cfg(test)]
mod tests {
    use super::*;
    use harness::check;

    /// Page: "Order": the bid was sent first, and the hammer overtakes it.
    #[test]
    fn the_hammer_overtakes_a_bid() {
        for _ in 0..64 {
            check(last_second);
        }
    }

    /// Page: "Order": without `biased;` it is as the dice fall.
    #[test]
    fn without_biased_either_mailbox_is_first() {
        let firsts = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
        for _ in 0..200 {
            let firsts = firsts.clone();
            check(|| async move {
                let (a, mut from_a) = mpsc::channel(1);
                let (b, mut from_b) = mpsc::channel(1);
                a.send('a').await.unwrap();
                b.send('b').await.unwrap();
                let first = tokio::select! {
                    first = from_a.recv() => first,
                    first = from_b.recv() => first,
                };
                firsts.lock().unwrap().extend(first);
            });
        }
        let firsts = firsts.lock().unwrap();
        assert!(firsts.contains(&'a') && firsts.contains(&'b'));
    }

    /// Page: "Order": orders first is right for what the auctioneer says before a bid.
    #[test]
    fn with_orders_first_a_minimum_that_was_told_holds() {
        check(|| async {
            let (bidder, auctioneer) = open();
            auctioneer.minimum(100).await;
            assert_eq!(bidder.bid(50).await, Err(Refused::TooLow));
        });
    }
}
