//! Chapter 10: a shop and its printer send to each other through bounded mailboxes. How many messages it takes until both
//! wait for ever depends on the mailboxes; that it happens does not.
//!
//! The same without the circle is [`back_edge`]. Actors that ask each other are in
//! [`ask`] and its relatives.

pub mod ask;
pub mod asks_itself;
pub mod back_edge;
pub mod futurelock;
pub mod thermometer;
pub mod time_out;
pub mod world;

use tokio::sync::mpsc;

// ANCHOR: shop
#[derive(Debug)]
enum ToShop {
    Order { text: String },
    Printed { text: String },
}

struct Shop {
    mailbox: mpsc::Receiver<ToShop>,
    printer: mpsc::Sender<String>,
    texts: Vec<String>,
}

impl Shop {
    async fn run(mut self) {
        while let Some(message) = self.mailbox.recv().await {
            match message {
                ToShop::Order { text } => {
                    if self.printer.send(text).await.is_err() {
                        return;
                    }
                }
                ToShop::Printed { text } => self.texts.push(text),
            }
        }
    }
}
// ANCHOR_END: shop

// ANCHOR: printer
struct Printer {
    mailbox: mpsc::Receiver<String>,
    /// Weak, so that the printer does not keep the shop alive (chapter 9).
    shop: mpsc::WeakSender<ToShop>,
}

impl Printer {
    async fn run(mut self) {
        while let Some(text) = self.mailbox.recv().await {
            let Some(shop) = self.shop.upgrade() else {
                break;
            };
            let text = text.to_uppercase();
            let _ = shop.send(ToShop::Printed { text }).await;
        }
    }
}
// ANCHOR_END: printer

#[derive(Clone)]
pub struct ShopHandle {
    sender: mpsc::Sender<ToShop>,
}

pub fn open(capacity: usize) -> ShopHandle {
    let (sender, mailbox) = mpsc::channel(capacity);
    let (printer, texts) = mpsc::channel(capacity);
    let shop = Shop {
        mailbox,
        printer,
        texts: Vec::new(),
    };
    tokio::spawn(shop.run());
    let printer = Printer {
        mailbox: texts,
        shop: sender.downgrade(),
    };
    tokio::spawn(printer.run());
    ShopHandle { sender }
}

impl ShopHandle {
    pub async fn order(&self, text: &str) {
        let text = text.to_owned();
        let _ = self.sender.send(ToShop::Order { text }).await;
    }
}

// ANCHOR: week
/// Seven people order at the same time.
pub async fn week(shop: &ShopHandle) {
    tokio::join!(
        shop.order("mon"),
        shop.order("tue"),
        shop.order("wed"),
        shop.order("thu"),
        shop.order("fri"),
        shop.order("sat"),
        shop.order("sun"),
    );
}
// ANCHOR_END: week

#[cfg(test)]
mod tests {
    use super::*;
    use crate::abandoned::{abandoned, hangs, left_behind};
    use harness::{check, expect_panics, in_no_time, settle, within};
    use std::{cell::Cell, collections::VecDeque, pin::pin, sync::Arc, thread, time::Duration};
    use tokio::{
        runtime::Builder,
        sync::{Semaphore, oneshot, watch},
        task::JoinSet,
        time::{Instant, sleep},
    };

    /// Page: "The trouble first" and "A larger mailbox hides it": the week goes through on four slots, two weeks do not.
    #[test]
    fn a_week_hangs_on_one_or_two_slots_and_two_weeks_on_four() {
        let hangs_with = |capacity| {
            abandoned(async move {
                let shop = open(capacity);
                hangs(week(&shop)).await
            })
        };
        assert!(hangs_with(1));
        assert!(hangs_with(2));
        assert!(!hangs_with(4));
        assert!(abandoned(async {
            let shop = open(4);
            hangs(async { tokio::join!(week(&shop), week(&shop)) }).await
        }));
    }

