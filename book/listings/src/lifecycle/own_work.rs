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
    use harness::{check, within};

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
}
