//! Exercise 16, chat: the whole server.
//!
//! Clients connect, choose a name, join a room, and hear what is said there. The server has no use for the clients' good manners: it
//! survives slow ones, rude ones, and many.
//!
//! What is said on the wire is below, ready to use. How the server is built inside is up to you. Copy whatever you need from your own
//! exercises: 01 (an actor and its handle), 03, 08 (one sender, many receivers), 11 (a connection), 12 (bounds) and 13 (shutdown), or from
//! their solutions. New modules are fine.
//!
//! Page: book/src/16-chat.md, with this exercise in six steps. The tests are in tests/chat.rs, in the same order:
//!
//!     cargo test -p chat
//!
//! When they pass, it is a server: `cargo run -p chat`, and in another terminal `nc 127.0.0.1 7000`.
//!
//! Stuck? `cargo course hint chat` says a little more each time.
//!
//! # The protocol
//!
//! Both sides speak in lines of UTF-8. A line ends with `\n`; one `\r` right before that belongs to the end. What stands behind the last
//! `\n` when a client has sent everything is a line as well, if it is not empty.
//!
//! | A client says | It hears | or, as `ERR` |
//! | --- | --- | --- |
//! | `PING text` | `PONG text` | |
//! | `NICK name` | `NICK name` | `bad name`, `already named`, `name taken` |
//! | `JOIN room` | `JOINED room name`, as do all in the room | `bad name`, `no name`, `already in a room` |
//! | `SAY text` | `SAID room name text`, as do all in the room | `not in a room` |
//! | `LEAVE` | `LEFT room name`, as do all in the room | `not in a room` |
//! | `QUIT` | what `LEAVE` gives, if it is in a room, then `BYE`, and the end of the stream | |
//! | anything else | | `unknown command` |
//!
//! - Each command has one answer (`QUIT` may have two), and the answers come in the order of the commands. Of two errors that are both true, the
//!   answer is the one that stands first in the table.
//! - Names of clients are unique in the server. A client has one name, for good, and is in one room at a time.
//! - All in a room hear the same lines in the same order, each once, from their own `JOINED` to their own `LEFT`.
//! - A client that has sent everything, and still reads, has said `QUIT`.
//! - A line of more than [`Limits::line`] bytes is answered with `ERR line too long`, before it is twice as long; one that is no UTF-8, with `ERR not
//!   text`. Either is taken for `QUIT`, and what comes behind it is not read.

use std::{
    fmt::{self, Display, Formatter},
    io,
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
};

/// What a client may say. Leave it as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    Ping(String),
    Nick(String),
    Join(String),
    Say(String),
    Leave,
    Quit,
}

impl Command {
    /// Reads a line, given without its end.
    ///
    /// # Errors
    /// [`Failure::UnknownCommand`], or [`Failure::BadName`] of `NICK` and `JOIN`: to be told to the client, and nothing else happens.
    pub fn parse(line: &str) -> Result<Self, Failure> {
        let (word, text) = line.split_once(' ').unwrap_or((line, ""));
        match word {
            "PING" => Ok(Self::Ping(text.to_owned())),
            "NICK" => name(text).map(Self::Nick),
            "JOIN" => name(text).map(Self::Join),
            "SAY" => Ok(Self::Say(text.to_owned())),
            "LEAVE" => Ok(Self::Leave),
            "QUIT" => Ok(Self::Quit),
            _ => Err(Failure::UnknownCommand),
        }
    }
}

/// A name of a client or of a room: 1 to 24 letters, digits, `-` and `_`, all of them ASCII.
fn name(text: &str) -> Result<String, Failure> {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    match text.len() {
        1..=24 if text.bytes().all(is_allowed) => Ok(text.to_owned()),
        _ => Err(Failure::BadName),
    }
}

/// What a client hears: `to_string()` is the line, without its end. Leave it as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    Pong(String),
    Named(String),
    Joined {
        room: String,
        name: String,
    },
    Said {
        room: String,
        name: String,
        text: String,
    },
    Left {
        room: String,
        name: String,
    },
    Failed(Failure),
    Bye,
}

/// Why a command did not do what it does. Leave it as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    UnknownCommand,
    BadName,
    NameTaken,
    AlreadyNamed,
    NoName,
    AlreadyInARoom,
    NotInARoom,
    LineTooLong,
    NotText,
}

