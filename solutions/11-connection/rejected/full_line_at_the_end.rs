//! rejected: the_limit_counts_bytes
//! says: the end of the stream
//! thinks: "LONGEST bytes, and no line feed behind them: that is too long."

use std::io;
use tokio::{
    io::{
        AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader, BufWriter,
        split,
    },
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
    outgoing: mpsc::Sender<String>,
}

pub fn connect<S>(stream: S, capacity: usize) -> (ConnectionHandle, mpsc::Receiver<Incoming>)
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let (sender, receiver) = mpsc::channel(capacity);
    let (outgoing, mailbox) = mpsc::channel(capacity);
    let (reader, writer) = split(stream);
    tokio::spawn(async move {
        let _ = try_join!(read(reader, sender), write(writer, mailbox));
    });
    (ConnectionHandle { outgoing }, receiver)
}

async fn read(reader: impl AsyncRead + Unpin, sender: mpsc::Sender<Incoming>) -> io::Result<()> {
    let mut stream = BufReader::new(reader);
    loop {
        let mut line = Vec::new();
        let mut limited = (&mut stream).take(LONGEST as u64 + 1);
        select! {
            read = limited.read_until(b'\n', &mut line) => read?,
            () = sender.closed() => return Ok(()),
        };
        if line.is_empty() {
            return Ok(());
        }
        if line.len() >= LONGEST && !line.ends_with(b"\n") {
            let _ = sender.send(Incoming::TooLong).await;
            return Err(io::ErrorKind::InvalidData.into());
        }
        let Ok(text) = std::str::from_utf8(&line) else {
            let _ = sender.send(Incoming::NotText).await;
            return Err(io::ErrorKind::InvalidData.into());
        };
        let text = match text.strip_suffix('\n') {
            Some(text) => text.strip_suffix('\r').unwrap_or(text),
            None => text,
        };
        if sender.send(Incoming::Line(text.to_owned())).await.is_err() {
            return Ok(());
        }
    }
}

async fn write(
    writer: impl AsyncWrite + Unpin,
    mut mailbox: mpsc::Receiver<String>,
) -> io::Result<()> {
    let mut stream = BufWriter::new(writer);
    while let Some(line) = mailbox.recv().await {
        stream.write_all(line.as_bytes()).await?;
        stream.write_all(b"\n").await?;
        if mailbox.is_empty() {
            stream.flush().await?;
        }
    }
    stream.shutdown().await
}

impl ConnectionHandle {
    pub async fn send(&self, line: String) -> Result<(), Closed> {
        self.outgoing.send(line).await.map_err(|_| Closed)
    }
}
