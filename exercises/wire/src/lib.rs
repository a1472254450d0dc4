//! What exercise 17's two machines say to each other, in frames: each has its length before it. It is given; read what is `pub`.

#[cfg(test)]
mod tests;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use std::{
    hash::{BuildHasher, RandomState},
    io,
    time::Duration,
};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio_util::codec::{Decoder, Encoder, LengthDelimitedCodec};

/// So many calls of one client may be under way on a connection. A client that has more of them breaks the protocol.
pub const AT_ONCE: usize = 100;

/// Why there is no number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallError {
    /// The actor is gone, or the runtime that reaches it. Nothing was counted by this attempt.
    Closed,
    /// No answer came in time. It may have been counted, and it may still be.
    TimedOut,
    /// There is no connection, or it broke before the answer came. It may have been counted.
    Net,
}

/// The name of a call. Each attempt at the same call has the same one, and no other call in the world has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CallId(u64, u64);

impl CallId {
    /// A name that nobody else has.
    pub fn new() -> Self {
        // Each of these begins with random keys.
        let random = || RandomState::new().hash_one(0);
        Self(random(), random())
    }
}

// ANCHOR: frames
/// What a client sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Request {
    /// A number, please.
    Next {
        /// Comes back with the answer. The client chooses it; on this
        /// connection, no other call under way has it.
        id: u64,
        call: CallId,
        /// So long the client will wait from now on. (No clock time: the
        /// two machines' clocks differ.)
        within: Duration,
    },
    /// Nobody waits for that answer any more. It does no harm if the answer
    /// is out already.
    Cancel { id: u64 },
}

/// What a server sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answer {
    /// That of the request.
    pub id: u64,
    pub number: Result<u64, CallError>,
}
// ANCHOR_END: frames

/// The end of a stream that frames come from.
pub struct Incoming<R> {
    stream: R,
    frames: LengthDelimitedCodec,
    read: BytesMut,
}

impl<R: AsyncRead + Unpin> Incoming<R> {
    /// Frames from this stream.
    pub fn new(stream: R) -> Self {
        Self {
            stream,
            frames: frames(),
            read: BytesMut::new(),
        }
    }

    /// The next frame; `None` when the other side has gone.
    ///
    /// # Errors
    /// The stream has failed, has ended within a frame, or brings what is no such frame.
    ///
    /// # Cancel safety
    /// It is: what was read is kept.
    pub async fn next<T: Frame>(&mut self) -> io::Result<Option<T>> {
        loop {
            if let Some(frame) = self.frames.decode(&mut self.read)? {
                return Ok(Some(T::read(frame).ok_or(io::ErrorKind::InvalidData)?));
            }
            if self.stream.read_buf(&mut self.read).await? == 0 {
                let whole = self.frames.decode_eof(&mut self.read)?;
                return match whole {
                    None => Ok(None),
                    Some(_) => Err(io::ErrorKind::InvalidData.into()),
                };
            }
        }
    }
}

/// The end of a stream that frames go into, and those that wait to be written.
pub struct Outgoing<W> {
    stream: W,
    frames: LengthDelimitedCodec,
    waiting: BytesMut,
    /// All that was written has left the stream's own buffer.
    flushed: bool,
}

impl<W: AsyncWrite + Unpin> Outgoing<W> {
    /// Frames into this stream.
    pub fn new(stream: W) -> Self {
        Self {
            stream,
            frames: frames(),
            waiting: BytesMut::new(),
            flushed: true,
        }
    }

    /// The stream itself, for what is no frame.
    pub fn get_mut(&mut self) -> &mut W {
        &mut self.stream
    }

    /// Puts a frame behind those that wait. [`write`](Self::write) writes it.
    pub fn push<T: Frame>(&mut self, frame: T) {
        let encoded = self.frames.encode(frame.write(), &mut self.waiting);
        encoded.expect("a frame is shorter than the limit");
        self.flushed = false;
    }

    /// Whether nothing waits to be written.
    pub fn is_empty(&self) -> bool {
        self.flushed
    }

    /// Whether enough waits: push no more answers, or calls, before something was written. (About a hundred do.)
    pub fn is_full(&self) -> bool {
        self.waiting.len() > 4096
    }

    /// Writes all that waits. With nothing to write it is done at once, so a branch of a `select!` needs `if !outgoing.is_empty()`.
    ///
    /// # Errors
    /// The stream has failed.
    ///
    /// # Cancel safety
    /// It is: what is not written yet still waits, and the next call goes on there.
    pub async fn write(&mut self) -> io::Result<()> {
        if !self.flushed {
            self.stream.write_all_buf(&mut self.waiting).await?;
            self.stream.flush().await?;
            self.flushed = true;
        }
        Ok(())
    }
}

/// A [`Request`] or an [`Answer`].
pub trait Frame: Sized {
    /// As bytes.
    fn write(&self) -> Bytes;
    /// From bytes; `None` when they are no such frame.
    fn read(bytes: BytesMut) -> Option<Self>;
}

impl Frame for Request {
    fn write(&self) -> Bytes {
        let mut bytes = BytesMut::new();
        match *self {
            Self::Next { id, call, within } => {
                bytes.put_u8(0);
                bytes.put_u64(id);
                bytes.put_u64(call.0);
                bytes.put_u64(call.1);
                // What does not fit is longer than anybody lives.
                bytes.put_u64(u64::try_from(within.as_nanos()).unwrap_or(u64::MAX));
            }
            Self::Cancel { id } => {
                bytes.put_u8(1);
                bytes.put_u64(id);
            }
        }
        bytes.freeze()
    }

    fn read(mut bytes: BytesMut) -> Option<Self> {
        let request = match bytes.try_get_u8().ok()? {
            0 => Self::Next {
                id: bytes.try_get_u64().ok()?,
                call: CallId(bytes.try_get_u64().ok()?, bytes.try_get_u64().ok()?),
                within: Duration::from_nanos(bytes.try_get_u64().ok()?),
            },
            1 => Self::Cancel {
                id: bytes.try_get_u64().ok()?,
            },
            _ => return None,
        };
        bytes.is_empty().then_some(request)
    }
}

impl Frame for Answer {
    fn write(&self) -> Bytes {
        let mut bytes = BytesMut::new();
        bytes.put_u64(self.id);
        match self.number {
            Ok(number) => {
                bytes.put_u8(0);
                bytes.put_u64(number);
            }
            Err(CallError::Closed) => bytes.put_u8(1),
            Err(CallError::TimedOut) => bytes.put_u8(2),
            Err(CallError::Net) => bytes.put_u8(3),
        }
        bytes.freeze()
    }

    fn read(mut bytes: BytesMut) -> Option<Self> {
        let id = bytes.try_get_u64().ok()?;
        let number = match bytes.try_get_u8().ok()? {
            0 => Ok(bytes.try_get_u64().ok()?),
            1 => Err(CallError::Closed),
            2 => Err(CallError::TimedOut),
            3 => Err(CallError::Net),
            _ => return None,
        };
        bytes.is_empty().then_some(Self { id, number })
    }
}

/// No frame is longer than this: a length that says so is refused before anything is kept.
fn frames() -> LengthDelimitedCodec {
    LengthDelimitedCodec::builder()
        .max_frame_length(64)
        .new_codec()
}
