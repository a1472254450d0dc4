//! rejected: nothing_is_lost_where_both_directions_meet
//! says: half of a line had gone out
//! thinks: "A write that takes long must not stop the reading, so it is a branch of the select as well."

use std::io;
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader, split},
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
    outgoing: mpsc::Sender<String>,
}

pub fn connect<S>(stream: S, capacity: usize) -> (ConnectionHandle, mpsc::Receiver<Incoming>)
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let (sender, receiver) = mpsc::channel(capacity);
    let (outgoing, mut mailbox) = mpsc::channel::<String>(capacity);
    let (reader, mut writer) = split(stream);
    tokio::spawn(async move {
        let mut lines = BufReader::new(reader).lines();
        let mut line_out = String::new();
        loop {
            select! {
                line = lines.next_line() => match line {
                    Ok(Some(line)) if line.len() > LONGEST => {
                        let _ = sender.send(Incoming::TooLong).await;
                        return;
                    }
                    Ok(Some(line)) => {
                        let _ = sender.send(Incoming::Line(line)).await;
                    }
                    Ok(None) => break,
                    Err(_) => {
                        let _ = sender.send(Incoming::NotText).await;
                        return;
                    }
                },
                written = writer.write_all(line_out.as_bytes()), if !line_out.is_empty() => {
                    if written.is_err() {
                        return;
                    }
                    line_out.clear();
                }
                Some(line) = mailbox.recv(), if line_out.is_empty() => line_out = line + "\n",
            }
        }
    });
    (ConnectionHandle { outgoing }, receiver)
}

impl ConnectionHandle {
    pub async fn send(&self, line: String) -> Result<(), Closed> {
        self.outgoing.send(line).await.map_err(|_| Closed)
    }
}
