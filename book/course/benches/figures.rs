//! The figures in the README's contributor part, measured anew on a clean clone of HEAD in a temporary folder:
//!
//!     cargo bench --profile dev -p course --bench figures
//!
//! (`--profile dev`: it only starts other programs.) It takes some minutes, and wants a machine that does nothing else.
//! cargo's registry cache has to be filled already.

use std::{
    env,
    fs::{self, DirEntry},
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

fn main() {
    // `cargo test --benches` runs this too, and then there is nothing to do.
    if !env::args().any(|arg| arg == "--bench") {
        return;
    }
    let course = Clone::new("course");
    let (served, mut server) = Server::start(&course.0);
    println!(
        "clean clone: `cargo course` until the page is served: {:.1} s",
        served.as_secs_f64()
    );
    println!(
        "             its target folder then: {} MB",
        megabytes(&course.0.join("target"))
    );
    let address = server.address.clone();
    // Its first look at all exercises has to be over: they are checked one at a time.
    for exercise in exercises(&course.0) {
        Events::open(&address, &exercise).wait_for(|status| {
            status.contains(r#""phase":"done""#) || status.contains(r#""phase":"broken""#)
        });
    }
    println!(
        "             and with all exercises checked: {} MB",
        megabytes(&course.0.join("target"))
    );

    if let Some(before) = processor_time(&server.child) {
        std::thread::sleep(IDLE);
        let after = processor_time(&server.child).expect("the server runs");
        println!(
            "             while nothing happens: {:.1} ms of processor time a second",
            (after - before).as_secs_f64() * 1000.0 / IDLE.as_secs_f64()
        );
    }

    // All loops run on a right answer in the same clone, so that all tests run to their end.
    let lib = course.0.join("exercises/01-recipe/src/lib.rs");
    let right = fs::read_to_string(course.0.join("solutions/01-recipe/src/lib.rs")).unwrap();
    let save = |n: usize| {
        let changed = right.replace("last: 0", &format!("last: {n} - {n}"));
        assert_ne!(changed, right, "the line that is changed has to be there");
        fs::write(&lib, changed).unwrap();
    };
    let mut events = Events::open(&address, "recipe");
    let page = median(7, |n| {
        // Every verdict before this save is another one.
        let start = Instant::now();
        save(n + 1000);
        events.wait_for(|status| status.contains(r#""phase":"building""#));
        events.wait_for(|status| {
            let status: serde_json::Value = serde_json::from_str(status).unwrap();
            status["phase"] == "done" && status["passed"] == status["of"]
        });
        start.elapsed()
    });
    server.stop();
    let bare = median(7, |n| {
        save(n + 1);
        let start = Instant::now();
        run(&course.0, "cargo", &["test", "-p", "recipe"]);
        start.elapsed()
    });
    // As a reader types it: with cargo's own start.
    let check = median(7, |n| {
        save(n + 100);
        let start = Instant::now();
        run(&course.0, "cargo", &["course", "check", "recipe"]);
        start.elapsed()
    });
    let ratio = |time: Duration| time.as_secs_f64() / bare.as_secs_f64();
    println!(
        "warm, one line changed: bare `cargo test -p recipe`: {:.2} s",
        bare.as_secs_f64()
    );
    println!(
        "                        `cargo course check recipe`: {:.2} s, {:.2} times the bare one",
        check.as_secs_f64(),
        ratio(check)
    );
    println!(
        "                        save to verdict on the page: {:.2} s, {:.2} times the bare one",
        page.as_secs_f64(),
        ratio(page)
    );

    let tests = test_executable(&course.0);
    let all = median(21, |_| {
        let start = Instant::now();
        run(
            &course.0.join("exercises/01-recipe"),
            tests.to_str().unwrap(),
            &[],
        );
        start.elapsed()
    });
    println!(
        "all tests of `recipe`, a right answer: {} ms",
        all.as_millis()
    );

    let first = Clone::new("first verdict");
    let start = Instant::now();
    let output = command(&first.0, "cargo", &["test", "-p", "recipe"])
        .output()
        .unwrap();
    let time = start.elapsed();
    assert!(!output.status.success(), "the stub is red");
    let built = String::from_utf8_lossy(&output.stderr)
        .lines()
        .filter(|line| line.trim_start().starts_with("Compiling"))
        .count();
    println!(
        "clean clone: `cargo test -p recipe` to its first verdict: {:.1} s, {built} packages",
        time.as_secs_f64()
    );
}

/// How long to watch a server to which nothing happens.
const IDLE: Duration = Duration::from_secs(20);

/// What all threads of a process have used until now, where the system tells it so exactly.
fn processor_time(process: &Child) -> Option<Duration> {
    let threads = fs::read_dir(format!("/proc/{}/task", process.id())).ok()?;
    let used = threads.flatten().filter_map(|thread| {
        let text = fs::read_to_string(thread.path().join("schedstat")).ok()?;
        text.split(' ').next()?.parse::<u64>().ok()
    });
    Some(Duration::from_nanos(used.sum()))
}

/// A clean clone of HEAD, gone with this value.
struct Clone(PathBuf);

impl Clone {
    fn new(name: &str) -> Self {
        let folder = env::temp_dir().join(format!("figures of {name} {}", std::process::id()));
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        run(
            &root,
            "git",
            &["clone", "--quiet", ".", folder.to_str().unwrap()],
        );
        Self(folder)
    }
}

impl Drop for Clone {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

struct Server {
    child: Child,
    address: String,
}

impl Server {
    fn start(folder: &Path) -> (Duration, Self) {
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let address = format!("127.0.0.1:{port}");
        let start = Instant::now();
        let child = command(folder, "cargo", &["course", "--port", &port.to_string()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let server = Self { child, address };
        while !get(&server.address, "/01-recipe.html")
            .is_some_and(|page| page.starts_with("HTTP/1.1 200"))
        {
            std::thread::sleep(Duration::from_millis(50));
        }
        (start.elapsed(), server)
    }

    fn stop(&mut self) {
        // `cargo run` replaces itself by the program on Unix, so this reaches it.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

fn get(address: &str, path: &str) -> Option<String> {
    let mut stream = TcpStream::connect(address).ok()?;
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"
    )
    .ok()?;
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).ok()?;
    Some(line)
}

/// The verdicts of one exercise, as the page gets them.
struct Events(BufReader<TcpStream>);

impl Events {
    fn open(address: &str, exercise: &str) -> Self {
        let mut stream = TcpStream::connect(address).unwrap();
        write!(
            stream,
            "GET /api/exercises/{exercise}/events HTTP/1.1\r\nHost: {address}\r\n\r\n"
        )
        .unwrap();
        Self(BufReader::new(stream))
    }

    fn wait_for(&mut self, is_it: impl Fn(&str) -> bool) {
        let mut line = String::new();
        loop {
            line.clear();
            assert_ne!(
                self.0.read_line(&mut line).unwrap(),
                0,
                "the server has ended"
            );
            if line.strip_prefix("data:").is_some_and(&is_it) {
                return;
            }
        }
    }
}

/// The names of the exercises that are checked at the start: their folders' without the number. One that needs an actor library waits until it is
/// saved.
fn exercises(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder.join("exercises")).unwrap().flatten();
    let is_light = |entry: &DirEntry| {
        let manifest = fs::read_to_string(entry.path().join("Cargo.toml"));
        manifest.is_ok_and(|manifest| !manifest.contains("real_tokio"))
    };
    let names = (entries.filter(is_light)).filter_map(|entry| entry.file_name().into_string().ok());
    names
        .filter_map(|name| Some(name.split_once('-')?.1.to_owned()))
        .collect()
}

fn test_executable(folder: &Path) -> PathBuf {
    let arguments = ["test", "--no-run", "--message-format=json", "-p", "recipe"];
    let output = command(folder, "cargo", &arguments).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let messages = said
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let path = messages
        .filter_map(|message| Some(message["executable"].as_str()?.to_owned()))
        .next_back();
    path.expect("cargo names the test's executable").into()
}

fn median(times: usize, mut measure: impl FnMut(usize) -> Duration) -> Duration {
    let mut all: Vec<Duration> = (0..times).map(&mut measure).collect();
    all.sort();
    all[times / 2]
}

fn run(folder: &Path, program: &str, arguments: &[&str]) {
    let output = command(folder, program, arguments).output().unwrap();
    assert!(
        output.status.success(),
        "{program} {arguments:?}:\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// Without the variables that cargo sets for this program: they would change what is built, or where.
fn command(folder: &Path, program: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null());
    for (name, _) in env::vars_os() {
        let name_text = name.to_string_lossy();
        if name_text.starts_with("CARGO_") && name_text != "CARGO_HOME" || name_text == "CARGO" {
            command.env_remove(name);
        }
    }
    command
}

fn megabytes(folder: &Path) -> u64 {
    fn bytes(folder: &Path) -> u64 {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        entries
            .map(|entry| match entry.metadata() {
                Ok(metadata) if metadata.is_dir() => bytes(&entry.path()),
                Ok(metadata) => metadata.len(),
                Err(_) => 0,
            })
            .sum()
    }
    bytes(folder) / 1_000_000
}
