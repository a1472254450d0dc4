//! A sign of life every thirty seconds.

use std::{io, time::Duration};
use tokio::{
    io::{AsyncWrite, AsyncWriteExt},
    select,
    sync::mpsc,
    time::{Instant, MissedTickBehavior, interval_at},
};

const PERIOD: Duration = Duration::from_secs(30);

// ANCHOR: heartbeat
/// Writes orders, and a PING in each half minute in which there was time for one.
///
/// # Errors
/// A write fails.
pub async fn heartbeat(
    mut stream: impl AsyncWrite + Unpin,
    mut mailbox: mpsc::Receiver<String>,
) -> io::Result<()> {
    let mut ping = interval_at(Instant::now() + PERIOD, PERIOD);
    ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let line = select! {
            order = mailbox.recv() => match order {
                Some(order) => order,
                None => return stream.shutdown().await,
            },
            _ = ping.tick() => "PING\n".to_owned(),
        };
        // Outside of the `select!`: nothing cuts it short.
        stream.write_all(line.as_bytes()).await?;
    }
}
// ANCHOR_END: heartbeat

#[cfg(test)]
mod tests {
    use super::*;
    use harness::{check, within};
    use tokio::{
        io::{AsyncReadExt, duplex},
        time::{interval, sleep},
    };

    #[test]
    fn a_ping_comes_every_thirty_seconds_and_the_first_one_after_thirty() {
        check(|| async {
            let (stream, mut peer) = duplex(64);
            let (sender, mailbox) = mpsc::channel(4);
            let writes = tokio::spawn(heartbeat(stream, mailbox));
            sleep(Duration::from_secs(95)).await;
            drop(sender);
            writes.await.unwrap().unwrap();
            let mut all = String::new();
            peer.read_to_string(&mut all).await.unwrap();
            assert_eq!(all, "PING\nPING\nPING\n");
        });
    }

    #[test]
    fn pings_that_were_missed_are_not_made_up_for() {
        check(|| async {
            let (stream, mut peer) = duplex(16);
            let (sender, mailbox) = mpsc::channel(4);
            let writes = tokio::spawn(heartbeat(stream, mailbox));
            sender
                .send("a line that does not fit\n".to_owned())
                .await
                .unwrap();
            sleep(Duration::from_secs(1000)).await;
            let mut line = [0; 25];
            within("the line", peer.read_exact(&mut line))
                .await
                .unwrap();
            // 33 ticks were missed: one comes at once.
            sleep(Duration::from_secs(29)).await;
            drop(sender);
            writes.await.unwrap().unwrap();
            let mut all = String::new();
            peer.read_to_string(&mut all).await.unwrap();
            assert_eq!(all, "PING\n");
        });
    }

    #[test]
    fn an_interval_ticks_at_once_and_makes_up_for_what_it_missed() {
        check(|| async {
            let mut ping = interval(PERIOD);
            let began = Instant::now();
            ping.tick().await;
            assert_eq!(began.elapsed(), Duration::ZERO);
            sleep(Duration::from_secs(1000)).await;
            let now = Instant::now();
            let mut at_once = 0;
            while now.elapsed() == Duration::ZERO {
                ping.tick().await;
                at_once += 1;
            }
            // 33 of them, and the first one that had to be waited for.
            assert_eq!(at_once, 34);
        });
    }
}
