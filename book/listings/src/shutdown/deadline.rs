//! A drain that may take so long and no longer. What is left then is aborted, counted, and waited for.

use super::{Order, WORK};
use std::time::Duration;
use tokio::{sync::mpsc, task::JoinSet, time::sleep, time::timeout};

/// Couriers under way, each with a parcel.
pub struct Couriers {
    pub mailbox: mpsc::Receiver<Order>,
    pub under_way: JoinSet<()>,
}

// ANCHOR: stop
impl Couriers {
    /// Brings what was accepted, for as long as `grace` at most. How many parcels were given up?
    pub async fn stop(mut self, grace: Duration) -> usize {
        self.mailbox.close();
        if timeout(grace, self.drain()).await.is_ok() {
            return 0;
        }
        let mut given_up = 0;
        self.under_way.abort_all();
        while let Some(ended) = self.under_way.join_next().await {
            given_up += usize::from(ended.is_err());
        }
        while self.mailbox.try_recv().is_ok() {
            given_up += 1;
        }
        given_up
    }
    // ANCHOR_END: stop

    // ANCHOR: drain
    /// # Cancel safety
    /// When it is dropped, what it took out of the mailbox is in `under_way`.
    async fn drain(&mut self) {
        while let Some(order) = self.mailbox.recv().await {
            self.under_way.spawn(bring(order));
        }
        while self.under_way.join_next().await.is_some() {}
    }
    // ANCHOR_END: drain
}

async fn bring(order: Order) {
    sleep(WORK * order.poster).await;
    let _ = order.delivered.send(());
}

#[cfg(test)]
mod tests {
    use super::*;
    use harness::{check, in_no_time, settle, within};
    use tokio::{sync::oneshot, time::Instant};

    /// Page: "A deadline": it takes as long as the grace, everybody who waits hears it, and what was done in time is done.
    #[test]
    fn what_is_left_is_given_up_and_counted() {
        check(|| async {
            let (sender, mailbox) = mpsc::channel(8);
            let mut customers = Vec::new();
            for poster in 1..=4 {
                let (delivered, there) = oneshot::channel();
                assert!(sender.try_send(Order { poster, delivered }).is_ok());
                customers.push(there);
            }
            let couriers = Couriers {
                mailbox,
                under_way: JoinSet::new(),
            };
            let begin = Instant::now();
            let grace = WORK * 5 / 2;
            assert_eq!(within("the end", couriers.stop(grace)).await, 2);
            assert_eq!(begin.elapsed(), grace);
            let mut answers = Vec::new();
            for there in customers {
                answers.push(in_no_time("an answer", there).await.is_ok());
            }
            assert_eq!(answers, [true, true, false, false]);
        });
    }

    /// Page: "What holds a drain up": a slot that was reserved and not used keeps `recv` waiting, and the deadline ends that.
    #[test]
    fn a_permit_holds_it_up() {
        check(|| async {
            let (sender, mailbox) = mpsc::channel::<Order>(8);
            let permit = sender.reserve().await.unwrap();
            let couriers = Couriers {
                mailbox,
                under_way: JoinSet::new(),
            };
            let stopping = tokio::spawn(couriers.stop(WORK));
            settle().await;
            assert!(!stopping.is_finished());
            let begin = Instant::now();
            assert_eq!(within("the end", stopping).await.unwrap(), 0);
            assert_eq!(begin.elapsed(), WORK);
            drop(permit);
        });
    }
}
