//! rejected: nothing_is_lost_where_both_directions_meet
//! says: half of a line had come
//! says: Who still has the first half?
//! thinks: "One task is enough: it waits for a line from either side, whichever comes first."

use std::io;
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader, split},
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
        let _ = run(BufReader::new(reader), writer, mailbox, incoming).await;
    });
    (ConnectionHandle { sender }, receiver)
}

impl ConnectionHandle {
    pub async fn send(&self, line: String) -> Result<(), Closed> {
        self.sender.send(line).await.map_err(|_| Closed)
    }
}

async fn run(
    mut reader: impl AsyncBufReadExt + Unpin,
    mut writer: impl AsyncWrite + Unpin,
    mut mailbox: mpsc::Receiver<String>,
    incoming: mpsc::Sender<Incoming>,
) -> io::Result<()> {
    loop {
        let mut line = Vec::new();
        let mut limited = (&mut reader).take(LONGEST as u64 + 1);
        select! {
            read = limited.read_until(b'\n', &mut line) => {
                read?;
                if line.is_empty() {
                    break;
                }
                if line.pop_if(|byte| *byte == b'\n').is_some() {
                    line.pop_if(|byte| *byte == b'\r');
                } else if line.len() > LONGEST {
                    let _ = incoming.send(Incoming::TooLong).await;
                    return Err(io::ErrorKind::InvalidData.into());
                }
                match String::from_utf8(line) {
                    Ok(line) => {
                        let _ = incoming.send(Incoming::Line(line)).await;
                    }
                    Err(_) => {
                        let _ = incoming.send(Incoming::NotText).await;
                        return Err(io::ErrorKind::InvalidData.into());
                    }
                }
            }
            Some(line) = mailbox.recv() => {
                writer.write_all(format!("{line}\n").as_bytes()).await?;
            }
        }
    }
    drop(incoming);
    while let Some(line) = mailbox.recv().await {
        writer.write_all(format!("{line}\n").as_bytes()).await?;
    }
    writer.shutdown().await
}
