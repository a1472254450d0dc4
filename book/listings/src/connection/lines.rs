//! Bytes become lines, and lines become bytes.

use std::io;
use tokio::io::{
    AsyncBufRead, AsyncBufReadExt, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufWriter,
};
use tokio::sync::mpsc;

const LIMIT: u64 = 512;

// ANCHOR: limited
/// The bytes up to and with the next line feed; fewer, at the end of the stream.
///
/// # Errors
/// A read fails, or the line is too long.
pub async fn limited(stream: &mut (impl AsyncBufRead + Unpin)) -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    // It reads so many bytes and no more: then it is as if the stream had ended.
    let mut limited = stream.take(LIMIT);
    limited.read_until(b'\n', &mut line).await?;
    if line.len() as u64 == LIMIT && !line.ends_with(b"\n") {
        return Err(io::ErrorKind::InvalidData.into());
    }
    Ok(line)
}
// ANCHOR_END: limited

// ANCHOR: together
/// Writes what is in the mailbox; what waits there goes out together.
///
/// # Errors
/// A write fails.
pub async fn together(
    stream: impl AsyncWrite + Unpin,
    mut mailbox: mpsc::Receiver<String>,
) -> io::Result<()> {
    let mut stream = BufWriter::new(stream);
    while let Some(order) = mailbox.recv().await {
        stream.write_all(order.as_bytes()).await?;
        if mailbox.is_empty() {
            stream.flush().await?;
        }
    }
    stream.shutdown().await
}
// ANCHOR_END: together

#[cfg(test)]
mod tests {
    use super::*;
    use harness::check;
    use std::{
        pin::Pin,
        sync::{
            Arc,
            atomic::{AtomicUsize, Ordering::Relaxed},
        },
        task::{Context, Poll},
    };
    use tokio::io::BufReader;

    #[test]
    fn an_endless_line_costs_no_more_than_the_limit() {
        check(|| async {
            let mut endless = BufReader::new(tokio::io::repeat(b'x'));
            let error = limited(&mut endless).await.unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidData);

            let mut lines = BufReader::new(&b"one\ntwo"[..]);
            assert_eq!(limited(&mut lines).await.unwrap(), b"one\n");
            assert_eq!(limited(&mut lines).await.unwrap(), b"two");
            assert_eq!(limited(&mut lines).await.unwrap(), b"");
        });
    }

    /// Counts the writes that a system would see.
    #[derive(Clone, Default)]
    struct Counts(Arc<AtomicUsize>);

    impl AsyncWrite for Counts {
        fn poll_write(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
            bytes: &[u8],
        ) -> Poll<io::Result<usize>> {
            self.0.fetch_add(1, Relaxed);
            Poll::Ready(Ok(bytes.len()))
        }
        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    #[test]
    fn a_hundred_orders_that_wait_are_one_write() {
        check(|| async {
            let (sender, mailbox) = mpsc::channel(100);
            for _ in 0..100 {
                sender.send("buy 1 tin\n".to_owned()).await.unwrap();
            }
            drop(sender);
            let counts = Counts::default();
            together(counts.clone(), mailbox).await.unwrap();
            assert_eq!(counts.0.load(Relaxed), 1);
        });
    }

    #[test]
    fn one_order_goes_out_at_once() {
        check(|| async {
            let (sender, mailbox) = mpsc::channel(100);
            let counts = Counts::default();
            let writes = tokio::spawn(together(counts.clone(), mailbox));
            sender.send("buy 1 tin\n".to_owned()).await.unwrap();
            harness::settle().await;
            assert_eq!(counts.0.load(Relaxed), 1);
            drop(sender);
            writes.await.unwrap().unwrap();
        });
    }
}