    /// Page: "A larger mailbox hides it": 2n + 2 orders at once, on one thread.
    #[test]
    fn it_takes_twice_the_capacity_and_two_more() {
        let tasks_left = |capacity, orders| {
            abandoned(async move {
                let shop = open(capacity);
                let mut people = JoinSet::new();
                for _ in 0..orders {
                    let shop = shop.clone();
                    people.spawn(async move { shop.order("hello").await });
                }
                settle().await;
                drop((people, shop));
                left_behind().await
            })
        };
        for capacity in [1, 2, 3, 4, 8, 100] {
            let enough = 2 * capacity + 2;
            assert_eq!(tasks_left(capacity, enough - 1), 0, "{capacity} slots");
            assert_eq!(tasks_left(capacity, enough), 2, "{capacity} slots");
        }
    }

    /// Page: "A larger mailbox hides it": the same orders, one after another, go through. It depends on who comes first.
    #[test]
    fn as_many_orders_one_after_another_go_through() {
        check(|| async {
            let shop = open(4);
            for _ in 0..100 {
                in_no_time("a slot for an order", shop.order("hello")).await;
                settle().await;
            }
        });
    }

    /// Page: "A larger mailbox hides it": with one order less, no order of events on any number of threads can fill everything.
    #[test]
    fn one_order_less_goes_through_on_many_threads() {
        let runtime = Builder::new_multi_thread()
            .worker_threads(4)
            .build()
            .unwrap();
        for round in 0..200 {
            let capacity = 1 + round % 5;
            runtime.block_on(async {
                let shop = open(capacity);
                let mut people = JoinSet::new();
                for _ in 0..2 * capacity + 1 {
                    let shop = shop.clone();
                    people.spawn(async move { shop.order("hello").await });
                }
                people.join_all().await;
            });
            // Shop and printer are stuck, or they end.
            let patience = std::time::Instant::now();
            while runtime.metrics().num_alive_tasks() > 0 {
                assert!(patience.elapsed() < Duration::from_secs(20), "stuck");
                thread::yield_now();
            }
        }
    }

    /// Page: "The idea": a branch that is off waits for the one who turns it on. Here that is the one who waits for a slot.
    #[test]
    fn a_branch_that_is_off_is_an_edge() {
        let hangs_with = |posts| {
            abandoned(async move {
                let (sender, mut mailbox) = mpsc::channel(8);
                let (pause, mut pauses) = mpsc::channel(1);
                tokio::spawn(async move {
                    let mut paused = false;
                    loop {
                        tokio::select! {
                            Some(now) = pauses.recv() => paused = now,
                            Some(_) = mailbox.recv(), if !paused => (),
                            else => break,
                        }
                    }
                });
                hangs(async {
                    pause.send(true).await.unwrap();
                    settle().await;
                    for post in 0..posts {
                        sender.send(post).await.unwrap();
                    }
                    pause.send(false).await.unwrap();
                })
                .await
            })
        };
        assert!(!hangs_with(8));
        assert!(hangs_with(9));
    }

    /// Page: "The idea": a semaphore's permit, held by one who asks another one who needs it.
    #[test]
    fn a_permit_is_an_edge_to_its_holder() {
        assert!(abandoned(async {
            let work = Arc::new(Semaphore::new(1));
            let (sender, mut mailbox) = mpsc::channel::<oneshot::Sender<()>>(1);
            let actors = Arc::clone(&work);
            tokio::spawn(async move {
                while let Some(reply) = mailbox.recv().await {
                    let _permit = actors.acquire().await;
                    let _ = reply.send(());
                }
            });
            hangs(async {
                let _permit = work.acquire().await;
                let (reply, answer) = oneshot::channel();
                sender.send(reply).await.unwrap();
                answer.await
            })
            .await
        }));
    }

    /// Page: "The idea": `send` on a `watch` blocks its thread while another thread looks at a `borrow()`.
    #[test]
    fn the_send_of_a_watch_blocks_while_somebody_borrows() {
        let (sender, receiver) = watch::channel(1);
        let borrowed = receiver.borrow();
        let (done, sent) = std::sync::mpsc::channel();
        let sending = thread::spawn(move || {
            let _ = sender.send(2);
            done.send(()).unwrap();
        });
        // It cannot come, however long this waits.
        assert!(sent.recv_timeout(Duration::from_millis(50)).is_err());
        assert_eq!(*borrowed, 1);
        drop(borrowed);
        sending.join().unwrap();
        assert_eq!(*receiver.borrow(), 2);
    }