impl Display for Reply {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pong(text) => write!(f, "PONG {text}"),
            Self::Named(name) => write!(f, "NICK {name}"),
            Self::Joined { room, name } => write!(f, "JOINED {room} {name}"),
            Self::Said { room, name, text } => write!(f, "SAID {room} {name} {text}"),
            Self::Left { room, name } => write!(f, "LEFT {room} {name}"),
            Self::Failed(failure) => write!(f, "ERR {failure}"),
            Self::Bye => f.write_str("BYE"),
        }
    }
}

impl Display for Failure {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UnknownCommand => "unknown command",
            Self::BadName => "bad name",
            Self::NameTaken => "name taken",
            Self::AlreadyNamed => "already named",
            Self::NoName => "no name",
            Self::AlreadyInARoom => "already in a room",
            Self::NotInARoom => "not in a room",
            Self::LineTooLong => "line too long",
            Self::NotText => "not text",
        })
    }
}

/// Where clients come from. Leave it as it is: the tests have a door of their own.
pub trait Listener: Send + 'static {
    type Stream: AsyncRead + AsyncWrite + Send + Unpin + 'static;

    /// Waits for the next client.
    ///
    /// # Errors
    /// This one could not come in. Others may: not all errors are for good, and none of them concerns those who are in.
    ///
    /// # Cancel safety
    /// A call that is dropped while it waits loses nobody.
    fn accept(&mut self) -> impl Future<Output = io::Result<Self::Stream>> + Send;
}

impl Listener for TcpListener {
    type Stream = TcpStream;

    async fn accept(&mut self) -> io::Result<TcpStream> {
        let (stream, _) = TcpListener::accept(self).await?;
        Ok(stream)
    }
}

/// What a client may cost. Each is at least 1, and at most 100,000.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a line from a client, without its end.
    pub line: usize,
    /// Lines that may wait for a client which does not read, beside those in the buffers of its connection.
    pub waiting: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            line: 512,
            waiting: 1_000,
        }
    }
}

/// Stops the server, see [`stop`](Self::stop). Dropping it stops the server as well, without grace: everything ends, and nobody is told.
pub struct Shutdown {
    // Step 1: what ends the server when this is dropped? Step 6: and how does it hear that it is to stop?
}

/// Starts a server, for the clients that come from the listener; see [the protocol](crate#the-protocol).
///
/// # Clients
/// Any number of them. When `accept` fails, the next call of it comes within a second, and while it goes on to fail there are at most 20 calls
/// a second. Clients that are in notice nothing.
///
/// However a client ends (it says `QUIT`, has sent everything, goes without a word, or is dropped), those in its room hear one `LEFT`,
/// at once, and its name is free again. Both has happened when it hears its `BYE`. Nothing is left of it, as soon as it has read what
/// waited for it, or has gone.
///
/// # Slow clients
/// A client may fall behind: by [`Limits::waiting`] lines for certain, and by less than twice as many and 100. Then it is too slow, and
/// dropped: what waits for it is lost. All of that costs the other clients no time.
///
/// What answers its own commands may make a client too slow, too; or the server reads no more of its commands until it has read. In
/// either case no more than that waits for it.
///
/// # Rooms
/// A room begins with the first client that joins it, and nothing is left of it when the last one has left.
///
/// # Panics
/// Outside of a Tokio runtime.
pub fn serve<L: Listener>(listener: L, limits: Limits) -> Shutdown {
    let _ = (listener, limits);
    todo!("step 1: a task that accepts clients, and a task for each of them")
}

impl Shutdown {
    /// Stops the server. From now on no client comes in: the listener is dropped. No more commands are read, and those that were read are answered.
    /// Each client hears what waits for it, then `BYE`, and then sees the end of its stream. What others in its room hear of it
    /// meanwhile may be missing.
    ///
    /// Returns as soon as all of them have ended, or when `grace` is over, and by then those that are left have been dropped. `grace` is for
    /// all of them together; it may be anything from [`Duration::ZERO`] to [`Duration::MAX`].
    ///
    /// # Cancel safety
    /// A call that is dropped has no more grace.
    pub async fn stop(self, grace: Duration) {
        let _ = grace;
        todo!("step 6: the listener first, then a word to each client, and an end")
    }
}
