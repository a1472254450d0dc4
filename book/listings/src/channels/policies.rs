//! The same five values through each kind of channel, sent in one moment.

use tokio::sync::{broadcast, mpsc, oneshot, watch};

/// What a reader that does not keep up in time got.
pub type Got = Vec<Result<u32, String>>;

// ANCHOR: mpsc
pub async fn by_mpsc() -> Got {
    let (sender, mut receiver) = mpsc::channel(2);
    let reader = tokio::spawn(async move {
        let mut got = Vec::new();
        while let Some(value) = receiver.recv().await {
            got.push(Ok(value));
        }
        got
    });
    for value in 1..=5 {
        let _ = sender.send(value).await;
    }
    drop(sender);
    reader.await.unwrap_or_default()
}
// ANCHOR_END: mpsc

// ANCHOR: oneshot
pub async fn by_oneshot() -> Got {
    let (sender, receiver) = oneshot::channel();
    let reader = tokio::spawn(async move {
        let value = receiver.await;
        vec![value.map_err(|error| error.to_string())]
    });
    let mut sender = Some(sender);
    for value in 1..=5 {
        if let Some(sender) = sender.take() {
            let _ = sender.send(value);
        }
    }
    reader.await.unwrap_or_default()
}
// ANCHOR_END: oneshot

// ANCHOR: watch
pub async fn by_watch() -> Got {
    let (sender, mut receiver) = watch::channel(0);
    let reader = tokio::spawn(async move {
        let mut got = Vec::new();
        while receiver.changed().await.is_ok() {
            got.push(Ok(*receiver.borrow_and_update()));
        }
        got
    });
    for value in 1..=5 {
        let _ = sender.send(value);
    }
    drop(sender);
    reader.await.unwrap_or_default()
}
// ANCHOR_END: watch

// ANCHOR: broadcast
pub async fn by_broadcast() -> Got {
    let (sender, mut receiver) = broadcast::channel(4);
    let reader = tokio::spawn(async move {
        let mut got = Vec::new();
        loop {
            match receiver.recv().await {
                Ok(value) => got.push(Ok(value)),
                Err(broadcast::error::RecvError::Closed) => return got,
                Err(lagged) => got.push(Err(lagged.to_string())),
            }
        }
    });
    for value in 1..=5 {
        let _ = sender.send(value);
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
            let all: Got = (1..=5).map(Ok).collect();
            assert_eq!(by_mpsc().await, all);
            assert_eq!(by_oneshot().await, [Ok(1)]);
            assert_eq!(by_watch().await, [Ok(5)]);
            let lagged = Err("channel lagged by 1".to_owned());
            assert_eq!(by_broadcast().await, [lagged, Ok(2), Ok(3), Ok(4), Ok(5)]);
        });
    }
}
