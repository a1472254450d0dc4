//! accepted: `read_u8` is cancel safe, since one byte is read or none, and the line is kept outside of the `select!`. The simplest way to count; many more reads, unless a `BufReader` is below.

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
    let mut stream = reader;
    let mut line = Vec::new();
    loop {
        let byte = select! {
            byte = stream.read_u8() => match byte {
                Ok(byte) => Some(byte),
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => None,
                Err(error) => return Err(error),
            },
            () = sender.closed() => return Ok(()),
        };
        let incoming = match byte {
            None if line.is_empty() => return Ok(()),
            Some(b'\n') | None => {
                if byte.is_some() && line.last() == Some(&b'\r') {
                    line.pop();
                }
                match String::from_utf8(std::mem::take(&mut line)) {
                    Ok(text) => Incoming::Line(text),
                    Err(_) => Incoming::NotText,
                }
            }
            Some(byte) => {
                line.push(byte);
                if line.len() <= LONGEST {
                    continue;
                }
                Incoming::TooLong
            }
        };
        let failed = !matches!(incoming, Incoming::Line(_));
        let unheard = sender.send(incoming).await.is_err();
        if failed {
            return Err(io::ErrorKind::InvalidData.into());
        }
        if unheard || byte.is_none() {
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
