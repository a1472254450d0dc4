//! accepted: one task and one `select!`, all of it cancel safe: what was read is kept in a Vec, what is to be written as well, and `write` is asked how far it came. No `split` of the work, and more to keep in mind.

use std::{collections::VecDeque, io};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, split},
    select,
    sync::mpsc::{self, error::SendError},
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
        let _ = run(stream, mailbox, incoming).await;
    });
    (ConnectionHandle { sender }, receiver)
}

impl ConnectionHandle {
    pub async fn send(&self, line: String) -> Result<(), Closed> {
        self.sender.send(line).await.map_err(|_| Closed)
    }
}

async fn run<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    mut mailbox: mpsc::Receiver<String>,
    incoming: mpsc::Sender<Incoming>,
) -> io::Result<()> {
    let (mut reader, mut writer) = split(stream);
    let (mut bytes, mut read) = (Vec::new(), VecDeque::new());
    let mut out: Vec<u8> = Vec::new();
    let (mut may_read, mut may_write, mut refused) = (true, true, false);
    let mut incoming = Some(incoming);
    while may_read || may_write || !read.is_empty() {
        if !may_read && read.is_empty() {
            // Nothing more comes in: the receiver ends.
            incoming = None;
        }
        select! {
            // Lines that were read go before more is read.
            slot = slot(&incoming), if !read.is_empty() => match slot {
                Ok(slot) => {
                    if let Some(line) = read.pop_front() {
                        slot.send(line);
                    }
                    if refused && read.is_empty() {
                        return Err(io::ErrorKind::InvalidData.into());
                    }
                }
                Err(_) => {
                    read.clear();
                    may_read = false;
                }
            },
            () = nobody_listens(&incoming), if may_read && read.is_empty() => may_read = false,
            count = reader.read_buf(&mut bytes), if may_read && read.is_empty() => {
                let is_over = count? == 0;
                refused = cut(&mut bytes, &mut read, is_over);
                may_read = !is_over && !refused;
            }
            count = writer.write(&out), if !out.is_empty() => {
                match count? {
                    0 => return Err(io::ErrorKind::WriteZero.into()),
                    count => drop(out.drain(..count)),
                }
            }
            line = mailbox.recv(), if may_write && out.is_empty() => match line {
                Some(line) => out.extend(format!("{line}\n").bytes()),
                None => {
                    writer.shutdown().await?;
                    may_write = false;
                }
            },
        }
    }
    Ok(())
}

async fn slot(
    incoming: &Option<mpsc::Sender<Incoming>>,
) -> Result<mpsc::Permit<'_, Incoming>, SendError<()>> {
    match incoming {
        Some(incoming) => incoming.reserve().await,
        None => Err(SendError(())),
    }
}

async fn nobody_listens(incoming: &Option<mpsc::Sender<Incoming>>) {
    if let Some(incoming) = incoming {
        incoming.closed().await;
    }
}

/// Cuts lines out of the bytes; whether the last one is refused.
fn cut(bytes: &mut Vec<u8>, lines: &mut VecDeque<Incoming>, is_over: bool) -> bool {
    loop {
        let at = bytes.iter().position(|byte| *byte == b'\n');
        let mut line: Vec<u8> = match at {
            Some(at) => bytes.drain(..=at).collect(),
            None if bytes.len() > LONGEST || (is_over && !bytes.is_empty()) => {
                std::mem::take(bytes)
            }
            None => return false,
        };
        line.pop_if(|byte| *byte == b'\n');
        if line.len() > LONGEST {
            lines.push_back(Incoming::TooLong);
            return true;
        }
        if at.is_some() {
            line.pop_if(|byte| *byte == b'\r');
        }
        match String::from_utf8(line) {
            Ok(line) => lines.push_back(Incoming::Line(line)),
            Err(_) => {
                lines.push_back(Incoming::NotText);
                return true;
            }
        }
    }
}
