//! rejected: a_line_that_is_too_long_is_refused
//! says: news of an endless line
//! says: never came
//! thinks: "next_line gives me the whole line. Then I look how long it is."

use std::io;
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader, BufWriter, split},
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
    let mut lines = BufReader::new(reader).lines();
    loop {
        let line = select! {
            line = lines.next_line() => line,
            () = sender.closed() => return Ok(()),
        };
        match line {
            Ok(Some(line)) if line.len() > LONGEST => {
                let _ = sender.send(Incoming::TooLong).await;
                return Err(io::ErrorKind::InvalidData.into());
            }
            Ok(Some(line)) => {
                let _ = sender.send(Incoming::Line(line)).await;
            }
            Ok(None) => return Ok(()),
            Err(error) => {
                if error.kind() == io::ErrorKind::InvalidData {
                    let _ = sender.send(Incoming::NotText).await;
                }
                return Err(error);
            }
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
