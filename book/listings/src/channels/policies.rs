//! The same five values through each kind of channel, sent in one moment.

use super::Bid;
use tokio::sync::{broadcast, mpsc, oneshot, watch};

/// What a reader that does not keep up in time got.
pub type Got = Vec<Result<Bid, String>>;

// ANCHOR: mpsc
async fn mpsc_reader(mut receiver: mpsc::Receiver<Bid>) -> Got {
    let mut got = Vec::new();
    while let Some(value) = receiver.recv().await {
        got.push(Ok(value));
    }
    got
}

pub async fn by_mpsc() -> Got {
    let (sender, receiver) = mpsc::channel(2);
    let reader = tokio::spawn(mpsc_reader(receiver));
    for value in 1..=5 {
        let _ = sender.send(Bid(value)).await;
    }
    drop(sender);
    reader.await.unwrap_or_default()
}
// ANCHOR_END: mpsc

// ANCHOR: oneshot
async fn oneshot_reader(receiver: oneshot::Receiver<Bid>) -> Got {
    let value = receiver.await;
    vec![value.map_err(|error| error.to_string())]
}

pub async fn by_oneshot() -> Got {
    let (sender, receiver) = oneshot::channel();
    let reader = tokio::spawn(oneshot_reader(receiver));
    let mut sender = Some(sender);
    for value in 1..=5 {
        if let Some(sender) = sender.take() {
            let _ = sender.send(Bid(value));
        }
    }
    reader.await.unwrap_or_default()
}
// ANCHOR_END: oneshot

// ANCHOR: watch
async fn watch_reader(mut receiver: watch::Receiver<Bid>) -> Got {
    let mut got = Vec::new();
    while receiver.changed().await.is_ok() {
        got.push(Ok(*receiver.borrow_and_update()));
    }
    got
}

pub async fn by_watch() -> Got {
    let (sender, receiver) = watch::channel(Bid(0));
    let reader = tokio::spawn(watch_reader(receiver));
    for value in 1..=5 {
        let _ = sender.send(Bid(value));
    }
    drop(sender);
    reader.await.unwrap_or_default()
}
// ANCHOR_END: watch

// ANCHOR: broadcast
async fn broadcast_reader(mut receiver: broadcast::Receiver<Bid>) -> Got {
    let mut got = Vec::new();
    loop {
        match receiver.recv().await {
            Ok(value) => got.push(Ok(value)),
            Err(broadcast::error::RecvError::Closed) => return got,
            Err(lagged) => got.push(Err(lagged.to_string())),
        }
    }
}

pub async fn by_broadcast() -> Got {
    let (sender, receiver) = broadcast::channel(4);
    let reader = tokio::spawn(broadcast_reader(receiver));
    for value in 1..=5 {
        let _ = sender.send(Bid(value));
    }
    drop(sender);
    reader.await.unwrap_or_default()
}
// ANCHOR_END: broadcast

#[cfg(test)]
mod tests {
    use super::*;
    use harness::check;

    /// Page: "Four policies".
    #[test]
    fn five_values_through_each() {
        check(|| async {
            let all: Got = (1..=5).map(|value| Ok(Bid(value))).collect();
            assert_eq!(by_mpsc().await, all);
            assert_eq!(by_oneshot().await, [Ok(Bid(1))]);
            assert_eq!(by_watch().await, [Ok(Bid(5))]);
            let lagged = Err("channel lagged by 1".to_owned());
            let mut four = all.clone();
            four[0] = lagged;
            assert_eq!(by_broadcast().await, four);
        });
    }
}
