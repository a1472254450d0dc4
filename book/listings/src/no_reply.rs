//! Chapter 03: an actor that rings the bells of a house. Nobody waits for an answer.

pub mod bell;
pub mod log;
pub mod silent;
pub mod stop;

// ANCHOR: uses
use bell::{Bell, Torn};
use std::time::Duration;
use tokio::sync::mpsc::{
    self,
    error::{SendTimeoutError, TrySendError},
};
// ANCHOR_END: uses

// ANCHOR: actor
struct Ringer {
    /// The floors to ring at. The handles hold the other end.
    mailbox: mpsc::Receiver<u32>,
    bell: Bell,
}

impl Ringer {
    async fn run(mut self) -> Result<(), Torn> {
        while let Some(floor) = self.mailbox.recv().await {
            self.bell.ring(floor).await?;
        }
        Ok(())
    }
}
// ANCHOR_END: actor

#[derive(Clone)]
pub struct BellsHandle {
    sender: mpsc::Sender<u32>,
}

impl BellsHandle {
    pub fn new(capacity: usize, bell: Bell) -> Self {
        let (sender, mailbox) = mpsc::channel(capacity);
        tokio::spawn(Ringer { mailbox, bell }.run());
        Self { sender }
    }
}

// ANCHOR: tell
/// The ringer has ended: nobody rings any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closed;

impl BellsHandle {
    /// Rings later, in its turn. Waits while too many others wait.
    pub async fn ring(&self, floor: u32) -> Result<(), Closed> {
        self.sender.send(floor).await.map_err(|_| Closed)
    }
}
// ANCHOR_END: tell

/// Why a ring was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    Full,
    Closed,
}

// ANCHOR: full
impl BellsHandle {
    /// Now or not at all.
    pub fn try_ring(&self, floor: u32) -> Result<(), Refused> {
        self.sender.try_send(floor).map_err(|error| match error {
            TrySendError::Full(_) => Refused::Full,
            TrySendError::Closed(_) => Refused::Closed,
        })
    }

    /// Waits, but no longer than `longest`.
    pub async fn ring_within(&self, floor: u32, longest: Duration) -> Result<(), Refused> {
        let sent = self.sender.send_timeout(floor, longest).await;
        sent.map_err(|error| match error {
            SendTimeoutError::Timeout(_) => Refused::Full,
            SendTimeoutError::Closed(_) => Refused::Closed,
        })
    }
}
// ANCHOR_END: full

// ANCHOR: gone
impl BellsHandle {
    /// Waits until the ringer has ended.
    pub async fn gone(&self) {
        self.sender.closed().await;
    }
}
// ANCHOR_END: gone

// ANCHOR: visitors
/// A visitor comes every ten seconds. How many of five believe that they have rung.
pub async fn visitors(bells: BellsHandle) -> usize {
    let mut believe = 0;
    for floor in 1..=5 {
        if bells.ring(floor).await.is_err() {
            break; // the others are told at the door
        }
        believe += 1;
        tokio::time::sleep(Duration::from_secs(10)).await;
    }
    believe
}
// ANCHOR_END: visitors

#[cfg(test)]
mod tests {
    use super::*;
    use harness::{alive_tasks, at_time, check, settle, within};
    use std::{sync::mpsc as threads, thread};
    use tokio::{
        runtime::Builder,
        sync::oneshot::{self, error::TryRecvError},
        task::JoinSet,
        time::Instant,
    };

    const SECOND: Duration = Duration::from_secs(1);

    /// Page: "A tell": the error comes at the first ring after the end, and the visitors stop.
    #[test]
    fn a_tell_that_looks_is_told_that_the_ringer_has_ended() {
        check(|| async {
            let bell = Bell::torn_after(2);
            let bells = BellsHandle::new(8, bell.clone());
            // The third one was accepted, and rang at nobody's.
            assert_eq!(visitors(bells).await, 3);
            assert_eq!(bell.rung(), [1, 2]);
        });
    }

