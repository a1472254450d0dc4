//! Exercise 17, remote: chapter 1's numbers, from another machine.
//!
//! One machine has the actor. Another one has a handle that looks the same, and behind it there is a connection. What goes over it is given:
//! read exercises/wire/src/lib.rs. What you write is what makes calls of it: which answer is whose, how long one waits,
//! what happens when the connection breaks, and that no call counts twice.
//!
//! Page: book/src/17-remote.md, with this exercise in five steps. The tests are in tests/remote.rs, in the same order:
//!
//!     cargo test -p remote
//!
//! Stuck? `cargo course hint remote` says a little more each time.

use std::{io, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::{mpsc, oneshot},
};
pub use wire::{AT_ONCE, CallError, CallId};

/// So many calls the actor remembers, the newest ones, with their numbers.
pub const REMEMBERED: usize = 1000;

/// Reaches the actor of one room, on this machine or on another one. All clones reach the same one.
#[derive(Clone)]
pub enum SequencerHandle {
    Local(LocalHandle),
    Remote(RemoteHandle),
}

impl SequencerHandle {
    /// Starts the actor of a new room, here. It counts from 1, and ends with its last handle.
    pub fn new() -> Self {
        let (sender, mailbox) = mpsc::channel(8);
        tokio::spawn(Sequencer { mailbox, last: 0 }.run());
        Self::Local(LocalHandle { sender })
    }

    /// A handle for a room that another machine [`serve`]s. It is there at once: `connect` is called when the first call needs a connection.
    /// All clones share one connection, and on it many calls are under way, up to [`AT_ONCE`]; more of them wait. They wait, too, while
    /// [`is_full`](wire::Outgoing::is_full) says that the server does not read.
    ///
    /// A call takes no longer than `within`, whatever it waits for: with [`Duration::ZERO`] its time is over at once, and with [`Duration::MAX`]
    /// it has no deadline. One that is over, since its time is over or since its caller has dropped it, is forgotten, and the server is told
    /// ([`Cancel`](wire::Request::Cancel)) if it had been asked.
    ///
    /// # How a connection ends
    /// When the server has gone, the stream fails or what comes is no answer, all calls that are under way get [`CallError::Net`] at once. So does
    /// a call for which no connection can be made. Nothing is tried again by itself: the next call connects anew. There is one attempt to connect at a
    /// time, and it is given up after `within`. (By then, the call that began it is over, too: by one error or the other. An answer that nobody waits for is no failure: it is late.)
    ///
    /// With the last handle the connection ends at once, and whatever belongs to it.
    ///
    /// # Panics
    /// Outside of a Tokio runtime.
    pub fn connect<C, F, S>(connect: C, within: Duration) -> Self
    where
        C: FnMut() -> F + Send + 'static,
        F: Future<Output = io::Result<S>> + Send + 'static,
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let _ = (connect, within);
        todo!("step 2: a task that keeps the connection")
    }

    /// The next number of this room. One attempt: when it fails by [`CallError::TimedOut`] or [`CallError::Net`], it may have been counted, or
    /// not.
    ///
    /// # Errors
    /// See [`CallError`].
    ///
    /// # Cancel safety
    /// A call that is dropped may have used up a number.
    pub async fn next_number(&self) -> Result<u64, CallError> {
        todo!("step 1: ask the actor; step 2: or the other machine")
    }

    /// The same, for a call with a name. One that was tried before, over whichever handle of this room, gets the number that was counted
    /// then. This holds for the last [`REMEMBERED`] calls that the actor has counted; a call that is tried again later than that is counted anew.
    ///
    /// # Errors
    /// As [`next_number`](Self::next_number).
    pub async fn next_number_as(&self, call: CallId) -> Result<u64, CallError> {
        let _ = call;
        todo!("step 5: the call's name goes along, to the actor")
    }
}

/// Answers the requests of one client that come on `stream`, by calls through `handle`, and ends with the connection: when the client has gone, the
/// stream fails, what comes is no request, or more than [`AT_ONCE`] calls are under way. Nothing else ends by that; its handle is
/// dropped.
///
/// Many calls are under way at once, and each is answered when it has its result. (A client that takes no answers gets no new ones: the server stops
/// reading when [`is_full`](wire::Outgoing::is_full) says so.) A call whose [`within`](wire::Request::Next::within) is over is dropped
/// and answered with [`CallError::TimedOut`]. A call that is cancelled is dropped and not answered, and under way no more. Calls that are under way when the connection ends are dropped.
///
/// # Cancel safety
/// Dropped, it ends the connection.
pub async fn serve<S>(handle: SequencerHandle, stream: S)
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let _ = (handle, stream);
    todo!("step 1: answer requests; step 4: only as long as somebody waits")
}

/// Reaches the actor on another machine.
#[derive(Clone)]
pub struct RemoteHandle {
    // Step 2: what does it need?
}

/// Reaches the actor on this machine.
#[derive(Clone)]
pub struct LocalHandle {
    /// The actor receives from the other end, and ends when the last one of these is dropped.
    sender: mpsc::Sender<Next>,
}

impl LocalHandle {
    /// As in chapter 1, with an error for an actor that is gone.
    pub async fn next_number(&self) -> Result<u64, CallError> {
        let (reply, answer) = oneshot::channel();
        let _ = self.sender.send(Next { reply }).await;
        answer.await.map_err(|_| CallError::Closed)
    }
}

/// A number, please. (Step 5: for which call?)
struct Next {
    reply: oneshot::Sender<u64>,
}

/// Chapter 1's actor. (Step 5: what must it remember?)
struct Sequencer {
    mailbox: mpsc::Receiver<Next>,
    last: u64,
}

impl Sequencer {
    async fn run(mut self) {
        while let Some(Next { reply }) = self.mailbox.recv().await {
            self.last += 1;
            // Who asked may have gone.
            let _ = reply.send(self.last);
        }
    }
}
