//! A host that panics, and nobody sees it.

use std::time::Duration;
use tokio::{sync::mpsc, time::timeout};

pub struct UnseenHost {
    heard: mpsc::Receiver<String>,
    asks: mpsc::Sender<String>,
    quiet: Duration,
    lines: usize,
    letters: usize,
}

impl UnseenHost {
    pub fn new(quiet: Duration, asks: mpsc::Sender<String>) -> (Self, mpsc::Sender<String>) {
        let (room, heard) = mpsc::channel(8);
        let host = Self {
            heard,
            asks,
            quiet,
            lines: 0,
            letters: 0,
        };
        (host, room)
    }

    // ANCHOR: run
    pub async fn run(mut self) {
        loop {
            match timeout(self.quiet, self.heard.recv()).await {
                Ok(Some(line)) => self.hear(&line),
                Ok(None) => break,
                Err(_quiet) => {
                    let letters = self.letters / self.lines;
                    let question = format!("anybody there? (lines of {letters} letters so far)");
                    let _ = self.asks.send(question).await;
                }
            }
        }
    }
    // ANCHOR_END: run

    fn hear(&mut self, line: &str) {
        self.lines += 1;
        self.letters += line.len();
    }
}

// ANCHOR: open
/// Starts a host. What is sent to it is a line that it hears.
pub fn open(quiet: Duration, asks: mpsc::Sender<String>) -> mpsc::Sender<String> {
    let (host, room) = UnseenHost::new(quiet, asks);
    tokio::spawn(host.run());
    room
}
// ANCHOR_END: open
