//! rejected: a_line_may_come_in_pieces
//! says: or of a letter
//! thinks: "Each read is made text, and appended to the line."

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
    let mut text = String::new();
    let mut buffer = [0; 256];
    loop {
        while let Some((line, rest)) = text.split_once('\n') {
            let line = line.strip_suffix('\r').unwrap_or(line).to_owned();
            text = rest.to_owned();
            tell(&lines, line).await?;
        }
        if text.len() > LONGEST {
            tell(&lines, text).await?;
            return Ok(());
        }
        let count = select! {
            count = stream.read(&mut buffer) => count?,
            () = lines.closed() => return Ok(()),
        };
        if count == 0 {
            if !text.is_empty() {
                tell(&lines, text).await?;
            }
            return Ok(());
        }
        match std::str::from_utf8(&buffer[..count]) {
            Ok(more) => text.push_str(more),
            Err(_) => {
                let _ = lines.send(Incoming::NotText).await;
                return Err(io::ErrorKind::InvalidData.into());
            }
        }
    }
}

async fn tell(lines: &mpsc::Sender<Incoming>, line: String) -> io::Result<()> {
    if line.len() > LONGEST {
        let _ = lines.send(Incoming::TooLong).await;
        return Err(io::ErrorKind::InvalidData.into());
    }
    let _ = lines.send(Incoming::Line(line)).await;
    Ok(())
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
