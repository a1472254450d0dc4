//! rejected: a_peer_waits_when_nobody_takes_its_lines
//! says: some kilobytes may wait before the receiver
//! thinks: "The larger the buffer, the fewer reads."

use std::io;
use tokio::{
    io::{
        AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader, BufWriter,
        ReadHalf, WriteHalf, split,
    },
    sync::mpsc::{self, error::TryRecvError},
};

/// How many bytes of a line may stand before its line feed.
pub const LONGEST: usize = 1024;

/// What comes from the peer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Incoming {
    /// A line, without its end.
    Line(String),
    /// The peer's line is longer than [`LONGEST`]. The connection has failed, and this is the last that comes.
    TooLong,
    /// The peer's line is no UTF-8. The connection has failed, and this is the last that comes.
    NotText,
}

/// The connection takes no more lines: it has failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closed;

/// Sends lines to the peer. All clones belong to the same connection.
#[derive(Clone)]
pub struct ConnectionHandle {
    lines: mpsc::Sender<String>,
}

/// What ends both directions.
struct Fault;

impl From<io::Error> for Fault {
    fn from(_: io::Error) -> Self {
        Self
    }
}

/// Starts the connection on a stream.
pub fn connect<S>(stream: S, capacity: usize) -> (ConnectionHandle, mpsc::Receiver<Incoming>)
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let (lines, outbox) = mpsc::channel(capacity);
    let (inbox, incoming) = mpsc::channel(capacity);
    tokio::spawn(async move {
        let (reader, writer) = split(stream);
        let _ = tokio::try_join!(read(reader, inbox), write(writer, outbox));
    });
    (ConnectionHandle { lines }, incoming)
}

async fn read<S: AsyncRead>(
    reader: ReadHalf<S>,
    inbox: mpsc::Sender<Incoming>,
) -> Result<(), Fault> {
    let mut reader = BufReader::with_capacity(1 << 20, reader);
    loop {
        let mut line = Vec::new();
        let mut limited = (&mut reader).take(LONGEST as u64 + 1);
        tokio::select! {
            () = inbox.closed() => return Ok(()),
            done = limited.read_until(b'\n', &mut line) => done?,
        };
        if line.is_empty() {
            return Ok(());
        }
        let ended = line.pop_if(|byte| *byte == b'\n').is_some();
        if ended {
            line.pop_if(|byte| *byte == b'\r');
        } else if line.len() > LONGEST {
            let _ = inbox.send(Incoming::TooLong).await;
            return Err(Fault);
        }
        let Ok(line) = String::from_utf8(line) else {
            let _ = inbox.send(Incoming::NotText).await;
            return Err(Fault);
        };
        if inbox.send(Incoming::Line(line)).await.is_err() || !ended {
            return Ok(());
        }
    }
}

async fn write<S: AsyncWrite>(
    writer: WriteHalf<S>,
    mut outbox: mpsc::Receiver<String>,
) -> Result<(), Fault> {
    let mut writer = BufWriter::new(writer);
    loop {
        let line = match outbox.try_recv() {
            Ok(line) => line,
            Err(TryRecvError::Disconnected) => break,
            Err(TryRecvError::Empty) => {
                writer.flush().await?;
                match outbox.recv().await {
                    Some(line) => line,
                    None => break,
                }
            }
        };
        writer.write_all(line.as_bytes()).await?;
        writer.write_all(b"\n").await?;
    }
    writer.shutdown().await?;
    Ok(())
}

impl ConnectionHandle {
    /// Sends a line, given without its end.
    pub async fn send(&self, line: String) -> Result<(), Closed> {
        self.lines.send(line).await.map_err(|_| Closed)
    }
}
