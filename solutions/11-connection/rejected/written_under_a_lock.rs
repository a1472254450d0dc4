//! rejected: a_call_that_is_given_up_sends_nothing
//! says: sent something all the same
//! thinks: "A lock around the half that writes is enough. A mailbox, and a task that only writes, are too much."

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

pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

#[derive(Clone)]
pub struct ConnectionHandle {
    writer: std::sync::Arc<tokio::sync::Mutex<tokio::io::WriteHalf<Box<dyn Stream>>>>,
}

pub fn connect<S>(stream: S, capacity: usize) -> (ConnectionHandle, mpsc::Receiver<Incoming>)
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let (sender, receiver) = mpsc::channel(capacity);
    let (reader, writer) = split(Box::new(stream) as Box<dyn Stream>);
    tokio::spawn(async move {
        let _ = read(reader, sender).await;
    });
    let writer = std::sync::Arc::new(tokio::sync::Mutex::new(writer));
    (ConnectionHandle { writer }, receiver)
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
        if line.len() > LONGEST && !line.ends_with(b"\n") {
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

impl ConnectionHandle {
    pub async fn send(&self, line: String) -> Result<(), Closed> {
        let mut writer = self.writer.lock().await;
        writer
            .write_all((line + "\n").as_bytes())
            .await
            .map_err(|_| Closed)
    }
}
