//! Chapter 05: an auction. Bidders bid, and one auctioneer brings the hammer down.

pub mod facade;
pub mod one_handle;
pub mod pause;
pub mod two_mailboxes;
pub mod weak;
pub mod with_traits;

use tokio::sync::{mpsc, oneshot};

// ANCHOR: message
#[derive(Debug)]
enum Message {
    Bid {
        amount: u64,
        reply: oneshot::Sender<Result<(), Refused>>,
    },
    Minimum(u64),
    Hammer {
        reply: oneshot::Sender<u64>,
    },
}

/// Why a bid does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    TooLow,
    Closed,
}
// ANCHOR_END: message

struct Auction {
    mailbox: mpsc::Receiver<Message>,
    minimum: u64,
    highest: u64,
}

impl Auction {
    async fn run(mut self) {
        while let Some(message) = self.mailbox.recv().await {
            self.on_message(message).await;
        }
    }

    // ANCHOR: on_message
    async fn on_message(&mut self, message: Message) {
        match message {
            Message::Bid { amount, reply } => {
                let _ = reply.send(self.bid(amount));
            }
            Message::Minimum(amount) => self.minimum = amount,
            Message::Hammer { reply } => {
                self.mailbox.close();
                let _ = reply.send(self.highest);
                // Drops what came behind the hammer, and its replies.
                while self.mailbox.recv().await.is_some() {}
            }
        }
    }
    // ANCHOR_END: on_message

    fn bid(&mut self, amount: u64) -> Result<(), Refused> {
        if amount <= self.highest || amount < self.minimum {
            return Err(Refused::TooLow);
        }
        self.highest = amount;
        Ok(())
    }
}

// ANCHOR: handles
/// For everybody who bids.
#[derive(Clone)]
pub struct Bidder {
    sender: mpsc::Sender<Message>,
}

/// For the one who brings the hammer down. There is no second one.
pub struct Auctioneer {
    sender: mpsc::Sender<Message>,
}

pub fn open() -> (Bidder, Auctioneer) {
    let (sender, mailbox) = mpsc::channel(8);
    let auction = Auction {
        mailbox,
        minimum: 0,
        highest: 0,
    };
    tokio::spawn(auction.run());
    let bidder = Bidder {
        sender: sender.clone(),
    };
    (bidder, Auctioneer { sender })
}
// ANCHOR_END: handles

// ANCHOR: bidder
impl Bidder {
    pub async fn bid(&self, amount: u64) -> Result<(), Refused> {
        let (reply, answer) = oneshot::channel();
        let _ = self.sender.send(Message::Bid { amount, reply }).await;
        answer.await.unwrap_or(Err(Refused::Closed))
    }
}
// ANCHOR_END: bidder

impl Auctioneer {
    // ANCHOR: minimum
    /// Bids below it no longer count.
    pub async fn minimum(&self, amount: u64) {
        let sent = self.sender.send(Message::Minimum(amount)).await;
        sent.expect("the auction's task is gone");
    }
    // ANCHOR_END: minimum

    // ANCHOR: hammer
    /// Ends the auction, and returns the highest bid; 0 when nobody has bid.
    pub async fn hammer(self) -> u64 {
        let (reply, answer) = oneshot::channel();
        let _ = self.sender.send(Message::Hammer { reply }).await;
        answer.await.expect("the auction's task is gone")
    }
    // ANCHOR_END: hammer

    // ANCHOR: give
    /// One more bidder.
    pub fn bidder(&self) -> Bidder {
        Bidder {
            sender: self.sender.clone(),
        }
    }
    // ANCHOR_END: give
}

// ANCHOR: last_second
/// A bid, and the hammer in the same moment.
pub async fn last_second() {
    let (bidder, auctioneer) = open();
    let (bid, sold_for) = tokio::join!(bidder.bid(80), auctioneer.hammer());
    assert_eq!((bid, sold_for), (Ok(()), 80));
}
// ANCHOR_END: last_second

