//! Reads single keys, where the program has a terminal to itself: not in a pipe, and not in the background, where a program that
//! reads is stopped by the system.

use std::{
    io::{IsTerminal, stdin, stdout},
    thread,
};
use tokio::sync::mpsc;

/// What is typed ahead of what is done.
const AHEAD: usize = 8;

/// The keys as they are pressed. While this lives, the terminal (on Unix) neither waits for Enter nor shows what is typed; Ctrl-C and
/// Ctrl-Z do what they always do.
pub struct Pressed {
    /// A thread holds the other end; it looks now and then whether this is gone.
    keys: mpsc::Receiver<char>,
    #[cfg(unix)]
    _terminal: unix::Terminal,
}

impl Pressed {
    /// `None` where nobody can press a key.
    pub fn listen() -> Option<Self> {
        if !(stdin().is_terminal() && stdout().is_terminal()) {
            return None;
        }
        let (sender, keys) = mpsc::channel(AHEAD);
        #[cfg(unix)]
        let _terminal = unix::Terminal::new()?;
        thread::Builder::new()
            .name("keys".to_owned())
            .spawn(move || read(&sender))
            .ok()?;
        Some(Self {
            keys,
            #[cfg(unix)]
            _terminal,
        })
    }

    /// The next key; `None` when the terminal is gone.
    ///
    /// # Cancel safety
    /// A key is taken when it is returned.
    pub async fn next(&mut self) -> Option<char> {
        self.keys.recv().await
    }
}

#[cfg(unix)]
use unix::read;

/// Where single keys are not to be had: the first letter of a line.
#[cfg(not(unix))]
fn read(sender: &mpsc::Sender<char>) {
    for line in stdin().lines().map_while(Result::ok) {
        let key = line.trim().chars().next().unwrap_or('?');
        if sender.blocking_send(key).is_err() {
            return;
        }
    }
}

#[cfg(unix)]
mod unix {
    use rustix::{
        event::{PollFd, PollFlags, Timespec, poll},
        io::{Errno, read as read_bytes},
        process::getpgrp,
        termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcgetpgrp, tcsetattr},
    };
    use std::{io::stdin, thread::sleep, time::Duration};
    use tokio::sync::mpsc;

    /// How often the thread looks whether it still has the terminal and a reader.
    const LOOK: Duration = Duration::from_millis(500);

    /// Gives the terminal back as it was.
    pub struct Terminal {
        before: Termios,
    }

    impl Terminal {
        pub fn new() -> Option<Self> {
            let before = tcgetattr(stdin()).ok()?;
            Some(Self { before })
        }
    }

    impl Drop for Terminal {
        fn drop(&mut self) {
            if is_in_front() {
                // A terminal that is gone wants nothing back.
                let _ = tcsetattr(stdin(), OptionalActions::Now, &self.before);
            }
        }
    }

    /// Whether the terminal is ours, and not that of a shell which has put us into the background.
    fn is_in_front() -> bool {
        tcgetpgrp(stdin()) == Ok(getpgrp())
    }

    /// Key by key and unseen. A shell that had the terminal meanwhile may have changed that: so it is looked at again and again.
    fn key_by_key() -> Result<(), Errno> {
        let mut modes = tcgetattr(stdin())?;
        let by_line = LocalModes::ICANON | LocalModes::ECHO;
        if modes.local_modes.intersects(by_line) {
            modes.local_modes.remove(by_line);
            tcsetattr(stdin(), OptionalActions::Now, &modes)?;
        }
        Ok(())
    }

    pub fn read(sender: &mpsc::Sender<char>) {
        while !sender.is_closed() {
            if !is_in_front() {
                sleep(LOOK);
                continue;
            }
            let input = stdin();
            let mut fds = [PollFd::new(&input, PollFlags::IN)];
            let limit = Timespec {
                tv_sec: 0,
                tv_nsec: LOOK.subsec_nanos().into(),
            };
            match key_by_key().and_then(|()| poll(&mut fds, Some(&limit))) {
                Ok(0) | Err(Errno::INTR) => continue,
                Ok(_) => {}
                Err(_) => return,
            }
            let mut bytes = [0; 16];
            match read_bytes(&input, &mut bytes) {
                Ok(0) => return,
                // Arrow keys and their like are several bytes, the first of them Escape.
                Ok(1) => {
                    let _ = sender.blocking_send(bytes[0].into());
                }
                Ok(_) | Err(Errno::INTR | Errno::AGAIN) => {}
                Err(_) => return,
            }
        }
    }
}
