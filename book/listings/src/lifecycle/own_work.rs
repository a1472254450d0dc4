//! Work that a station does of its own accord, between messages.

use std::time::Duration;
use tokio::{
    sync::mpsc,
    time::{Interval, interval, sleep},
};

const SECOND: Duration = Duration::from_secs(1);

pub trait OwnWork {
    /// What is done again and again. A message that comes drops the call under way.
    fn on_run(&mut self) -> impl Future<Output = ()> + Send;
}

// ANCHOR: local
#[derive(Default)]
pub struct Sleeper {
    pub measured: u32,
}

impl OwnWork for Sleeper {
    async fn on_run(&mut self) {
        sleep(SECOND).await;
        self.measured += 1;
    }
}
// ANCHOR_END: local

// ANCHOR: interval
pub struct Ticker {
    every: Interval,
    pub measured: u32,
}

impl OwnWork for Ticker {
    async fn on_run(&mut self) {
        self.every.tick().await;
        self.measured += 1;
    }
}
// ANCHOR_END: interval

impl Ticker {
    pub fn new() -> Self {
        let mut every = interval(SECOND);
        // The first tick comes at once; the first measurement is to be after a second, as a sleep would have it.
        every.reset();
        Self { every, measured: 0 }
    }
}

// ANCHOR: run
/// Returns the station when the last sender is gone.
pub async fn run<S: OwnWork>(mut station: S, mut mailbox: mpsc::Receiver<String>) -> S {
    loop {
        tokio::select! {
            biased;
            message = mailbox.recv() => match message {
                Some(_question) => {}
                None => return station,
            },
            () = station.on_run() => {}
        }
    }
}
// ANCHOR_END: run

/// Somebody who asks twice a second.
pub async fn asks(times: usize, sender: mpsc::Sender<String>) {
    for number in 1..=times {
        if sender.send(format!("question {number}")).await.is_err() {
            return;
        }
        sleep(SECOND / 2).await;
    }
}

pub async fn sleeper(mailbox: mpsc::Receiver<String>) -> u32 {
    run(Sleeper::default(), mailbox).await.measured
}

pub async fn ticker(mailbox: mpsc::Receiver<String>) -> u32 {
    run(Ticker::new(), mailbox).await.measured
}

#[cfg(test)]
mod tests {
    use super::*;
    use harness::{check, wake_ups, within};
    use std::{
        future::pending,
        sync::{
            Arc,
            atomic::{AtomicU32, Ordering::Relaxed},
        },
    };
    use tokio::task::yield_now;

    /// How often it measures while 20 messages come in ten seconds.
    async fn measured(
        times: usize,
        station: impl AsyncFnOnce(mpsc::Receiver<String>) -> u32,
    ) -> u32 {
        let (sender, mailbox) = mpsc::channel(8);
        let asker = tokio::spawn(asks(times, sender));
        let measured = within("the end", station(mailbox)).await;
        within("the asker", asker).await.unwrap();
        measured
    }

    /// Page: "The trap of on_run".
    #[test]
    fn a_local_sleep_never_fires_under_traffic() {
        check(|| async {
            assert_eq!(measured(20, sleeper).await, 0);
            assert_eq!(measured(20, ticker).await, 10);
        });
    }

    /// Page: "The trap of on_run": without messages, both are alike.
    #[test]
    fn both_tick_when_nobody_asks() {
        check(|| async {
            for ticks in [false, true] {
                let (sender, mailbox) = mpsc::channel(1);
                let task = tokio::spawn(async move {
                    if ticks {
                        ticker(mailbox).await
                    } else {
                        sleeper(mailbox).await
                    }
                });
                sleep(10 * SECOND + SECOND / 2).await;
                drop(sender);
                assert_eq!(within("the end", task).await.unwrap(), 10);
            }
        });
    }

    /// Two sleeps of 0.3 seconds a call, and a message every half second.
    #[derive(Default)]
    struct Halves {
        begun: u32,
        done: u32,
    }

    impl OwnWork for Halves {
        async fn on_run(&mut self) {
            let mut halves = 0;
            for _ in 0..2 {
                sleep(Duration::from_millis(300)).await;
                halves += 1;
                self.begun += 1;
            }
            self.done += halves / 2;
        }
    }

    /// Page: "The trap of on_run": a message drops the call with its locals, and the actor's fields stay.
    #[test]
    fn locals_go_with_the_call_and_fields_stay() {
        check(|| async {
            let (sender, mailbox) = mpsc::channel(8);
            tokio::spawn(asks(20, sender));
            let station = within("the end", run(Halves::default(), mailbox)).await;
            assert_eq!((station.begun, station.done), (20, 0));
        });
    }

    /// Waits for nothing, a thousand times.
    struct Busy {
        calls: Arc<AtomicU32>,
        yields: bool,
    }

    impl OwnWork for Busy {
        async fn on_run(&mut self) {
            if self.calls.fetch_add(1, Relaxed) == 999 {
                pending().await
            }
            if self.yields {
                yield_now().await;
            }
        }
    }

    /// Page: "The trap of on_run": an `on_run` that waits for nothing keeps the thread, and nobody gets to send a message.
    #[test]
    fn work_that_waits_for_nothing_keeps_the_thread() {
        check(|| async {
            for (yields, expected) in [(false, 1000), (true, 1)] {
                let (_sender, mailbox) = mpsc::channel(1);
                let calls = Arc::new(AtomicU32::new(0));
                let busy = Busy {
                    calls: calls.clone(),
                    yields,
                };
                let task = tokio::spawn(run(busy, mailbox));
                yield_now().await;
                assert_eq!(calls.load(Relaxed), expected);
                task.abort();
            }
        });
    }

    struct Idle;

    impl OwnWork for Idle {
        async fn on_run(&mut self) {
            pending().await
        }
    }

    /// Page: "The trap of on_run": a default that sleeps for a second wakes every idle actor once a second, and `pending` never.
    #[test]
    fn a_default_that_sleeps_costs_and_pending_does_not() {
        check(|| async {
            let (_sender, mailbox) = mpsc::channel(1);
            let idle = tokio::spawn(run(Idle, mailbox));
            assert!(wake_ups().await < 30);
            idle.abort();
            let (_sender, mailbox) = mpsc::channel(1);
            tokio::spawn(run(Sleeper::default(), mailbox));
            assert!(wake_ups().await >= 60);
        });
    }
}
