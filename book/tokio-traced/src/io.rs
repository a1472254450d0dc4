//! Streams of bytes. The two ends of [`duplex`] are recorded; everything else is Tokio's own. What is written in one go is a message on the wire.
//! It has arrived when its last byte is read.

pub use tokio::io::*;

use crate::{
    event::{Got, Kind, MessageId, Wait},
    state::BoxKind,
    sync::channel::Channel,
    turn,
    waiting::Waiter,
};
use std::{
    collections::VecDeque,
    fmt,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, ready},
};
use tokio::io as real;

/// As Tokio's.
pub fn duplex(max_buf_size: usize) -> (DuplexStream, DuplexStream) {
    let (left, right) = real::duplex(max_buf_size);
    let (to_left, to_right) = (Wire::new(), Wire::new());
    (
        DuplexStream::new(left, to_left.clone(), to_right.clone()),
        DuplexStream::new(right, to_right, to_left),
    )
}

/// As Tokio's.
pub struct DuplexStream {
    real: real::DuplexStream,
    comes: Wire,
    goes: Wire,
    reads: Waiter,
    writes: Waiter,
}

/// One direction.
#[derive(Clone)]
struct Wire {
    channel: Channel<Bytes>,
    /// What was written and not read to its end.
    under_way: Arc<Mutex<VecDeque<UnderWay>>>,
}

struct UnderWay {
    message: Option<MessageId>,
    /// So many bytes.
    left: usize,
}

/// What was written in one go, as text.
struct Bytes(String);

impl fmt::Debug for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Wire {
    fn new() -> Self {
        Self {
            channel: Channel::new(BoxKind::Wire, None),
            under_way: Arc::default(),
        }
    }

    fn written(&self, bytes: &[u8]) {
        let text = Bytes(String::from_utf8_lossy(bytes).into_owned());
        let message = self.channel.draft(&text);
        let mut under_way = self
            .under_way
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let left = bytes.len();
        under_way.push_back(UnderWay { message, left });
        self.channel.sent(None, message);
    }

    fn read(&self, mut count: usize) {
        if count == 0 {
            self.channel
                .tell(None, |from| Kind::Received(Got::End(from)));
        }
        let mut under_way = self
            .under_way
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        while let Some(UnderWay { message, left }) = under_way.front_mut()
            && count > 0
        {
            let read = count.min(*left);
            *left -= read;
            count -= read;
            if *left == 0 {
                self.channel.arrived(None, *message);
                under_way.pop_front();
            }
        }
    }
}

impl DuplexStream {
    fn new(real: real::DuplexStream, comes: Wire, goes: Wire) -> Self {
        let waiter = || Waiter::new(comes.channel.recorder.clone());
        Self {
            real,
            reads: waiter(),
            writes: waiter(),
            comes,
            goes,
        }
    }
}

impl fmt::Debug for DuplexStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.real.fmt(f)
    }
}

impl AsyncRead for DuplexStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        let this = &mut *self;
        this.comes.channel.reads();
        let before = buffer.filled().len();
        let poll = turn::recorded(cx, |cx| Pin::new(&mut this.real).poll_read(cx, buffer));
        if poll.is_pending() {
            let id = this.comes.channel.id;
            this.reads.pending(cx, None, |_| Wait::Mail(id));
        }
        let read = ready!(poll);
        this.reads.done();
        if read.is_ok() {
            this.comes.read(buffer.filled().len() - before);
        }
        Poll::Ready(read)
    }
}

impl AsyncWrite for DuplexStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        let this = &mut *self;
        let poll = turn::recorded(cx, |cx| Pin::new(&mut this.real).poll_write(cx, bytes));
        if poll.is_pending() {
            let id = this.goes.channel.id;
            this.writes.pending(cx, None, |_| Wait::Slot(id, None));
        }
        let written = ready!(poll);
        this.writes.done();
        if let Ok(count) = written {
            this.goes.written(&bytes[..count]);
        }
        Poll::Ready(written)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.real).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.real).poll_shutdown(cx)
    }
}
