//! Exercise 11, connection: a connection that speaks in lines.
//!
//! A stream of bytes goes in, a handle and a mailbox come out: lines are sent by the handle, and the peer's lines arrive in the mailbox.
//! Everything else in the chat server can then forget that there are sockets.
//!
//! Page: book/src/11-connection.md, with this exercise in three steps. The tests are in tests/connection.rs, in the same order:
//!
//!     cargo test -p connection
//!
//! Stuck? `cargo course hint connection` says a little more each time.

use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::mpsc,
};

/// How many bytes of a line may stand before its line feed.
pub const LONGEST: usize = 1024;

/// What comes from the peer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Incoming {
    /// A line, without its end.
    Line(String),
    /// The peer's line is longer than [`LONGEST`]. The connection has failed, and this is the last that comes.
    TooLong,
    /// The peer's line is no UTF-8. The connection has failed, and this is the last that comes.
    NotText,
}

/// The connection takes no more lines: it has failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closed;

/// Sends lines to the peer. All clones belong to the same connection.
#[derive(Clone)]
pub struct ConnectionHandle {
    // Step 2: what does it need?
}

/// Starts the connection on a stream: a socket, or whatever else carries bytes both ways.
///
/// # What comes in
/// The peer's lines come out of the receiver, whole and in order. A line ends with `\n`; one `\r` right before that belongs to the end.
/// What stands behind the last `\n` when the peer has sent everything is a line as well, if it is not empty. At most `capacity` lines wait
/// in the receiver, and some kilobytes before it; then the peer has to wait, and lines still go out.
///
/// When more than [`LONGEST`] bytes have come without a `\n`, a `\r` included, that is told as [`Incoming::TooLong`], soon: before the line is
/// twice as long. While the receiver is full, such news waits for a slot, too, and lines may still go out.
///
/// # What goes out
/// Lines that were accepted go out in their order, each with a `\n` behind it, as soon as the peer takes them, and it may take its time. At
/// most `capacity` of them wait, and some kilobytes on the way; then [`ConnectionHandle::send`] waits, and lines still come in.
///
/// # How it ends
/// The two directions end by themselves:
///
/// - When the peer has sent everything, the receiver gives `None` after the last line. Lines still go out.
/// - When the receiver is dropped, nothing is read any more, and the task or tasks that read end at once, even if the peer is silent. Lines
///   still go out.
/// - When the last handle is dropped, what was accepted is written, and then the peer sees the end of the stream. Lines still come in.
///
/// But a failure ends both: a read or a write that fails, a line that is too long or no text. Calls that wait in `send` then get [`Closed`],
/// as do later ones, what was not written yet is lost, the receiver gives `None` after the lines that had come in before, and the stream is
/// dropped.
///
/// When both directions have ended, nothing is left of the connection.
///
/// # Panics
/// Outside of a Tokio runtime. `capacity` is at least 1, and at most `tokio::sync::Semaphore::MAX_PERMITS`. With other numbers it may panic.
pub fn connect<S>(stream: S, capacity: usize) -> (ConnectionHandle, mpsc::Receiver<Incoming>)
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let _ = (stream, capacity);
    todo!("step 1: a task that reads lines; step 2: and writes some; step 3: and ends")
}

impl ConnectionHandle {
    /// Sends a line, given without its end. It waits for a slot, in line with other callers, and not until the line is written.
    ///
    /// # Errors
    /// [`Closed`]: the connection has failed. That is known when a read or a write has failed: a line that was accepted before may be lost.
    ///
    /// # Cancel safety
    /// A call that is dropped while it waits sends nothing.
    pub async fn send(&self, line: String) -> Result<(), Closed> {
        let _ = line;
        todo!("step 2: give it to the task that writes")
    }
}
