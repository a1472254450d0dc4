//! One task for both directions, which loses bytes.

use std::io;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, DuplexStream, duplex},
    select,
    sync::mpsc,
};

// ANCHOR: run
async fn ticker(
    stream: DuplexStream,
    mut orders: mpsc::Receiver<String>,
    prices: mpsc::Sender<String>,
) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    loop {
        let mut line = String::new();
        select! {
            read = stream.read_line(&mut line) => {
                if read? == 0 {
                    return Ok(());
                }
                let _ = prices.send(line.trim_end().to_owned()).await;
            }
            Some(order) = orders.recv() => {
                stream.write_all(order.as_bytes()).await?;
            }
        }
    }
}
// ANCHOR_END: run

// ANCHOR: cut
/// The exchange's line comes in two pieces, and an order goes out between them.
pub async fn cut() -> Option<String> {
    let (stream, mut exchange) = duplex(64);
    let (sender, orders) = mpsc::channel(8);
    let (prices_sender, mut prices) = mpsc::channel(8);
    tokio::spawn(ticker(stream, orders, prices_sender));

    exchange.write_all(b"gold 1").await.ok()?;
    tokio::task::yield_now().await;
    sender.send("buy 3 tin\n".to_owned()).await.ok()?;
    tokio::task::yield_now().await;
    exchange.write_all(b"01\n").await.ok()?;
    prices.recv().await
}
// ANCHOR_END: cut

#[cfg(test)]
mod tests {
    use super::*;
    use harness::check;

    #[test]
    fn half_of_the_line_is_lost() {
        check(|| async {
            assert_eq!(cut().await.as_deref(), Some("01"));
        });
    }
}
