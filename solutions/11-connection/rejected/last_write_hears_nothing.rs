//! rejected: a_line_that_is_refused_ends_both
//! says: nobody waits until the last line is written
//! thinks: "As long as lines come, a failure has to be heard. The rest is only written."

use std::io;
use tokio::{
    io::{
        AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader, BufWriter,
        split,
    },
    select,
    sync::mpsc,
};
use tokio_util::sync::CancellationToken;

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
    let (reader, writer) = split(stream);
    let failed = CancellationToken::new();
    let other = failed.clone();
    tokio::spawn(async move {
        if let Some(Err(_)) = failed.run_until_cancelled(read(reader, incoming)).await {
            failed.cancel();
        }
    });
    tokio::spawn(async move {
        let mut stream = BufWriter::new(writer);
        let done = match other.run_until_cancelled(write(&mut stream, mailbox)).await {
            Some(Ok(())) => stream.shutdown().await,
            Some(error) => error,
            None => return,
        };
        if done.is_err() {
            other.cancel();
        }
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

/// Writes lines until the last handle is dropped. The last ones may still be in the buffer.
async fn write(
    stream: &mut BufWriter<impl AsyncWrite + Unpin>,
    mut lines: mpsc::Receiver<String>,
) -> io::Result<()> {
    while let Some(line) = lines.recv().await {
        stream.write_all(line.as_bytes()).await?;
        stream.write_all(b"\n").await?;
        // What waits can go out together. Before this task waits itself, all of it has to.
        if lines.is_empty() && !lines.is_closed() {
            stream.flush().await?;
        }
    }
    Ok(())
}
