//! Cargo's own words, shown while they are read: with its progress bar where there is a terminal.
//!
//! Cargo runs in a process group of its own, and a terminal may stop a process that writes to it from such a group (`stty
//! tostop`). So it never gets the terminal itself.

use crate::process::{lines::Lines, plain};
use std::{
    io::{self, IsTerminal, Write},
    pin::Pin,
    process::Stdio,
    task::{Context, Poll, ready},
};
use tokio::{
    io::{AsyncRead, ReadBuf},
    process::{ChildStderr, Command},
};

/// The width where the terminal does not tell.
const WIDTH: u16 = 80;

/// Whether there is a terminal to show them on.
pub fn has_terminal() -> bool {
    io::stderr().is_terminal()
}

/// Lets the command say on a pipe what it would say on the terminal.
pub fn to_pipe(command: &mut Command, shown: bool) {
    command.stderr(Stdio::piped());
    if shown {
        command
            .env("CARGO_TERM_PROGRESS_WHEN", "always")
            .env("CARGO_TERM_PROGRESS_WIDTH", width().to_string());
        // Unless the reader has chosen.
        if std::env::var_os("CARGO_TERM_COLOR").is_none() && std::env::var_os("NO_COLOR").is_none()
        {
            command.env("CARGO_TERM_COLOR", "always");
        }
    }
}

/// What comes out of that pipe, line by line, and on our stderr at once if it is `shown`.
pub fn lines(pipe: Option<ChildStderr>, shown: bool) -> Lines<Echo<ChildStderr>> {
    Lines::new(pipe.map(|pipe| Echo { pipe, shown }))
}

/// A line of them as it is read at last: before it stands what the progress bar showed, if there is one.
pub fn words(line: &str) -> String {
    plain::text(line.rsplit('\r').next().unwrap_or(line))
}

#[cfg(unix)]
fn width() -> u16 {
    let size = rustix::termios::tcgetwinsize(io::stderr());
    let columns = size.map_or(0, |size| size.ws_col);
    if columns == 0 { WIDTH } else { columns }
}

#[cfg(not(unix))]
fn width() -> u16 {
    WIDTH
}

/// Shows what is read of a pipe.
#[derive(Debug)]
pub struct Echo<R> {
    pipe: R,
    shown: bool,
}

impl<R: AsyncRead + Unpin> AsyncRead for Echo<R> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.pipe).poll_read(context, buffer))?;
        if self.shown {
            // A terminal that is gone: the words are read all the same.
            let mut terminal = anstream::stderr();
            let _ = terminal.write_all(&buffer.filled()[before..]);
            let _ = terminal.flush();
        }
        Poll::Ready(Ok(()))
    }
}
