//! The same five values through each kind of channel, sent in one moment.

use super::Bid;
use tokio::sync::{broadcast, mpsc, oneshot, watch};

/// What a reader that does not keep up in time got.
pub type Got = Vec<Result<Bid, String>>;

// ANCHOR: mpsc
pub async fn by_mpsc() -> Got {
    async fn reader(mut receiver: mpsc::Receiver<Bid>) -> Got {
        let mut got = Vec::new();
        while let Some(value) = receiver.recv().await {
            got.push(Ok(value));
        }
        got
    }
    let (sender, receiver) = mpsc::channel(2);
    let reader = tokio::spawn(reader(receiver));
    for value in 1..=5 {
        let _ = sender.send(Bid(value)).await;
    }
    drop(sender);
    reader.await.unwrap_or_default()
}
// ANCHOR_END: mpsc

// ANCHOR: oneshot
pub async fn by_oneshot() -> Got {
    async fn reader(receiver: oneshot::Receiver<Bid>) -> Got {
        let value = receiver.await;
        vec![value.map_err(|error| error.to_string())]
    }
    let (sender, receiver) = oneshot::channel();
    let reader = tokio::spawn(reader(receiver));
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
pub async fn by_watch() -> Got {
    async fn reader(mut receiver: watch::Receiver<Bid>) -> Got {
        let mut got = Vec::new();
        while receiver.changed().await.is_ok() {
            got.push(Ok(*receiver.borrow_and_update()));
        }
        got
    }
    let (sender, receiver) = watch::channel(Bid(0));
    let reader = tokio::spawn(reader(receiver));
    for value in 1..=5 {
        let _ = sender.send(Bid(value));
    }
    drop(sender);
    reader.await.unwrap_or_default()
}
// ANCHOR_END: watch

// ANCHOR: broadcast
pub async fn by_broadcast() -> Got {
    async fn reader(mut receiver: broadcast::Receiver<Bid>) -> Got {
        let mut got = Vec::new();
        loop {
            match receiver.recv().await {
                Ok(value) => got.push(Ok(value)),
                Err(broadcast::error::RecvError::Closed) => return got,
                Err(lagged) => got.push(Err(lagged.to_string())),
            }
        }
    }
    let (sender, receiver) = broadcast::channel(4);
    let reader = tokio::spawn(reader(receiver));
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