    /// Page: "What Ok says": it comes before the bell rings.
    #[test]
    fn a_tell_returns_before_its_work_is_done() {
        check(|| async {
            let bell = Bell::default();
            let bells = BellsHandle::new(8, bell.clone());
            let start = Instant::now();
            for floor in 1..=3 {
                assert_eq!(bells.ring(floor).await, Ok(()));
            }
            assert_eq!((start.elapsed(), bell.rung().len()), (Duration::ZERO, 0));
            tokio::time::sleep(4 * SECOND).await;
            assert_eq!(bell.rung(), [1, 2, 3]);
        });
    }

    /// Page: "What Ok says": two that were accepted behind the one that tears the wire.
    #[test]
    fn what_was_accepted_is_lost_when_the_actor_ends_early() {
        check(|| async {
            let bell = Bell::torn_after(0);
            let bells = BellsHandle::new(8, bell.clone());
            for floor in 1..=3 {
                assert_eq!(bells.ring(floor).await, Ok(()));
            }
            within("the end of the ringer", bells.gone()).await;
            assert_eq!(bell.rung(), []);
            assert_eq!(bells.ring(4).await, Err(Closed));
        });
    }

    /// Page: "What Ok says": a send has two halves, and the actor may go between them.
    #[test]
    fn a_send_may_be_ok_though_the_receiver_is_gone() {
        check(|| async {
            let (sender, mailbox) = mpsc::channel(1);
            let permit = sender.reserve().await.unwrap();
            drop(mailbox);
            let (inside, mut outside) = oneshot::channel::<()>();
            permit.send(inside);
            // It is still in the channel, and stays there until the last Sender goes.
            assert_eq!(outside.try_recv(), Err(TryRecvError::Empty));
            drop(sender);
            assert_eq!(outside.try_recv(), Err(TryRecvError::Closed));
        });
    }

