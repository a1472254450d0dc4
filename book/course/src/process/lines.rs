//! Reads a pipe line by line, also when what comes is not valid UTF-8: cargo passes on the words of other programs.

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};

/// The lines of a pipe.
#[derive(Debug)]
pub struct Lines<R> {
    /// `None` once the end was reached.
    pipe: Option<BufReader<R>>,
    /// The line that is being read. It is a field so that a cancelled read loses nothing.
    line: Vec<u8>,
}

impl<R: AsyncRead + Unpin> Lines<R> {
    /// The lines of `pipe`; without one there are none.
    pub fn new(pipe: Option<R>) -> Self {
        Self {
            pipe: pipe.map(BufReader::new),
            line: Vec::new(),
        }
    }

    /// Whether the end was reached.
    pub fn is_over(&self) -> bool {
        self.pipe.is_none()
    }

    /// The next line without its end; `None` at the end, and ever after. A pipe that cannot be read counts as ended.
    ///
    /// # Cancel safety
    /// Cancel safe: what was read of a line is kept for the next call.
    pub async fn next(&mut self) -> Option<String> {
        let read = self.pipe.as_mut()?.read_until(b'\n', &mut self.line).await;
        if read.is_err() || self.line.is_empty() {
            self.pipe = None;
        }
        if self.line.is_empty() {
            return None;
        }
        let line = String::from_utf8_lossy(&self.line)
            .trim_end_matches(['\r', '\n'])
            .to_owned();
        self.line.clear();
        Some(line)
    }
}