/// The auctioneer goes home without the hammer; a bidder is left.
pub async fn goes_home() {
    let (bidder, auctioneer) = open();
    drop(auctioneer);
    assert_eq!(bidder.bid(10).await, Ok(()));
}

/// The hammer comes down while a bidder holds its handle.
pub async fn hammered() {
    let (bidder, auctioneer) = open();
    assert_eq!(bidder.bid(10).await, Ok(()));
    assert_eq!(auctioneer.hammer().await, 10);
    assert_eq!(bidder.bid(20).await, Err(Refused::Closed));
}

#[cfg(test)]
mod tests {
    use super::*;
    use harness::{alive_tasks, check, in_no_time, start_and_drop};
    use std::{future::poll_fn, pin::Pin, task::Poll};
    use tokio::{
        runtime::{Builder, Runtime},
        sync::mpsc::error::TryRecvError,
    };

    pub(super) fn many_threads() -> Runtime {
        Builder::new_multi_thread()
            .worker_threads(4)
            .build()
            .unwrap()
    }

    /// Page: "The code": through both kinds of handles one reaches the same auction.
    #[test]
    fn both_kinds_reach_one_auction() {
        check(|| async {
            let (bidder, auctioneer) = open();
            assert_eq!(bidder.bid(10).await, Ok(()));
            assert_eq!(auctioneer.bidder().bid(10).await, Err(Refused::TooLow));
            auctioneer.minimum(100).await;
            assert_eq!(bidder.clone().bid(50).await, Err(Refused::TooLow));
            assert_eq!(auctioneer.hammer().await, 10);
        });
    }

    /// Page: "Order": what is in the mailbox first is handled first, whatever kind of handle sent it.
    #[test]
    fn a_bid_before_the_hammer_counts() {
        for _ in 0..64 {
            check(last_second);
            check(|| async {
                let (bidder, auctioneer) = open();
                let (sold_for, bid) = tokio::join!(auctioneer.hammer(), bidder.bid(80));
                assert_eq!((sold_for, bid), (0, Err(Refused::Closed)));
            });
        }
    }

    /// Page: "Before you begin": slots are given in the order of the line, and each message goes in when its caller runs again. (Two
    /// worker threads can run two callers in either order; here it is done by hand.)
    #[test]
    fn callers_that_have_their_slots_may_send_in_either_order() {
        check(|| async {
            let (sender, mut mailbox) = mpsc::channel(2);
            for first in [1, 2] {
                sender.send(first).await.unwrap();
            }
            let mut calls = [3, 4, 5].map(|message| Box::pin(sender.send(message)));
            for call in &mut calls {
                assert!(once(call).await.is_pending());
            }
            for first in [1, 2] {
                assert_eq!(mailbox.recv().await, Some(first));
            }
            let [longest, next, last] = &mut calls;
            assert!(once(last).await.is_pending());
            assert!(once(next).await.is_ready());
            assert!(once(longest).await.is_ready());
            assert_eq!(mailbox.recv().await, Some(4));
            assert_eq!(mailbox.recv().await, Some(3));
        });
    }

    async fn once<F: Future + Unpin>(call: &mut F) -> Poll<F::Output> {
        poll_fn(|cx| Poll::Ready(Pin::new(&mut *call).poll(cx))).await
    }

    /// Page: "Order": on many threads, too, a call that has returned comes before one that is made then, on another thread or not.
    #[test]
    fn a_minimum_that_was_told_holds_on_many_threads() {
        many_threads().block_on(async {
            for _ in 0..2_000 {
                let (bidder, auctioneer) = open();
                auctioneer.minimum(100).await;
                let bid = tokio::spawn(async move { bidder.bid(50).await });
                assert_eq!(bid.await.unwrap(), Err(Refused::TooLow));
            }
        });
    }

    /// Page: "Order": a tell has returned, and the actor has not handled it.
    #[test]
    fn a_tell_returns_before_it_is_handled() {
        check(|| async {
            let (_bidder, auctioneer) = open();
            // Nobody else gets to run: the call is done in its first poll.
            assert_eq!(start_and_drop(1, || auctioneer.minimum(100)).await, 1);
        });
    }

