//! accepted: the codec of tokio-util cuts the lines, and `FramedRead` keeps what was read, so its `next` may stand in a `select!`. It takes a `\r`
//! off that is the very last byte of all; this one leaves it.

use std::io;
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt, split},
    select,
    sync::mpsc,
    try_join,
};
use tokio_stream::StreamExt;
use tokio_util::{
    bytes::BytesMut,
    codec::{Decoder, Encoder, FramedRead, LinesCodec, LinesCodecError},
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
        let _ = try_join!(read(reader, incoming), write(writer, mailbox));
    });
    (ConnectionHandle { sender }, receiver)
}

impl ConnectionHandle {
    pub async fn send(&self, line: String) -> Result<(), Closed> {
        self.sender.send(line).await.map_err(|_| Closed)
    }
}

/// `LinesCodec`, and what stands behind the last line feed is left as it is.
struct Lines(LinesCodec);

impl Lines {
    fn new() -> Self {
        Self(LinesCodec::new_with_max_length(LONGEST))
    }
}

impl Decoder for Lines {
    type Item = String;
    type Error = LinesCodecError;

    fn decode(&mut self, bytes: &mut BytesMut) -> Result<Option<String>, LinesCodecError> {
        self.0.decode(bytes)
    }

    fn decode_eof(&mut self, bytes: &mut BytesMut) -> Result<Option<String>, LinesCodecError> {
        match self.decode(bytes)? {
            None if !bytes.is_empty() => {
                // The old one remembers how far it has looked.
                *self = Self::new();
                let rest = String::from_utf8(bytes.split().to_vec());
                let rest = rest.map_err(|_| io::Error::from(io::ErrorKind::InvalidData))?;
                Ok(Some(rest))
            }
            line => Ok(line),
        }
    }
}

/// Reads lines until the peer has sent everything, or nobody wants them any more.
async fn read(
    stream: impl AsyncRead + Unpin,
    incoming: mpsc::Sender<Incoming>,
) -> Result<(), LinesCodecError> {
    let mut lines = FramedRead::new(stream, Lines::new());
    loop {
        let next = select! {
            next = lines.next() => next,
            () = incoming.closed() => None,
        };
        let Some(line) = next else { return Ok(()) };
        let (told, failed) = match line {
            Ok(line) => (Incoming::Line(line), None),
            Err(error @ LinesCodecError::MaxLineLengthExceeded) => (Incoming::TooLong, Some(error)),
            Err(LinesCodecError::Io(error)) if error.kind() == io::ErrorKind::InvalidData => {
                (Incoming::NotText, Some(error.into()))
            }
            Err(error) => return Err(error),
        };
        // An error: nobody wants it. The next turn ends for the same reason.
        let _ = incoming.send(told).await;
        if let Some(error) = failed {
            return Err(error);
        }
    }
}

/// Writes lines until the last handle is dropped; then the peer sees the end.
async fn write(
    mut stream: impl AsyncWrite + Unpin,
    mut lines: mpsc::Receiver<String>,
) -> Result<(), LinesCodecError> {
    let (mut codec, mut bytes) = (LinesCodec::new(), BytesMut::new());
    while let Some(line) = lines.recv().await {
        codec.encode(line, &mut bytes)?;
        stream.write_all_buf(&mut bytes).await?;
        stream.flush().await?;
    }
    Ok(stream.shutdown().await?)
}
