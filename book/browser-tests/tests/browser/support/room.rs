//! `cargo course room`, running, and learners in it.

use super::{
    copy::Copy,
    course::{PATIENCE, read_lines},
    group::Group,
};
use std::{
    io::{self, Read, Write},
    net::TcpStream,
    process::Stdio,
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::Duration,
};

/// How often a learner's program says that it is there.
const BEAT: Duration = Duration::from_secs(15);

/// A room that is open on this machine. Dropping it closes it.
pub struct Room {
    /// "http://127.0.0.1:PORT/trainer#TOKEN".
    pub trainer: String,
    /// "http://127.0.0.1:PORT/#CODE".
    pub projector: String,
    /// Each has a thread, which ends when its sender is dropped.
    learners: Vec<mpsc::Sender<()>>,
    _running: Group,
    _copy: Copy,
}

impl Room {
    pub fn open() -> Self {
        let copy = Copy::fresh();
        let mut command = copy.cargo_course();
        command
            .args(["room", "--bind", "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut group = Group::spawn(&mut command).expect("cargo is needed");
        let (line, lines) = mpsc::channel();
        read_lines(group.leader().stdout.take().unwrap(), line.clone());
        read_lines(group.leader().stderr.take().unwrap(), line);
        let mut said = Vec::new();
        let mut after = |words: &str| loop {
            let Ok(line) = lines.recv_timeout(PATIENCE) else {
                panic!("the room does not say {words}:\n{}", said.join("\n"));
            };
            if let Some((_, address)) = line.split_once(words) {
                break address.trim().to_owned();
            }
            said.push(line);
        };
        Self {
            trainer: after("for you alone:"),
            projector: after("for the projector:"),
            learners: Vec::new(),
            _running: group,
            _copy: copy,
        }
    }

    /// Somebody joins and stays: `standing` are the fields of a message behind the name.
    pub fn join(&mut self, who: &str, standing: &str) {
        let (address, code) = self.projector.split_once("/#").unwrap();
        let address = address.strip_prefix("http://").unwrap().to_owned();
        let body = format!(r#"{{"v":1,"who":"{who}",{standing}}}"#);
        let key = "k".repeat(26);
        let length = body.len();
        let request = format!(
            "POST /standing HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {code}\r\nx-room-key: {key}\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        let answer = ask(&address, &request).unwrap();
        assert!(answer.starts_with("HTTP/1.1 204 "), "{answer}");
        let (learner, gone) = mpsc::channel();
        self.learners.push(learner);
        thread::spawn(move || {
            while gone.recv_timeout(BEAT) == Err(RecvTimeoutError::Timeout) {
                let _ = ask(&address, &request);
            }
        });
    }
}

fn ask(address: &str, request: &str) -> io::Result<String> {
    let mut stream = TcpStream::connect(address)?;
    stream.write_all(request.as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}