    /// Page: "What Ok says": with its runtime the actor ends where it stands.
    #[test]
    fn what_was_accepted_is_lost_when_main_returns() {
        let bell = Bell::default();
        let runtime = Builder::new_multi_thread()
            .worker_threads(4)
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let bells = BellsHandle::new(8, bell.clone());
            for floor in 1..=3 {
                assert_eq!(bells.ring(floor).await, Ok(()));
            }
        });
        drop(runtime);
        assert!(bell.rung().is_empty());
    }

    /// Page: "What Ok says": what one task tells is handled in its order, on many threads, too.
    #[test]
    fn the_tells_of_one_task_keep_their_order_on_many_threads() {
        let runtime = Builder::new_multi_thread()
            .worker_threads(4)
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let (sender, mut mailbox) = mpsc::channel(8);
            let mut tellers = JoinSet::new();
            for teller in 0..4_usize {
                let sender = sender.clone();
                tellers.spawn(async move {
                    for number in 0..500_u32 {
                        sender.send((teller, number)).await.unwrap();
                    }
                });
            }
            drop(sender);
            let mut next = [0; 4];
            while let Some((teller, number)) = mailbox.recv().await {
                assert_eq!(number, next[teller]);
                next[teller] += 1;
            }
            assert_eq!(next, [500; 4]);
        });
    }

    /// Page: "When the mailbox is full": who waits, who is refused, who gives up.
    #[test]
    fn a_full_mailbox_has_three_answers() {
        check(|| async {
            let bell = Bell::default();
            let bells = BellsHandle::new(2, bell.clone());
            for floor in 1..=3 {
                assert_eq!(bells.ring(floor).await, Ok(()));
                settle().await; // one rings, two wait
            }
            let start = Instant::now();
            assert_eq!(bells.try_ring(4), Err(Refused::Full));
            let given_up = bells.ring_within(5, SECOND / 2).await;
            assert_eq!(
                (given_up, start.elapsed()),
                (Err(Refused::Full), SECOND / 2)
            );
            assert_eq!(bells.ring(6).await, Ok(()));
            assert_eq!(start.elapsed(), SECOND);
            bells.ring_within(7, 5 * SECOND).await.unwrap();
            drop(bells);
            tokio::time::sleep(9 * SECOND).await;
            assert_eq!(bell.rung(), [1, 2, 3, 6, 7]);
        });
    }

    /// Page: "When the mailbox is full": a slot that is free, or becomes free, goes to the one who waits longest.
    #[test]
    fn a_caller_that_tries_overtakes_nobody_who_waits() {
        check(|| async {
            let (sender, mut mailbox) = mpsc::channel(1);
            sender.send(1).await.unwrap();
            let waiting = tokio::spawn({
                let sender = sender.clone();
                async move { sender.send(2).await }
            });
            settle().await;
            assert_eq!(mailbox.recv().await, Some(1));
            assert!(matches!(sender.try_send(3), Err(TrySendError::Full(3))));
            waiting.await.unwrap().unwrap();
            assert_eq!(mailbox.recv().await, Some(2));
        });
    }

    /// Page: "When the mailbox is full": who waits when the actor ends is told.
    #[test]
    fn a_teller_that_waits_is_told_of_the_end() {
        check(|| async {
            let bell = Bell::torn_after(1);
            let bells = BellsHandle::new(1, bell);
            bells.ring(1).await.unwrap();
            settle().await;
            bells.ring(2).await.unwrap();
            let start = Instant::now();
            // A slot is free after a second, and the wire tears in the next one.
            assert_eq!(bells.ring(3).await, Ok(()));
            assert_eq!(bells.ring(4).await, Err(Closed));
            assert_eq!(at_time(start.elapsed()), "2 s");
        });
    }

    /// Page: "Hear of the end": `closed` returns without a send, for all who wait, and at once when it is too late.
    #[test]
    fn the_end_is_heard_without_a_send() {
        check(|| async {
            let bells = BellsHandle::new(8, Bell::torn_after(0));
            let other = bells.clone();
            let waits = tokio::spawn(async move { other.gone().await });
            settle().await;
            assert!(!waits.is_finished());
            bells.ring(1).await.unwrap();
            within("the end", bells.gone()).await;
            within("the end, for the other one", waits).await.unwrap();
            within("the end, once more", bells.gone()).await;
            assert_eq!(alive_tasks().await, 0);
        });
    }

    /// Page: "Hear of the end": a caller that waits has a handle, and a handle keeps the actor alive.
    #[test]
    fn a_caller_that_waits_for_the_end_puts_it_off() {
        check(|| async {
            let bells = BellsHandle::new(8, Bell::default());
            let waits = tokio::spawn(async move { bells.gone().await });
            tokio::time::sleep(SECOND * 3600).await;
            assert!(!waits.is_finished());
            assert_eq!(alive_tasks().await, 2);
            waits.abort();
        });
    }

    /// Page: "Hear of the end": fields are dropped in their order, so `closed` may return before the last ones are gone.
    #[test]
    fn a_mailbox_that_comes_first_closes_before_the_other_fields_are_dropped() {
        struct Screen(threads::Sender<bool>, mpsc::Sender<u32>);
        impl Drop for Screen {
            fn drop(&mut self) {
                self.0.send(self.1.is_closed()).unwrap();
            }
        }
        #[allow(dead_code)] // they are there to be dropped
        struct First(mpsc::Receiver<u32>, Screen);
        #[allow(dead_code)]
        struct Last(Screen, mpsc::Receiver<u32>);

        let (seen, closed) = threads::channel();
        let (sender, mailbox) = mpsc::channel(1);
        drop(First(mailbox, Screen(seen.clone(), sender)));
        let (sender, mailbox) = mpsc::channel(1);
        drop(Last(Screen(seen, sender), mailbox));
        assert_eq!(closed.iter().collect::<Vec<_>>(), [true, false]);
    }

    /// Page: "End it": on many threads `abort` returns while the task may still run, up to its next `.await`.
    #[test]
    fn an_aborted_task_runs_on_to_its_next_await() {
        let runtime = Builder::new_multi_thread()
            .worker_threads(2)
            .build()
            .unwrap();
        let (began, begun) = threads::channel();
        let (go_on, goes_on) = threads::channel::<()>();
        let (did, done) = threads::channel();
        let task = runtime.spawn(async move {
            began.send(()).unwrap();
            goes_on.recv().unwrap(); // work that awaits nothing
            did.send("the rest of the work").unwrap();
            std::future::pending::<()>().await;
        });
        begun.recv().unwrap();
        task.abort();
        assert!(!task.is_finished());
        go_on.send(()).unwrap();
        assert_eq!(done.recv(), Ok("the rest of the work"));
        assert!(runtime.block_on(task).unwrap_err().is_cancelled());
        // The task is dropped, and its sender with it.
        thread::yield_now();
        assert!(done.recv().is_err());
    }
}
