//! A forwarder of bids: one that ends when it is too slow, and one that goes on.

use super::Bid;
use tokio::sync::{
    broadcast::{self, error::RecvError},
    mpsc,
};

/// What a bidder reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line {
    Bid(Bid),
    Missed(u64),
}

// ANCHOR: ends
/// Forwards each bid to one bidder, who may be slow.
pub async fn forward_until_it_lags(mut bids: broadcast::Receiver<Bid>, to: mpsc::Sender<Line>) {
    while let Ok(bid) = bids.recv().await {
        if to.send(Line::Bid(bid)).await.is_err() {
            break;
        }
    }
}
// ANCHOR_END: ends

// ANCHOR: goes_on
pub async fn forward(mut bids: broadcast::Receiver<Bid>, to: mpsc::Sender<Line>) {
    loop {
        let line = match bids.recv().await {
            Ok(bid) => Line::Bid(bid),
            Err(RecvError::Lagged(missed)) => Line::Missed(missed),
            Err(RecvError::Closed) => break,
        };
        if to.send(line).await.is_err() {
            break;
        }
    }
}
// ANCHOR_END: goes_on

/// Seven bids in one moment, in a channel that holds four, and one more later.
pub async fn rush<F: Future<Output = ()> + Send + 'static>(
    forward: impl FnOnce(broadcast::Receiver<Bid>, mpsc::Sender<Line>) -> F,
) -> Vec<Line> {
    let (bids, receiver) = broadcast::channel(4);
    let (to, mut bidder) = mpsc::channel(8);
    tokio::spawn(forward(receiver, to));
    for bid in 1..=7 {
        let _ = bids.send(Bid(bid));
    }
    let mut lines = Vec::new();
    while lines.len() < 5
        && let Some(line) = bidder.recv().await
    {
        lines.push(line);
    }
    let _ = bids.send(Bid(8));
    drop(bids);
    while let Some(line) = bidder.recv().await {
        lines.push(line);
    }
    lines
}

/// As the page records it.
pub async fn rush_ends() {
    rush(forward_until_it_lags).await;
}

/// As the page records it.
pub async fn rush_goes_on() {
    rush(forward).await;
}

#[cfg(test)]
mod tests {
    use super::*;
    use harness::check;

    /// Page: "The trouble first": nothing arrives any more, and nothing says why.
    #[test]
    fn a_forwarder_ends_because_it_lagged() {
        check(|| async {
            assert_eq!(rush(forward_until_it_lags).await, []);
        });
    }

    /// Page: "Broadcast": the three oldest are missed, the four newest come, and it goes on.
    #[test]
    fn a_forwarder_says_what_it_missed_and_goes_on() {
        check(|| async {
            let mut expected = vec![Line::Missed(3)];
            expected.extend((4..=8).map(|bid| Line::Bid(Bid(bid))));
            assert_eq!(rush(forward).await, expected);
        });
    }
}
