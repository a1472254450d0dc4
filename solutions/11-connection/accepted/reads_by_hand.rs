//! accepted: the bytes are kept in a Vec and cut by hand: `read` is cancel safe, so it may stand in a `select!`. Nothing of `AsyncBufRead` is needed.

use std::io;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufWriter, split},
    select,
    sync::mpsc,
    try_join,
};

pub const LONGEST: usize = 1024;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Incoming {
    Line(String),
    TooLong,
    NotText,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closed;

#[derive(Clone)]
pub struct ConnectionHandle {
    /// The connection's task writes what comes out of the other end. When the last clone is dropped, it writes the rest and ends.
    sender: mpsc::Sender<String>,
}

pub fn connect<S>(stream: S, capacity: usize) -> (ConnectionHandle, mpsc::Receiver<Incoming>)
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let (sender, mailbox) = mpsc::channel(capacity);
    let (incoming, receiver) = mpsc::channel(capacity);
    tokio::spawn(async move {
        let (reader, writer) = split(stream);
        let _ = try_join!(read(reader, incoming), write(writer, mailbox));
    });
    (ConnectionHandle { sender }, receiver)
}

impl ConnectionHandle {
    pub async fn send(&self, line: String) -> Result<(), Closed> {
        self.sender.send(line).await.map_err(|_| Closed)
    }
}

async fn read(mut stream: impl AsyncRead + Unpin, lines: mpsc::Sender<Incoming>) -> io::Result<()> {
    let mut bytes: Vec<u8> = Vec::new();
    let mut is_open = true;
    while is_open {
        select! {
            count = stream.read_buf(&mut bytes) => is_open = count? > 0,
            () = lines.closed() => return Ok(()),
        }
        while let Some(at) = bytes.iter().position(|byte| *byte == b'\n') {
            let mut line: Vec<u8> = bytes.drain(..=at).collect();
            line.pop();
            if line.len() <= LONGEST {
                line.pop_if(|byte| *byte == b'\r');
            }
            tell(&lines, line).await?;
        }
        if bytes.len() > LONGEST || (!is_open && !bytes.is_empty()) {
            tell(&lines, std::mem::take(&mut bytes)).await?;
        }
    }
    Ok(())
}

async fn tell(lines: &mpsc::Sender<Incoming>, line: Vec<u8>) -> io::Result<()> {
    let refused = match String::from_utf8(line) {
        Ok(line) if line.len() <= LONGEST => {
            let _ = lines.send(Incoming::Line(line)).await;
            return Ok(());
        }
        Ok(_) => Incoming::TooLong,
        Err(error) if error.as_bytes().len() > LONGEST => Incoming::TooLong,
        Err(_) => Incoming::NotText,
    };
    let _ = lines.send(refused).await;
    Err(io::ErrorKind::InvalidData.into())
}

/// Writes lines until the last handle is dropped; then the peer sees the end.
async fn write(
    stream: impl AsyncWrite + Unpin,
    mut lines: mpsc::Receiver<String>,
) -> io::Result<()> {
    let mut stream = BufWriter::new(stream);
    while let Some(line) = lines.recv().await {
        stream.write_all(line.as_bytes()).await?;
        stream.write_all(b"\n").await?;
        // What waits can go out together. Before this task waits itself, all of it has to.
        if lines.is_empty() {
            stream.flush().await?;
        }
    }
    stream.shutdown().await
}
