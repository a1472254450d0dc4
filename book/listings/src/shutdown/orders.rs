//! The same shop, stopped in orders that lose something.

use super::{Courier, Order, Press, ShopHandle};
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
};

/// The press, the courier, and what stops the press.
pub struct Shop {
    pub stop: oneshot::Sender<()>,
    pub press: JoinHandle<()>,
    pub courier: JoinHandle<()>,
}

/// As [`super::open`], with its parts in the caller's hand.
pub fn open() -> (ShopHandle, Shop) {
    let (sender, mailbox) = mpsc::channel::<Order>(8);
    let (courier, parcels) = mpsc::channel(8);
    let (stop, stopped) = oneshot::channel();
    let press = Press {
        mailbox,
        courier,
        stop: stopped,
    };
    let press = tokio::spawn(press.run());
    let courier = tokio::spawn(Courier { mailbox: parcels }.run());
    let shop = Shop {
        stop,
        press,
        courier,
    };
    (ShopHandle { sender }, shop)
}

impl Shop {
    // ANCHOR: abort
    pub async fn abort(self) {
        self.press.abort();
        self.courier.abort();
    }
    // ANCHOR_END: abort

    // ANCHOR: courier_first
    pub async fn courier_first(self) {
        self.courier.abort();
        let _ = self.stop.send(());
        let _ = self.press.await;
    }
    // ANCHOR_END: courier_first
}

#[cfg(test)]
mod tests {
    use super::super::{Closed, WORK};
    use super::*;
    use harness::{check, settle};
    use tokio::{task::JoinSet, time::sleep};

    /// How many of three customers get their posters, when the shop is stopped after a second and a half.
    async fn delivered<F: Future>(stop: impl FnOnce(Shop) -> F) -> usize {
        let (handle, shop) = open();
        let mut customers = JoinSet::new();
        for poster in 1..=3 {
            let handle = handle.clone();
            customers.spawn(async move { handle.order(poster).await });
            settle().await;
        }
        sleep(WORK * 3 / 2).await;
        stop(shop).await;
        let answers: Vec<Result<(), Closed>> = customers.join_all().await;
        answers.iter().filter(|answer| answer.is_ok()).count()
    }

    /// Page: "The trouble first", "Close, then drain".
    #[test]
    fn what_each_order_keeps() {
        check(|| async {
            assert_eq!(delivered(Shop::abort).await, 0);
            assert_eq!(delivered(Shop::courier_first).await, 0);
            let intake_first = |shop: Shop| async move {
                let _ = shop.stop.send(());
                let _ = shop.press.await;
                let _ = shop.courier.await;
            };
            assert_eq!(delivered(intake_first).await, 3);
        });
    }
}
