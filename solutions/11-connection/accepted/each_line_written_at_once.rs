//! accepted: no buffer for writing: each line goes out with its line feed in one write. Simple; a system call a line.

use std::io;
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader, split},
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
        // An error of one drops the other where it stands, and with it all that anybody waits for.
        let _ = try_join!(read(reader, incoming), write(writer, mailbox));
    });
    (ConnectionHandle { sender }, receiver)
}

impl ConnectionHandle {
    pub async fn send(&self, line: String) -> Result<(), Closed> {
        self.sender.send(line).await.map_err(|_| Closed)
    }
}

/// Reads lines until the peer has sent everything, or nobody wants them any more.
async fn read(stream: impl AsyncRead + Unpin, lines: mpsc::Sender<Incoming>) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    loop {
        match next_line(&mut stream, &lines).await? {
            Some(Incoming::Line(line)) => {
                // An error: nobody wants it. The next turn ends for the same reason.
                let _ = lines.send(Incoming::Line(line)).await;
            }
            Some(last) => {
                let _ = lines.send(last).await;
                return Err(io::ErrorKind::InvalidData.into());
            }
            None => return Ok(()),
        }
    }
}

/// `None`: there are no more, or nobody wants them.
async fn next_line(
    stream: &mut (impl AsyncBufReadExt + Unpin),
    lines: &mpsc::Sender<Incoming>,
) -> io::Result<Option<Incoming>> {
    let mut line = Vec::new();
    // So many bytes decide it, the line feed included: an endless line costs no more memory than this.
    let mut limited = stream.take(LONGEST as u64 + 1);
    select! {
        // Dropped in the middle it would lose what it has read. That is no harm here: nobody wants it.
        read = limited.read_until(b'\n', &mut line) => read?,
        () = lines.closed() => return Ok(None),
    };
    if line.is_empty() {
        return Ok(None);
    }
    if line.pop_if(|byte| *byte == b'\n').is_some() {
        line.pop_if(|byte| *byte == b'\r');
    } else if line.len() > LONGEST {
        return Ok(Some(Incoming::TooLong));
    }
    Ok(Some(match String::from_utf8(line) {
        Ok(line) => Incoming::Line(line),
        Err(_) => Incoming::NotText,
    }))
}

/// Writes lines until the last handle is dropped; then the peer sees the end.
async fn write(
    mut stream: impl AsyncWrite + Unpin,
    mut lines: mpsc::Receiver<String>,
) -> io::Result<()> {
    while let Some(mut line) = lines.recv().await {
        line.push('\n');
        stream.write_all(line.as_bytes()).await?;
    }
    stream.shutdown().await
}
