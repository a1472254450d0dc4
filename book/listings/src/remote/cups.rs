//! A time-out, taken for "it did not happen".

use std::{io, time::Duration};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, DuplexStream, duplex, split},
    sync::{mpsc, oneshot},
    time::{sleep, timeout},
};

const BREWING: Duration = Duration::from_secs(3);
const PATIENCE: Duration = Duration::from_secs(2);

#[derive(Debug)]
struct Brew {
    reply: oneshot::Sender<u32>,
}

async fn machine(mut mailbox: mpsc::Receiver<Brew>) -> u32 {
    let mut cups = 0;
    while let Some(Brew { reply }) = mailbox.recv().await {
        sleep(BREWING).await;
        cups += 1;
        let _ = reply.send(cups);
    }
    cups
}

async fn serve(machine: mpsc::Sender<Brew>, stream: DuplexStream) -> io::Result<()> {
    let (reader, mut writer) = split(stream);
    let mut orders = BufReader::new(reader).lines();
    while orders.next_line().await?.is_some() {
        let (reply, answer) = oneshot::channel();
        let _ = machine.send(Brew { reply }).await;
        let cup = answer.await.map_err(io::Error::other)?;
        writer.write_all(format!("{cup}\n").as_bytes()).await?;
    }
    Ok(())
}

// ANCHOR: till
/// Up to three attempts, each over a connection of its own.
async fn order(machine: &mpsc::Sender<Brew>) -> Option<String> {
    for _ in 0..3 {
        let (mut here, there) = duplex(64);
        tokio::spawn(serve(machine.clone(), there));
        let attempt = async {
            here.write_all(b"a cup\n").await?;
            BufReader::new(here).lines().next_line().await
        };
        // No cup within two seconds: try again.
        if let Ok(Ok(cup)) = timeout(PATIENCE, attempt).await {
            return cup;
        }
    }
    None
}
// ANCHOR_END: till

/// What the guest hears, and how many cups there are in the end.
pub async fn three() -> (Option<String>, Option<u32>) {
    let (sender, mailbox) = mpsc::channel(8);
    let running = tokio::spawn(machine(mailbox));
    let cup = order(&sender).await;
    drop(sender);
    (cup, running.await.ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use harness::check;

    /// Page: "The trouble first".
    #[test]
    fn three_cups_are_brewed_and_nobody_gets_one() {
        check(|| async {
            assert_eq!(three().await, (None, Some(3)));
        });
    }
}
