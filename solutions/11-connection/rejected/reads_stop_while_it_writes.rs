//! rejected: a_peer_that_does_not_read_is_still_heard
//! says: never came: a deadlock
//! thinks: "The lines of the peer are kept whole by next_line, so one loop can do both."

use std::io;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, split},
    select,
    sync::mpsc,
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
        let _ = run(reader, writer, mailbox, incoming).await;
    });
    (ConnectionHandle { sender }, receiver)
}

impl ConnectionHandle {
    pub async fn send(&self, line: String) -> Result<(), Closed> {
        self.sender.send(line).await.map_err(|_| Closed)
    }
}

async fn run(
    mut reader: impl AsyncRead + Unpin,
    mut writer: impl AsyncWrite + Unpin,
    mut mailbox: mpsc::Receiver<String>,
    incoming: mpsc::Sender<Incoming>,
) -> io::Result<()> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 1024];
    let (mut is_read, mut is_written) = (true, true);
    while is_read || is_written {
        select! {
            count = reader.read(&mut buffer), if is_read => {
                let count = count?;
                bytes.extend(&buffer[..count]);
                while let Some(at) = bytes.iter().position(|byte| *byte == b'\n') {
                    let line: Vec<u8> = bytes.drain(..=at).collect();
                    tell(&incoming, line).await?;
                }
                if count == 0 && !bytes.is_empty() || bytes.len() > LONGEST {
                    tell(&incoming, std::mem::take(&mut bytes)).await?;
                }
                is_read = count > 0;
            }
            () = incoming.closed(), if is_read => is_read = false,
            line = mailbox.recv(), if is_written => match line {
                Some(line) => {
                    writer.write_all(line.as_bytes()).await?;
                    writer.write_all(b"\n").await?;
                }
                None => {
                    writer.shutdown().await?;
                    is_written = false;
                }
            },
        }
    }
    Ok(())
}

async fn tell(incoming: &mpsc::Sender<Incoming>, mut line: Vec<u8>) -> io::Result<()> {
    if line.pop_if(|byte| *byte == b'\n').is_some() {
        line.pop_if(|byte| *byte == b'\r');
    }
    let told = match String::from_utf8(line) {
        Ok(line) if line.len() > LONGEST => Incoming::TooLong,
        Ok(line) => Incoming::Line(line),
        Err(_) => Incoming::NotText,
    };
    let is_bad = !matches!(told, Incoming::Line(_));
    let _ = incoming.send(told).await;
    if is_bad {
        return Err(io::ErrorKind::InvalidData.into());
    }
    Ok(())
}