    /// Page: "Back edges never wait".
    #[test]
    fn a_way_back_that_never_waits_gets_everything_through_on_one_slot() {
        check(|| async {
            let (shop, texts) = back_edge::open(1);
            let mut people = JoinSet::new();
            for number in 0..1000 {
                let shop = shop.clone();
                people.spawn(async move { shop.order(&format!("text {number}")).await });
            }
            in_no_time("a slot for a thousand orders", people.join_all()).await;
            drop(shop);
            let texts = in_no_time("the end of the shop", texts).await.unwrap();
            assert_eq!(texts.len(), 1000);
            assert!(texts.contains(&"TEXT 999".to_owned()));
        });
    }

    /// Page: "Back edges never wait": no more comes back at once than the printer's mailbox holds, and two, on many threads as well.
    #[test]
    fn a_way_back_holds_what_went_in_and_no_more() {
        let runtime = Builder::new_multi_thread()
            .worker_threads(4)
            .build()
            .unwrap();
        for capacity in [1, 2, 4] {
            for _ in 0..20 {
                let (sender, mut mailbox) = mpsc::channel(capacity);
                let (printer, mut texts) = mpsc::channel(capacity);
                let (done, mut printed) = mpsc::unbounded_channel();
                let shop = runtime.spawn(async move {
                    let mut most = 0;
                    loop {
                        most = most.max(printed.len());
                        tokio::select! {
                            biased;
                            Some(()) = printed.recv() => {}
                            message = mailbox.recv() => match message {
                                Some(()) => printer.send(()).await.unwrap(),
                                None => return most,
                            },
                        }
                    }
                });
                runtime.spawn(async move {
                    while texts.recv().await.is_some() {
                        let _ = done.send(());
                    }
                });
                for _ in 0..100 {
                    let sender = sender.clone();
                    runtime.spawn(async move { sender.send(()).await });
                }
                drop(sender);
                let most = runtime.block_on(shop).unwrap();
                assert!(most <= capacity + 2, "{most} of {capacity}");
            }
        }
    }

    /// Page: "Spawning is no way out": on several threads, spawned sends arrive in another order.
    #[test]
    fn spawned_sends_overtake_each_other_on_many_threads() {
        let runtime = Builder::new_multi_thread()
            .worker_threads(4)
            .build()
            .unwrap();
        let in_order = (0..20).filter(|_| {
            runtime.block_on(async {
                let (out, mut mailbox) = mpsc::channel(1);
                for text in 0..1000 {
                    let out = out.clone();
                    tokio::spawn(async move { out.send(text).await });
                }
                drop(out);
                let mut got = Vec::new();
                while let Some(text) = mailbox.recv().await {
                    got.push(text);
                }
                assert_eq!(got.len(), 1000);
                got.is_sorted()
            })
        });
        // We saw it 0 times in 1,600 runs on two threads and on four.
        assert!(in_order.count() < 20);
    }

    /// Page: "Two actors that ask each other": on unbounded mailboxes.
    #[test]
    fn an_ask_cycle_hangs_without_any_bound() {
        assert!(abandoned(async {
            let players = ask::open(&[3, 5]);
            hangs(players[1].walk(7)).await
        }));
        // A question that makes no circle is answered.
        abandoned(async {
            let players = ask::open(&[3, 5]);
            assert_eq!(players[1].place().await, 5);
        });
    }

    /// Page: "Two actors that ask each other": sending the reply never waits, with nobody at the other end.
    #[test]
    fn sending_a_reply_never_waits() {
        check(|| async {
            let (reply, answer) = oneshot::channel();
            assert_eq!(reply.send(1), Ok(())); // not async
            assert_eq!(answer.await, Ok(1));
        });
    }

