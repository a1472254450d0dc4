//! Chapter 13: a print shop. A press prints posters, a courier brings them to those who ordered them. The press owns the way to the courier;
//! so the shop is a tree, and it is stopped from its intake on.

#[cfg(test)]
mod asker;
#[cfg(test)]
mod blocking;
pub mod deadline;
#[cfg(test)]
mod facts;
pub mod orders;
#[cfg(test)]
mod signals;
#[cfg(test)]
mod token;

use std::time::Duration;
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
    time::sleep,
};

/// What printing a poster takes, and what bringing it takes.
pub const WORK: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub struct Order {
    pub poster: u32,
    /// Tells the customer when it is there.
    pub delivered: oneshot::Sender<()>,
}

// ANCHOR: press
pub struct Press {
    /// The handles hold the other end.
    pub mailbox: mpsc::Receiver<Order>,
    /// Dropped when the press ends: that is how the courier hears of it.
    pub courier: mpsc::Sender<Order>,
    /// What stops the shop holds the other end.
    pub stop: oneshot::Receiver<()>,
}

impl Press {
    pub async fn run(mut self) {
        let mut open = true;
        loop {
            tokio::select! {
                biased;
                _ = &mut self.stop, if open => {
                    open = false;
                    self.mailbox.close();
                }
                order = self.mailbox.recv() => match order {
                    Some(order) => self.print(order).await,
                    None => break,
                },
            }
        }
    }
    // ANCHOR_END: press

    async fn print(&self, order: Order) {
        sleep(WORK).await;
        let _ = self.courier.send(order).await;
    }
}

// ANCHOR: courier
pub struct Courier {
    /// The press holds the other end.
    pub mailbox: mpsc::Receiver<Order>,
}

impl Courier {
    pub async fn run(mut self) {
        while let Some(order) = self.mailbox.recv().await {
            sleep(WORK).await;
            let _ = order.delivered.send(());
        }
    }
}
// ANCHOR_END: courier

/// The shop takes no orders any more, or gave this one up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closed;

#[derive(Clone)]
pub struct ShopHandle {
    sender: mpsc::Sender<Order>,
}

impl ShopHandle {
    /// Returns when the poster is there.
    ///
    /// # Errors
    /// The shop is closed, or has given the order up.
    pub async fn order(&self, poster: u32) -> Result<(), Closed> {
        let (delivered, there) = oneshot::channel();
        let order = Order { poster, delivered };
        self.sender.send(order).await.map_err(|_| Closed)?;
        there.await.map_err(|_| Closed)
    }
}

pub struct Shop {
    stop: oneshot::Sender<()>,
    press: JoinHandle<()>,
    courier: JoinHandle<()>,
}

pub fn open() -> (ShopHandle, Shop) {
    let (sender, mailbox) = mpsc::channel(8);
    let (courier, parcels) = mpsc::channel(8);
    let (stop, stopped) = oneshot::channel();
    let press = tokio::spawn(
        Press {
            mailbox,
            courier,
            stop: stopped,
        }
        .run(),
    );
    let courier = tokio::spawn(Courier { mailbox: parcels }.run());
    let shop = Shop {
        stop,
        press,
        courier,
    };
    (ShopHandle { sender }, shop)
}

// ANCHOR: stop
impl Shop {
    /// Takes no more orders. Returns when the accepted ones are there.
    pub async fn stop(self) {
        let _ = self.stop.send(()); // the press may have ended already
        let _ = self.press.await; // an error would be a panic of the press
        let _ = self.courier.await;
    }
}
// ANCHOR_END: stop

#[cfg(test)]
mod tests {
    use super::*;
    use harness::{alive_tasks, check, in_no_time, settle, within};
    use tokio::time::Instant;

    pub fn customer(shop: &ShopHandle, poster: u32) -> JoinHandle<(Result<(), Closed>, Duration)> {
        let (shop, begin) = (shop.clone(), Instant::now());
        tokio::spawn(async move { (shop.order(poster).await, begin.elapsed()) })
    }

    /// Page: "Close, then drain": all that was accepted is delivered, though handles live, and nothing more is taken in.
    #[test]
    fn what_was_accepted_is_delivered() {
        check(|| async {
            let (handle, shop) = open();
            let customers: Vec<_> = (1..=3).map(|poster| customer(&handle, poster)).collect();
            settle().await;
            let begin = Instant::now();
            let stopping = tokio::spawn(shop.stop());
            sleep(WORK).await;
            settle().await;
            assert_eq!(in_no_time("an answer", handle.order(4)).await, Err(Closed));
            within("the end", stopping).await.unwrap();
            assert_eq!(begin.elapsed().as_secs(), 4);
            for customer in customers {
                assert_eq!(customer.await.unwrap().0, Ok(()));
            }
            assert_eq!(alive_tasks().await, 0);
            drop(handle);
        });
    }

    /// Page: "Close, then drain": the press hears the stop when it has printed what it has in hand.
    #[test]
    fn a_press_at_work_hears_it_later() {
        check(|| async {
            let (handle, shop) = open();
            let _first = customer(&handle, 1);
            settle().await;
            let stopping = tokio::spawn(shop.stop());
            settle().await;
            // It prints for a second, and its mailbox is open meanwhile.
            let late = customer(&handle, 2);
            settle().await;
            assert!(!late.is_finished());
            within("the end", stopping).await.unwrap();
            assert_eq!(late.await.unwrap().0, Ok(()));
            drop(handle);
        });
    }
}
