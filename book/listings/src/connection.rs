//! Chapter 11: an exchange is asked for prices, over one connection.

#[cfg(test)]
mod facts;
pub mod heartbeat;
pub mod lines;
pub mod loses;

use std::{
    collections::HashMap,
    io,
    sync::{Mutex, PoisonError},
};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader, split},
    select,
    sync::{mpsc, oneshot},
    try_join,
};

// ANCHOR: message
#[derive(Debug)]
struct Ask {
    item: String,
    reply: oneshot::Sender<u32>,
}
// ANCHOR_END: message

// ANCHOR: pending
#[derive(Default)]
struct Exchange {
    /// Which caller waits for which answer. Never locked across an `.await`.
    pending: Mutex<HashMap<u32, oneshot::Sender<u32>>>,
}
// ANCHOR_END: pending

// ANCHOR: run
impl Exchange {
    async fn run<S: AsyncRead + AsyncWrite>(self, stream: S, mailbox: mpsc::Receiver<Ask>) {
        let (reader, writer) = split(stream);
        // An error of one drops the other. Then `self` is dropped, and with it all that is pending.
        let _ = try_join!(self.read(reader), self.write(writer, mailbox));
    }
}
// ANCHOR_END: run

// ANCHOR: write
impl Exchange {
    async fn write(
        &self,
        mut stream: impl AsyncWrite + Unpin,
        mut mailbox: mpsc::Receiver<Ask>,
    ) -> io::Result<()> {
        let mut id = 0;
        while let Some(Ask { item, reply }) = mailbox.recv().await {
            id += 1;
            self.remember(id, reply);
            stream
                .write_all(format!("{id} {item}\n").as_bytes())
                .await?;
        }
        stream.shutdown().await
    }
}
// ANCHOR_END: write

// ANCHOR: read
impl Exchange {
    async fn read(&self, stream: impl AsyncRead + Unpin) -> io::Result<()> {
        let mut lines = BufReader::new(stream).lines();
        while let Some(line) = lines.next_line().await? {
            if let Some((id, price)) = answer(&line)
                && let Some(reply) = self.take(id)
            {
                let _ = reply.send(price);
            }
        }
        // No answer can come any more: that is a failure, as long as somebody may ask.
        Err(io::ErrorKind::UnexpectedEof.into())
    }
}
// ANCHOR_END: read

/// "7 101": the answer to question 7 is 101.
fn answer(line: &str) -> Option<(u32, u32)> {
    let (id, price) = line.split_once(' ')?;
    Some((id.parse().ok()?, price.parse().ok()?))
}

// ANCHOR: remember
impl Exchange {
    fn remember(&self, id: u32, reply: oneshot::Sender<u32>) {
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        // Callers that have given up: their answers may never come.
        pending.retain(|_, reply| !reply.is_closed());
        pending.insert(id, reply);
    }

    fn take(&self, id: u32) -> Option<oneshot::Sender<u32>> {
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        pending.remove(&id)
    }
}
// ANCHOR_END: remember

/// The connection has failed, or is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gone;

// ANCHOR: handle
#[derive(Clone)]
pub struct ExchangeHandle {
    sender: mpsc::Sender<Ask>,
}

impl ExchangeHandle {
    pub fn new<S: AsyncRead + AsyncWrite + Send + 'static>(stream: S) -> Self {
        let (sender, mailbox) = mpsc::channel(8);
        tokio::spawn(Exchange::default().run(stream, mailbox));
        Self { sender }
    }

    pub async fn price(&self, item: &str) -> Result<u32, Gone> {
        let (reply, mut answer) = oneshot::channel();
        let item = item.to_owned();
        let ask = Ask { item, reply };
        self.sender.send(ask).await.map_err(|_| Gone)?;
        select! {
            biased;
            price = &mut answer => price.map_err(|_| Gone),
            // It may have died with this question still in its mailbox, or have answered between the two looks.
            () = self.sender.closed() => answer.try_recv().map_err(|_| Gone),
        }
    }
}
// ANCHOR_END: handle

#[cfg(test)]
mod tests {
    use super::*;
    use harness::{alive_tasks, check, settle, within};
    use std::time::Duration;
    use tokio::{
        io::{AsyncReadExt, DuplexStream, duplex},
        time::timeout,
    };

    async fn hears(peer: &mut DuplexStream, expected: &str) {
        let mut bytes = vec![0; expected.len()];
        within("a question", peer.read_exact(&mut bytes))
            .await
            .unwrap();
        assert_eq!(String::from_utf8(bytes).unwrap(), expected);
    }

    #[test]
    fn answers_find_their_questions_in_any_order() {
        check(|| async {
            let (stream, mut peer) = duplex(64);
            let exchange = ExchangeHandle::new(stream);
            let other = exchange.clone();
            let gold = tokio::spawn(async move { other.price("gold").await });
            settle().await;
            let tin = tokio::spawn(async move { exchange.price("tin").await });
            hears(&mut peer, "1 gold\n2 tin\n").await;
            peer.write_all(b"2 20\nnonsense\n9 9\n1 10\n")
                .await
                .unwrap();
            assert_eq!(gold.await.unwrap(), Ok(10));
            assert_eq!(tin.await.unwrap(), Ok(20));
        });
    }

    #[test]
    fn when_the_connection_ends_everybody_hears_of_it() {
        check(|| async {
            let (stream, mut peer) = duplex(64);
            let exchange = ExchangeHandle::new(stream);
            let asks: Vec<_> = (0..20)
                .map(|number| {
                    let exchange = exchange.clone();
                    tokio::spawn(async move { exchange.price(&number.to_string()).await })
                })
                .collect();
            settle().await;
            hears(&mut peer, "1 0\n").await;
            drop(peer);
            for ask in asks {
                assert_eq!(within("the end", ask).await.unwrap(), Err(Gone));
            }
            assert_eq!(exchange.price("late").await, Err(Gone));
            assert_eq!(alive_tasks().await, 0);
        });
    }

    #[test]
    fn what_was_given_up_is_forgotten() {
        check(|| async {
            let exchange = Exchange::default();
            let replies: Vec<_> = (0..100)
                .map(|id| {
                    let (reply, answer) = oneshot::channel();
                    exchange.remember(id, reply);
                    answer
                })
                .collect();
            assert_eq!(exchange.pending.lock().unwrap().len(), 100);
            drop(replies);
            let (reply, _answer) = oneshot::channel();
            exchange.remember(100, reply);
            assert_eq!(exchange.pending.lock().unwrap().len(), 1);
        });
    }

    #[test]
    fn a_peer_that_does_not_read_is_still_heard() {
        check(|| async {
            let (stream, mut peer) = duplex(8);
            let exchange = ExchangeHandle::new(stream);
            let other = exchange.clone();
            let first = tokio::spawn(async move { other.price("tin").await });
            hears(&mut peer, "1 tin\n").await;
            let stuck = exchange.price("a long name that does not fit");
            assert!(timeout(Duration::from_secs(9), stuck).await.is_err());
            peer.write_all(b"1 5\n").await.unwrap();
            assert_eq!(within("the answer", first).await.unwrap(), Ok(5));
        });
    }
}