    /// Page: "Who keeps it alive": any handle of any kind does.
    #[test]
    fn it_ends_with_the_last_handle_of_both_kinds() {
        check(|| async {
            let (bidder, auctioneer) = open();
            drop(auctioneer);
            assert_eq!(bidder.bid(10).await, Ok(()));
            assert_eq!(alive_tasks().await, 1);
            drop(bidder);
            assert_eq!(alive_tasks().await, 0);
            let (bidder, auctioneer) = open();
            drop(bidder);
            assert_eq!(alive_tasks().await, 1);
            assert_eq!(auctioneer.hammer().await, 0);
        });
        check(goes_home);
    }

    /// Page: "Who keeps it alive": after the hammer the task ends, whoever still holds a handle.
    #[test]
    fn the_hammer_ends_it_though_bidders_are_there() {
        check(|| async {
            let (bidder, auctioneer) = open();
            assert_eq!(auctioneer.hammer().await, 0);
            assert_eq!(alive_tasks().await, 0);
            assert_eq!(bidder.bid(1).await, Err(Refused::Closed));
        });
        check(hammered);
    }

    /// Page: "Who keeps it alive": everybody who bids while the hammer comes down has an answer, on many threads too.
    #[test]
    fn nobody_waits_for_ever_when_the_hammer_comes_down_on_many_threads() {
        many_threads().block_on(async {
            for _ in 0..500 {
                let (bidder, auctioneer) = open();
                let bids: Vec<_> = (1..=16)
                    .map(|amount| {
                        let bidder = bidder.clone();
                        tokio::spawn(async move { bidder.bid(amount).await })
                    })
                    .collect();
                let sold_for = tokio::spawn(auctioneer.hammer()).await.unwrap();
                let mut highest = 0;
                for (bid, amount) in bids.into_iter().zip(1..) {
                    if bid.await.unwrap() == Ok(()) {
                        highest = highest.max(amount);
                    }
                }
                assert_eq!(sold_for, highest);
            }
        });
    }

    /// Page: "A call that uses the handle up": `recv` waits for a message whose sender has its slot, and `try_recv` does not. (Two threads are
    /// there between slot and message when one calls `send` and the other one closes; a permit stands still there.)
    #[test]
    fn what_has_its_slot_when_the_mailbox_is_closed_still_comes() {
        check(|| async {
            let (sender, mut mailbox) = mpsc::channel(8);
            let slot = sender.reserve().await.unwrap();
            mailbox.close();
            assert_eq!(mailbox.try_recv(), Err(TryRecvError::Empty));
            let (received, ()) = tokio::join!(mailbox.recv(), async { slot.send(80) });
            assert_eq!(received, Some(80));
            assert_eq!(mailbox.recv().await, None);
        });
    }

    /// Page: "A call that uses the handle up": a time-out while `hammer` waits for a slot ends nothing, and takes the handle along.
    #[test]
    fn a_hammer_that_finds_no_slot_in_time_takes_its_handle_along() {
        check(|| async {
            let (bidder, auctioneer) = open();
            start_and_drop(8, || bidder.bid(10)).await;
            // It finds the mailbox full, and is not polled again.
            let mut hammer = Some(auctioneer.hammer());
            assert_eq!(start_and_drop(1, || hammer.take().unwrap()).await, 0);
            assert_eq!(bidder.bid(20).await, Ok(()));
            assert_eq!(alive_tasks().await, 1);
        });
    }

    /// Page: "A call that uses the handle up": a call that is dropped before its message was sent ends nothing, and takes the handle along.
    #[test]
    fn a_hammer_that_never_falls_takes_its_handle_along() {
        check(|| async {
            let (bidder, auctioneer) = open();
            drop(auctioneer.hammer());
            assert_eq!(in_no_time("the answer", bidder.bid(10)).await, Ok(()));
            drop(bidder);
            assert_eq!(alive_tasks().await, 0);
        });
    }
}
