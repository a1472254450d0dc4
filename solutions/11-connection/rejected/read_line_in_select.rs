//! rejected: nothing_is_lost_where_both_directions_meet
//! says: half of a line had come
//! says: Who still has the first half?
//! thinks: "The String lives outside of the select!, so half a line stays in it."

use std::io;
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader},
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
    let mut stream = BufReader::new(stream);
    tokio::spawn(async move {
        let mut line = String::new();
        loop {
            select! {
                read = stream.read_line(&mut line) => {
                    if !matches!(read, Ok(1..)) {
                        return;
                    }
                    let text = line.trim_end_matches(['\r', '\n']).to_owned();
                    line.clear();
                    let _ = sender.send(Incoming::Line(text)).await;
                }
                line = mailbox.recv() => {
                    let Some(line) = line else { return };
                    if stream.write_all((line + "\n").as_bytes()).await.is_err() {
                        return;
                    }
                }
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