    /// Page: "Cut one edge".
    #[test]
    fn a_world_that_asks_nobody_answers() {
        check(|| async {
            let players = world::open(&[3, 5]);
            assert!(in_no_time("the end of a walk", players[1].walk(7)).await);
            assert!(!in_no_time("the end of a walk", players[0].walk(7)).await);
            assert!(in_no_time("the end of a walk", players[0].walk(5)).await);
            assert_eq!(in_no_time("a place", players[1].place()).await, 7);
            assert_eq!(in_no_time("a place", players[0].place()).await, 5);
            let (a, b) = tokio::join!(players[0].walk(1), players[1].walk(1));
            assert!(a != b, "one of the two was first");
        });
    }

    /// Page: "Asking yourself", also without a bound.
    #[test]
    fn an_actor_that_asks_itself_waits_for_ever() {
        assert!(abandoned(async {
            let diary = asks_itself::open();
            hangs(diary.write("hello")).await
        }));
    }

    /// Page: "Asking yourself": a tell hangs too, when the mailbox is bounded and full.
    #[test]
    fn an_actor_that_tells_itself_waits_when_the_mailbox_is_full() {
        assert!(abandoned(async {
            let (own, mut mailbox) = mpsc::channel(1);
            own.send(1).await.unwrap();
            hangs(async {
                own.send(2).await.unwrap();
                mailbox.recv().await
            })
            .await
        }));
    }

    /// Page: "Time-outs with timeout": every walk takes the whole second, is refused though the place is free, and the world works for nobody.
    #[test]
    fn a_time_out_makes_each_walk_slow_and_wrong() {
        check(|| async {
            let players = time_out::open(&[3, 5]);
            let start = Instant::now();
            assert!(!players[1].walk(7).await, "7 is free");
            assert_eq!(start.elapsed(), Duration::from_secs(1));
            for to in 8..12 {
                assert!(!players[1].walk(to).await);
            }
            assert_eq!(start.elapsed(), Duration::from_secs(5));
        });
    }

    /// Page: "Time-outs with timeout": who only wants to know where the player stands waits for that second as well.
    #[test]
    fn a_time_out_makes_others_wait() {
        check(|| async {
            let players = time_out::open(&[3, 5]);
            let start = Instant::now();
            let (_, place) = tokio::join!(players[1].walk(7), players[1].place());
            assert_eq!(place, 5);
            assert_eq!(start.elapsed(), Duration::from_secs(1));
        });
    }

