//! A small course in a temporary folder, with exercises that need no dependencies and so build in a moment. Its path
//! has a blank and letters that are not ASCII, in every test.

// Each test program uses its own part of this.
#![allow(dead_code)]

use course::workspace::Workspace;
use std::{
    fs::{create_dir_all, write},
    path::{Path, PathBuf},
    time::Duration,
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::timeout,
};

/// Far more than anything here takes, also on a busy machine: only a fault makes us wait so long.
pub const WATCHDOG: Duration = Duration::from_secs(60);

/// What a program in the fixture calls to show that it runs: the connection lives as long as the process.
pub const ALIVE: &str = r#"
/// Connects to the test that watches us, and waits for ever.
#[allow(dead_code)]
fn alive() {
    // Everything of an exercise runs in its folder.
    let port = std::fs::read_to_string("port").unwrap();
    let mut stream = std::net::TcpStream::connect(("127.0.0.1", port.parse().unwrap())).unwrap();
    let _ = std::io::Read::read(&mut stream, &mut [0]);
}
"#;

pub struct Fixture {
    _folder: TempDir,
    pub root: PathBuf,
}

impl Fixture {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("my course – Übung");
        file(
            &root.join("Cargo.toml"),
            "[workspace]\nresolver = \"3\"\nmembers = [\"exercises/*\"]\n[profile.dev]\ndebug = false\n",
        );
        file(
            &root.join("book/book.toml"),
            "[book]\ntitle = \"Fixture\"\n",
        );
        file(&root.join("book/src/SUMMARY.md"), "- [One](one.md)\n");
        file(&root.join("book/src/one.md"), "# First words\n");
        Self {
            _folder: folder,
            root,
        }
    }

    /// Adds an exercise. Names must differ between all tests: with CARGO_TARGET_DIR they share a target folder.
    pub fn exercise(self, folder: &str, library: &str, tests: &str, promised: &[&str]) -> Self {
        let (_, name) = folder.split_once('-').unwrap();
        let exercise = self.root.join("exercises").join(folder);
        file(
            &exercise.join("Cargo.toml"),
            &format!(
                "[package]\nname = \"{name}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\
                 [package.metadata.course]\nstarts_with = \"not yet implemented: step 1\"\n\
                 [lib]\ndoctest = false\ntest = false\n"
            ),
        );
        file(&exercise.join("src/lib.rs"), library);
        file(
            &exercise.join(format!("tests/{name}.rs")),
            &format!("{ALIVE}\n{tests}"),
        );
        let hints = promised.iter().map(|test| {
            format!(
                "<details data-test=\"{test}\">\n<summary>Promise of {test}</summary>\n\
                 <details>\n<summary>Hint 1</summary>\n\nA question about {test}\n\n</details>\n\
                 <details>\n<summary>Hint 2</summary>\n\nThe shape of {test}\n\n</details>\n</details>\n"
            )
        });
        file(&exercise.join("hints.md"), &hints.collect::<String>());
        self
    }

    pub fn workspace(&self) -> Workspace {
        let mut workspace = Workspace::find(&self.root).unwrap();
        // Also when the tests themselves run with CARGO_TARGET_DIR.
        workspace.target = self.root.join("target");
        workspace
    }

    /// Waits for processes of an exercise that call `alive`.
    pub async fn watch_processes(&self, exercise: &str) -> Processes {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        file(
            &self.root.join("exercises").join(exercise).join("port"),
            &port.to_string(),
        );
        Processes { listener }
    }
}

pub struct Processes {
    listener: TcpListener,
}

pub struct Process {
    stream: TcpStream,
}

impl Processes {
    /// Waits until the next process lives.
    pub async fn next(&self) -> Process {
        let accepted = timeout(WATCHDOG, self.listener.accept()).await;
        let (stream, _) = accepted.expect("no process has begun").unwrap();
        Process { stream }
    }
}

impl Process {
    /// Waits until the process has ended: the system then closes its connection.
    pub async fn ended(mut self) {
        let read = timeout(WATCHDOG, self.stream.read(&mut [0])).await;
        // An error is a reset connection: ended, too.
        let read = read.expect("the process still lives");
        assert!(matches!(read, Ok(0) | Err(_)));
    }
}

pub fn file(path: &Path, text: &str) {
    create_dir_all(path.parent().unwrap()).unwrap();
    write(path, text).unwrap();
}

/// Sends a request to a server on this machine, as it is; returns the whole response.
pub async fn ask_raw(port: u16, request: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut response = Vec::new();
    let read = timeout(WATCHDOG, stream.read_to_end(&mut response)).await;
    read.expect("no response").unwrap();
    String::from_utf8_lossy(&response).into_owned()
}

/// The status of a response: "200".
pub fn code(response: &str) -> &str {
    response.split(' ').nth(1).unwrap_or(response)
}
