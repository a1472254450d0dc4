//! `cargo course`, running.

use super::{copy::Copy, group::Group};
use std::{
    io::{BufRead, BufReader, Read},
    ops::Deref,
    process::Stdio,
    sync::mpsc,
    thread,
    time::Duration,
};

/// The first start builds it, on a slow machine with nothing to begin with.
pub(super) const PATIENCE: Duration = Duration::from_secs(600);

/// `cargo course` at work in a fresh [`Copy`]. Dropping it ends it.
pub struct Course {
    /// Where it serves the book: `http://127.0.0.1:PORT`.
    address: String,
    /// `None` while it is stopped.
    running: Option<Group>,
    copy: Copy,
}

impl Deref for Course {
    type Target = Copy;

    fn deref(&self) -> &Copy {
        &self.copy
    }
}

impl Course {
    pub fn start() -> Self {
        let mut course = Self {
            address: "http://127.0.0.1:0".to_owned(),
            running: None,
            copy: Copy::fresh(),
        };
        course.start_again();
        course
    }

    /// Starts it at the same address as before.
    pub fn start_again(&mut self) {
        let (_, port) = self.address.rsplit_once(':').unwrap();
        let mut command = self.copy.cargo_course();
        command
            .args(["--port", port])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut group = Group::spawn(&mut command).expect("cargo is needed");

        let (line, lines) = mpsc::channel();
        read_lines(group.leader().stdout.take().unwrap(), line.clone());
        read_lines(group.leader().stderr.take().unwrap(), line);
        let mut said = Vec::new();
        self.address = loop {
            match lines.recv_timeout(PATIENCE) {
                Ok(line) => {
                    said.push(line);
                    if let Some(address) = address(said.last().unwrap()) {
                        break address;
                    }
                }
                Err(_) => panic!("cargo course gives no address:\n{}", said.join("\n")),
            }
        };
        self.running = Some(group);
    }

    /// Ends it as Ctrl-C does. The copy stays.
    pub fn stop(&mut self) {
        self.running = None;
    }

    pub fn url(&self, page: &str) -> String {
        format!("{}/{page}", self.address)
    }
}

/// Reads to the end, so that the program never waits for a reader.
pub(super) fn read_lines(output: impl Read + Send + 'static, line: mpsc::Sender<String>) {
    thread::spawn(move || {
        for text in BufReader::new(output).lines().map_while(Result::ok) {
            let _ = line.send(text);
        }
    });
}

fn address(line: &str) -> Option<String> {
    let start = line.find("http://127.0.0.1:")?;
    let end =
        line[start + 7..].find(|letter: char| !(letter.is_ascii_digit() || ".:".contains(letter)));
    let address = end.map_or(&line[start..], |end| &line[start..start + 7 + end]);
    Some(address.trim_end_matches(['.', ':']).to_owned())
}