    /// A reader that comes after a second, and then takes all that there is.
    async fn reader(mut mailbox: mpsc::Receiver<&'static str>) -> Vec<&'static str> {
        sleep(Duration::from_secs(1)).await;
        let mut texts = Vec::new();
        while let Some(text) = mailbox.recv().await {
            texts.push(text);
        }
        texts
    }

    /// Page: "What select! drops": a send that is kept and not polled keeps its turn in line, and what comes after it waits.
    #[test]
    fn a_send_kept_by_reference_locks_the_next_one() {
        assert!(abandoned(async {
            let (out, mailbox) = mpsc::channel(1);
            out.send("earlier").await.unwrap();
            tokio::spawn(reader(mailbox));
            hangs(futurelock::report(out)).await
        }));
    }

    /// Page: "What select! drops": with two slots, both texts arrive, in the order that one wants.
    #[test]
    fn with_two_slots_a_kept_send_goes_well() {
        check(|| async {
            let (out, mailbox) = mpsc::channel(2);
            out.send("earlier").await.unwrap();
            out.send("later").await.unwrap();
            let reader = tokio::spawn(reader(mailbox));
            within("the end of the report", futurelock::report(out)).await;
            let texts = within("the reader's texts", reader).await.unwrap();
            assert_eq!(texts, ["earlier", "later", "it takes a while", "result"]);
        });
    }

    /// Page: "What select! drops": a kept `reserve` does the same.
    #[test]
    fn a_reserve_kept_by_reference_locks_the_next_send() {
        assert!(abandoned(async {
            let (out, mailbox) = mpsc::channel(1);
            out.send("earlier").await.unwrap();
            tokio::spawn(reader(mailbox));
            let mut permit = pin!(out.reserve());
            hangs(async {
                tokio::select! {
                    _ = &mut permit => unreachable!("it is full for a second"),
                    () = sleep(Duration::from_millis(10)) => out.send("busy").await.unwrap(),
                }
            })
            .await
        }));
    }

    /// Page: "What select! drops": a send that `select!` owns is dropped before the handler runs. It locks nothing, and its
    /// value is gone.
    #[test]
    fn an_owned_send_is_dropped_with_its_value() {
        check(|| async {
            let (out, mailbox) = mpsc::channel(1);
            out.send("earlier").await.unwrap();
            let reader = tokio::spawn(reader(mailbox));
            tokio::select! {
                _ = out.send("result") => unreachable!("it is full for a second"),
                () = sleep(Duration::from_millis(10)) => out.send("busy").await.unwrap(),
            }
            drop(out);
            let texts = within("the reader's texts", reader).await.unwrap();
            assert_eq!(texts, ["earlier", "busy"]);
        });
    }

    /// Page: "What select! drops": with an owned `reserve` nothing is lost.
    #[test]
    fn an_owned_reserve_loses_its_turn_only() {
        check(|| async {
            let (out, mailbox) = mpsc::channel(1);
            out.send("earlier").await.unwrap();
            let reader = tokio::spawn(reader(mailbox));
            tokio::select! {
                _ = out.reserve() => unreachable!("it is full for a second"),
                () = sleep(Duration::from_millis(10)) => out.send("busy").await.unwrap(),
            }
            out.send("result").await.unwrap();
            drop(out);
            let texts = within("the reader's texts", reader).await.unwrap();
            assert_eq!(texts, ["earlier", "busy", "result"]);
        });
    }

    /// Page: "Listening while the output is full".
    #[test]
    fn the_thermometer_answers_while_its_display_is_full() {
        check(|| async {
            let (display, mut shown) = mpsc::channel(1);
            let thermometer = thermometer::open(display);
            assert_eq!(
                in_no_time("the highest", thermometer.highest()).await,
                Ok(None)
            );
            for degrees in [10, 30, 20] {
                thermometer.measured(degrees).await.unwrap();
                settle().await;
                in_no_time("the highest", thermometer.highest())
                    .await
                    .unwrap();
            }
            assert_eq!(
                in_no_time("the highest", thermometer.highest()).await,
                Ok(Some(30))
            );
            assert_eq!(shown.recv().await, Some(10));
            assert_eq!(shown.recv().await, Some(20), "30 is old by now");
        });
    }

    /// Page: "Listening while the output is full": it ends when nobody looks at the display.
    #[test]
    fn the_thermometer_ends_without_a_display() {
        check(|| async {
            let (display, shown) = mpsc::channel(1);
            let thermometer = thermometer::open(display);
            drop(shown);
            thermometer.measured(10).await.unwrap();
            settle().await;
            assert!(thermometer.measured(20).await.is_err());
        });
    }

    /// Page: "Where it goes wrong": the `if` of a branch decides whether its future is polled; the expression that makes it is evaluated.
    #[test]
    fn the_expression_of_a_branch_is_evaluated_whatever_its_if_says() {
        check(|| async {
            let (evaluated, polled) = (Cell::new(false), Cell::new(false));
            tokio::select! {
                () = { evaluated.set(true); async { polled.set(true) } }, if false => {}
                () = async {} => {}
            }
            assert_eq!((evaluated.get(), polled.get()), (true, false));
            expect_panics("");
            let (out, _mailbox) = mpsc::channel(1);
            let relay = tokio::spawn(async move {
                let mut queue = VecDeque::<u32>::new();
                tokio::select! {
                    _ = out.send(queue.pop_front().unwrap()), if !queue.is_empty() => {}
                    () = async {} => {}
                }
            });
            assert!(relay.await.unwrap_err().is_panic());
        });
    }

    /// Page: "Spawning is no way out": each send that waits is a task.
    #[test]
    fn spawned_sends_pile_up() {
        check(|| async {
            let (out, mut mailbox) = mpsc::channel(1);
            for text in 0..1000 {
                let out = out.clone();
                tokio::spawn(async move { out.send(text).await });
            }
            drop(out);
            assert_eq!(harness::alive_tasks().await, 999);
            while mailbox.recv().await.is_some() {}
        });
    }
}
