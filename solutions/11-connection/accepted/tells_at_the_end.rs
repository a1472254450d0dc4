//! accepted: when a line is refused, the stream and the mailbox are dropped first, and then the receiver is told, however long that has to wait. The loop that reads hands its Sender back with the news.

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
        let failed = try_join!(read(reader, sender), async {
            write(writer, mailbox).await.map_err(|_| None)
        });
        if let Err(Some((sender, incoming))) = failed {
            let _ = sender.send(incoming).await;
        }
    });
    (ConnectionHandle { outgoing }, receiver)
}

async fn read(
    reader: impl AsyncRead + Unpin,
    sender: mpsc::Sender<Incoming>,
) -> Result<(), Option<(mpsc::Sender<Incoming>, Incoming)>> {
    let mut stream = BufReader::new(reader);
    loop {
        let mut line = Vec::new();
        let mut limited = (&mut stream).take(LONGEST as u64 + 1);
        select! {
            read = limited.read_until(b'\n', &mut line) => read.map_err(|_| None)?,
            () = sender.closed() => return Ok(()),
        };
        if line.is_empty() {
            return Ok(());
        }
        if line.len() > LONGEST && !line.ends_with(b"\n") {
            return Err(Some((sender, Incoming::TooLong)));
        }
        let Ok(text) = std::str::from_utf8(&line) else {
            return Err(Some((sender, Incoming::NotText)));
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
