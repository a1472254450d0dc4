//! The program as a person starts it: what it prints, its exit code, and how it ends.

mod common;

use common::{Fixture, WATCHDOG, ask_raw, file};
use std::{
    path::{Path, PathBuf},
    process::{Output, Stdio},
};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
    time::timeout,
};

fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_course"));
    command
        .args(arguments)
        .current_dir(folder)
        // Ours may be set for the tests themselves.
        .env_remove("CARGO_TARGET_DIR")
        .stdin(Stdio::null())
        .kill_on_drop(true);
    command
}

/// Runs a command to its end: exit code, stdout, stderr.
async fn course(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    said(command(folder, arguments)).await
}

async fn said(mut command: Command) -> (i32, String, String) {
    let output = timeout(WATCHDOG, command.output()).await;
    let Output {
        status,
        stdout,
        stderr,
    } = output.expect("the command never ends").unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (status.code().unwrap(), text(stdout), text(stderr))
}

/// One exercise with a test that passes and one that fails, its solution and an accepted answer.
fn half_done() -> Fixture {
    let tests = "#[test] fn begins() {}\n#[test] fn counts() { assert_eq!(half::count(), 2, \"who counts?\") }\n";
    let library = "// mine\npub fn count() -> u32 { 1 }\n";
    let fixture = Fixture::new().exercise("01-half", library, tests, &["begins", "counts"]);
    let solution = fixture.root.join("solutions/01-half");
    file(
        &solution.join("src/lib.rs"),
        "// ours\npub fn count() -> u32 { 2 }\n",
    );
    file(
        &solution.join("accepted/sum.rs"),
        "//! accepted: adds, which costs nothing\npub fn count() -> u32 { 1 + 1 }\n",
    );
    fixture
}

#[tokio::test]
async fn a_red_check_says_what_and_where_to_go_on_and_its_exit_code_is_1() {
    let fixture = half_done();
    for name in ["half", "1", "01", "01-half"] {
        let (code, out, err) = course(&fixture.root, &["check", name]).await;
        assert_eq!(code, 1, "{out}{err}");
        for words in [
            "01-half",
            "1 of 2 tests pass",
            "Promise of begins",
            "who counts?",
            "cargo course hint half counts",
            "exercises/01-half/src/lib.rs",
            "cargo course read half",
        ] {
            assert!(out.contains(words), "{words} in {out}");
        }
        assert!(
            !out.contains('\u{1b}'),
            "no colours where there is no terminal"
        );
    }
}

/// A terminal may stop a process that writes to it from another process group, and cargo has one of its own.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_check_ends_on_a_terminal_that_stops_writers_in_the_background() {
    let fixture = half_done();
    let mut script = Command::new("script");
    let check = format!("stty tostop; '{}' check half", env!("CARGO_BIN_EXE_course"));
    script
        .args(["--quiet", "--return", "--command", &check, "/dev/null"])
        .current_dir(&fixture.root)
        .env_remove("CARGO_TARGET_DIR")
        .stdin(Stdio::null())
        .kill_on_drop(true);
    let (code, out, _) = said(script).await;
    assert_eq!(code, 1, "{out}");
    assert!(
        out.contains("Compiling") && out.contains("1 of 2 tests pass"),
        "{out}"
    );
}

#[tokio::test]
async fn a_build_that_fails_through_no_fault_of_the_exercise_asks_for_no_change_of_it() {
    let fixture = Fixture::new().exercise("01-faultless", "", "", &[]);
    let mut check = command(&fixture.root, &["check", "faultless"]);
    check.env("RUSTC_WRAPPER", "/nowhere/a-wrapper");
    let (code, said, _) = said(check).await;
    assert!(
        code == 1 && said.contains("not because of its Rust code"),
        "{said}"
    );
    assert!(
        !said.contains("to change") && !said.contains("a hint") && !said.contains("says why"),
        "{said}"
    );
}

#[tokio::test]
async fn a_green_check_says_so_and_its_exit_code_is_0() {
    let fixture = half_done();
    file(
        &fixture.root.join("exercises/01-half/src/lib.rs"),
        "pub fn count() -> u32 { 2 }\n",
    );
    let (code, out, _) = course(&fixture.root, &["check", "half"]).await;
    assert_eq!(code, 0, "{out}");
    assert!(
        out.contains("all 2 tests pass") && out.contains("cargo course solution half"),
        "{out}"
    );
    let (code, out, _) = course(&fixture.root, &["check"]).await;
    assert_eq!(code, 0, "{out}");
}

#[tokio::test]
async fn without_a_name_the_first_unfinished_exercise_is_told_in_detail() {
    let fixture = half_done().exercise(
        "02-later",
        "",
        "#[test] fn later() { panic!(\"later words\") }",
        &["later"],
    );
    let (code, out, _) = course(&fixture.root, &["check"]).await;
    assert_eq!(code, 1);
    assert!(
        out.contains("01-half  1 of 2") && out.contains("02-later  0 of 1"),
        "{out}"
    );
    assert!(
        out.contains("who counts?") && !out.contains("later words"),
        "{out}"
    );
}

#[tokio::test]
async fn hints_come_one_by_one_and_then_the_solution_is_named() {
    let fixture = half_done();
    let hint = async || {
        let (code, out, err) = course(&fixture.root, &["hint", "half", "counts"]).await;
        assert_eq!(code, 0, "{err}");
        out
    };
    let first = hint().await;
    assert!(
        first.contains("hint 1 of 2") && first.contains("A question about counts"),
        "{first}"
    );
    assert!(
        !first.contains("The shape of counts") && !first.contains("solution"),
        "{first}"
    );
    let second = hint().await;
    assert!(
        second.contains("hint 2 of 2") && second.contains("cargo course solution half"),
        "{second}"
    );
    let again = hint().await;
    assert!(
        again.contains("A question about") && again.contains("The shape of"),
        "{again}"
    );

    let (_, other, _) = course(&fixture.root, &["hint", "half", "begins"]).await;
    assert!(
        other.contains("hint 1 of 2"),
        "each test has its own hints: {other}"
    );
    let (code, out, _) = course(&fixture.root, &["hint", "half"]).await;
    assert_eq!(code, 0);
    assert!(
        out.contains("Promise of counts"),
        "the first test that fails: {out}"
    );
}

#[tokio::test]
async fn the_solution_is_shown_beside_yours_with_other_right_answers() {
    let fixture = half_done();
    let (code, out, err) = course(&fixture.root, &["solution", "half"]).await;
    assert_eq!(code, 0, "{err}");
    for words in [
        "- // mine",
        "+ // ours",
        "accepted/sum.rs",
        "adds, which costs nothing",
    ] {
        assert!(
            out.contains(&words.replace('/', std::path::MAIN_SEPARATOR_STR)) || out.contains(words),
            "{words} in {out}"
        );
    }
}

#[tokio::test]
async fn unknown_names_are_answered_with_those_that_are_near_and_with_all() {
    let fixture = half_done();
    let (code, _, err) = course(&fixture.root, &["check", "halv"]).await;
    assert_eq!(code, 1);
    assert!(
        err.contains("did you mean `half`?") && err.contains("the exercises are: half"),
        "{err}"
    );
    let (_, _, err) = course(&fixture.root, &["solution", "99"]).await;
    assert!(
        !err.contains("did you mean") && err.contains("the exercises are: half"),
        "{err}"
    );
    let (_, _, err) = course(&fixture.root, &["hint", "half", "count"]).await;
    assert!(err.contains("did you mean `counts`?"), "{err}");
}

#[tokio::test]
async fn outside_of_the_course_the_next_step_is_named() {
    let empty = tempfile::tempdir().unwrap();
    let (code, _, err) = course(empty.path(), &["check"]).await;
    assert_eq!(code, 1);
    assert!(err.contains("inside the course's folder"), "{err}");

    file(
        &empty.path().join("Cargo.toml"),
        "[package]\nname = \"other\"\n[lib]\npath = \"lib.rs\"\n",
    );
    file(&empty.path().join("lib.rs"), "");
    let (_, _, err) = course(empty.path(), &["check"]).await;
    assert!(err.contains("there are no exercises in"), "{err}");
}

#[tokio::test]
async fn a_setting_that_cargo_does_not_take_is_named() {
    let fixture = half_done();
    for (name, value) in [("CARGO_TERM_COLOR", "banana"), ("CARGO_TARGET_DIR", "")] {
        let mut command = command(&fixture.root, &["check"]);
        command.env(name, value);
        let (code, _, err) = said(command).await;
        assert_eq!(code, 1);
        let step = format!("Cargo does not take what {name} says");
        assert!(err.contains(&step), "{err}");
    }
}

#[tokio::test]
async fn without_cargo_the_next_step_is_to_install_it() {
    let fixture = half_done();
    let mut command = command(&fixture.root, &["check"]);
    command.env_remove("CARGO").env("PATH", "");
    let (code, _, err) = said(command).await;
    assert_eq!(code, 1);
    assert!(err.contains("cargo was not found: install Rust"), "{err}");
}

#[tokio::test]
async fn the_book_is_built_where_it_is_wanted_and_nothing_else_is_deleted() {
    let fixture = half_done();
    let (code, out, err) = course(&fixture.root, &["build", "--dest", "site"]).await;
    assert_eq!(code, 0, "{err}");
    assert!(
        out.contains("site") && fixture.root.join("site/one.html").is_file(),
        "{out}"
    );
    let (code, _, err) = course(&fixture.root, &["build", "--dest", "exercises"]).await;
    assert_eq!(code, 1);
    assert!(
        err.contains("--dest") && fixture.root.join("exercises/01-half").is_dir(),
        "{err}"
    );
}

/// A `cargo course` that runs.
struct Live {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Live {
    fn start(fixture: &Fixture, arguments: &[&str]) -> Self {
        let mut child = command(&fixture.root, arguments)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines }
    }

    /// Reads on until a line with these words, which is returned.
    async fn until(&mut self, words: &str) -> String {
        let reading = async {
            loop {
                let line = self
                    .lines
                    .next_line()
                    .await
                    .unwrap()
                    .expect("the program has ended");
                if line.contains(words) {
                    return line;
                }
            }
        };
        timeout(WATCHDOG, reading)
            .await
            .unwrap_or_else(|_| panic!("never says {words:?}"))
    }

    /// Sends the signal and returns the exit code.
    #[cfg(unix)]
    async fn end(mut self, signal: rustix::process::Signal) -> i32 {
        let pid = rustix::process::Pid::from_raw(self.child.id().unwrap().cast_signed()).unwrap();
        rustix::process::kill_process(pid, signal).unwrap();
        let ended = timeout(WATCHDOG, self.child.wait()).await;
        ended
            .expect("the program does not end")
            .unwrap()
            .code()
            .unwrap()
    }
}

fn library(fixture: &Fixture) -> PathBuf {
    fixture.root.join("exercises/01-half/src/lib.rs")
}

#[tokio::test]
async fn a_save_is_checked_and_its_verdict_comes_by_itself() {
    let fixture = half_done();
    let mut live = Live::start(&fixture, &["--port", "0"]);
    live.until("to begin at once").await;
    live.until("http://127.0.0.1:").await;
    live.until("01-half  1 of 2 tests pass").await;
    file(&library(&fixture), "pub fn count() -> u32 { two }\n");
    live.until("01-half  does not compile").await;
    live.until("E0425").await;
    file(&library(&fixture), "pub fn count() -> u32 { 2 }\n");
    live.until("01-half  all 2 tests pass").await;
}

/// Starts it where it has a terminal to itself; the keyboard comes with it.
#[cfg(target_os = "linux")]
fn on_a_terminal(fixture: &Fixture, arguments: &str) -> (Live, ChildStdin) {
    let program = format!("'{}' {arguments}", env!("CARGO_BIN_EXE_course"));
    let mut child = Command::new("script")
        .args(["--quiet", "--return", "--command", &program, "/dev/null"])
        .current_dir(&fixture.root)
        .env_remove("CARGO_TARGET_DIR")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let keyboard = child.stdin.take().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    (Live { child, lines }, keyboard)
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn keys_steer_it_where_it_has_a_terminal() {
    let fixture = half_done();
    let (mut live, mut keyboard) = on_a_terminal(&fixture, "--port 0");
    live.until("1 of 2 tests pass").await;
    for (key, answer) in [
        (b"h", "hint 1 of 2"),
        (b"n", "to change: exercises/01-half/src/lib.rs"),
        (b"l", "1 of 2 tests pass"),
        (b"?", "keys: h hint"),
        (b"r", "running 01-half"),
    ] {
        keyboard.write_all(key).await.unwrap();
        live.until(answer).await;
    }
    keyboard.write_all(b"q").await.unwrap();
    let ended = timeout(WATCHDOG, live.child.wait()).await;
    assert_eq!(ended.expect("q does not end it").unwrap().code(), Some(0));
}

#[tokio::test]
async fn a_room_opens_where_the_trainer_says_and_nowhere_else() {
    let fixture = half_done();
    let (code, _, err) = course(&fixture.root, &["room"]).await;
    assert!(code == 2 && err.contains("--bind <ADDRESS:PORT>"), "{err}");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let (code, _, err) = course(&fixture.root, &["room", "--bind", &address]).await;
    assert!(
        code == 1 && err.contains(&address) && err.contains("as in --bind 192.168.1.20:4000"),
        "{err}"
    );
}

#[tokio::test]
async fn a_room_is_joined_by_name_and_by_a_key_alone() {
    let fixture = half_done();
    let room = "127.0.0.1:1/abcdefgh";
    for (arguments, words) in [
        (&["--room", room][..], "--as <NAME>"),
        (&["--as", "Anna"], "--room <ADDRESS/CODE>"),
        (
            &["--room", "127.0.0.1:1", "--as", "Anna"],
            "as the trainer shows it",
        ),
        (&["--room", room, "--as", " "], "a name has 1 to 40 letters"),
    ] {
        let (code, _, err) = course(&fixture.root, arguments).await;
        assert!(code == 2 && err.contains(words), "{err}");
    }
    let mut joining = command(
        &fixture.root,
        &["--port", "0", "--room", room, "--as", "Anna"],
    );
    let mut child = joining
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(child.stderr.take().unwrap()).lines();
    let warned = async {
        while let Some(line) = said.next_line().await.unwrap() {
            if line.contains("without a terminal there is no key that joins the room") {
                return;
            }
        }
        panic!("no warning");
    };
    timeout(WATCHDOG, warned).await.expect("no warning");
}

/// What the trainer's page shows, in one line: "2 in 01-half: Promise of counts".
#[cfg(target_os = "linux")]
async fn seen(trainer: &str) -> String {
    let (_, address) = trainer.split_once("http://").unwrap();
    let (address, token) = address.split_once("/trainer#").unwrap();
    let (_, port) = address.split_once(':').unwrap();
    let request =
        format!("GET /places HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\n\r\n");
    let response = ask_raw(port.parse().unwrap(), &request).await;
    let (_, body) = response.split_once("\r\n\r\n").unwrap();
    let shown: serde_json::Value = serde_json::from_str(body).unwrap();
    let places = shown["places"].as_array().unwrap();
    let people = shown["people"].as_u64().unwrap();
    let place = places.first().map(|place| {
        let name = place["people"][0]["who"].as_str().unwrap();
        format!(": {name} at {}", place["title"].as_str().unwrap())
    });
    format!("{people}{}", place.unwrap_or_default())
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_learner_joins_a_room_by_one_key_and_leaves_it_by_the_same() {
    let fixture = half_done();
    let mut room = Live::start(&fixture, &["room", "--bind", "127.0.0.1:0"]);
    let trainer = room.until("/trainer#").await;
    let join = room.until("cargo course --room ").await;
    let (_, join) = join.split_once("cargo course ").unwrap();
    let join = join.replace("NAME", "'<i>Anna</i> é'");

    let (mut live, mut keyboard) = on_a_terminal(&fixture, &format!("--port 0 {join}"));
    live.until("1 of 2 tests pass").await;
    keyboard.write_all(b"h").await.unwrap();
    live.until("hint 1 of 2").await;
    assert_eq!(seen(&trainer).await, "0");

    keyboard.write_all(b"j").await.unwrap();
    live.until("you join. This is sent now:").await;
    let sent = live.until("{").await;
    assert_eq!(
        sent.trim(),
        r#"{"v":1,"who":"<i>Anna</i> é","exercise":"half","passed":1,"of":2,"first":"counts","hints":1}"#
    );
    live.until(": you are in; j leaves").await;
    assert_eq!(
        seen(&trainer).await,
        "1: <i>Anna</i> é at Promise of counts"
    );

    file(&library(&fixture), "pub fn count() -> u32 { 2 }\n");
    live.until("all 2 tests pass").await;
    let told = async {
        while seen(&trainer).await != "1: <i>Anna</i> é at All tests pass" {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    };
    timeout(WATCHDOG, told)
        .await
        .expect("the verdict is not told");

    keyboard.write_all(b"j").await.unwrap();
    live.until(": you have left: nothing more is sent, and the room has forgotten you")
        .await;
    assert_eq!(seen(&trainer).await, "0");

    keyboard.write_all(b"j").await.unwrap();
    live.until(": you are in; j leaves").await;
    keyboard.write_all(b"q").await.unwrap();
    let ended = timeout(WATCHDOG, live.child.wait()).await;
    assert_eq!(ended.expect("q does not end it").unwrap().code(), Some(0));
    assert_eq!(seen(&trainer).await, "0");

    room.child.start_kill().unwrap();
    while let Some(line) = timeout(WATCHDOG, room.lines.next_line())
        .await
        .unwrap()
        .unwrap()
    {
        assert!(!line.contains("Anna"), "{line}");
    }
}

#[tokio::test]
async fn a_save_in_the_middle_of_a_check_replaces_it() {
    let stuck = "#[test] fn waits() { alive() }";
    let fixture = Fixture::new().exercise("01-replaced", "", stuck, &["waits"]);
    let processes = fixture.watch_processes("01-replaced").await;
    let mut live = Live::start(&fixture, &["--port", "0"]);
    let process = processes.next().await;
    let tests = fixture.root.join("exercises/01-replaced/tests/replaced.rs");
    // Two saves at once: whichever of them is seen, the last one is checked.
    file(&tests, "#[test] fn waits() { panic!(\"half written\") }");
    file(&tests, "#[test] fn waits() {}");
    process.ended().await;
    live.until("01-replaced  all 1 tests pass").await;
}

#[tokio::test]
async fn a_test_that_writes_into_src_is_told_and_a_save_is_still_checked() {
    let tests = r#"
        #[test] fn writes() {
            let name = concat!(env!("CARGO_MANIFEST_DIR"), "/src/out.txt");
            let length = std::fs::read(name).map_or(0, |old| old.len());
            std::fs::write(name, "x".repeat(length + 1)).unwrap();
            assert_eq!(writes::count(), 2);
        }
    "#;
    let library = "pub fn count() -> u32 { 1 }\n";
    let fixture = Fixture::new().exercise("01-writes", library, tests, &["writes"]);
    let mut live = Live::start(&fixture, &["--port", "0"]);
    live.until("01-writes  0 of 1 tests pass").await;
    let save = |number: u32| {
        let text = format!("pub fn count() -> u32 {{ {number} }} // {number}\n");
        file(&fixture.root.join("exercises/01-writes/src/lib.rs"), &text);
    };
    save(3333);
    live.until("src/out.txt changed while the tests ran").await;
    save(2);
    live.until("01-writes  all 1 tests pass").await;
    live.until("src/out.txt changed while the tests ran").await;
}

/// The tests run in an exploration, too, so it could look as if they had written what was saved meanwhile.
#[tokio::test]
async fn each_save_ends_an_exploration_at_once() {
    let tests = "#[test] fn explored() { if harness::explores() { alive() } }";
    let fixture = Fixture::new().exercise("01-explored", "", tests, &["explored"]);
    let root = &fixture.root;
    for (folder, name, explores) in [
        ("harness", "harness", false),
        ("book/tokio-traced/explored", "harness-explored", true),
    ] {
        let package =
            format!("[package]\nname = \"{name}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n");
        let library = format!("pub fn explores() -> bool {{ {explores} }}\n");
        file(&root.join(folder).join("Cargo.toml"), &package);
        file(&root.join(folder).join("src/lib.rs"), &library);
    }
    file(
        &root.join("Cargo.toml"),
        "[workspace]\nresolver = \"3\"\nmembers = [\"exercises/*\"]\nexclude = [\"book\"]\n\
         [workspace.dependencies]\nharness = { path = \"harness\" }\n[profile.dev]\ndebug = false\n",
    );
    let exercise = root.join("exercises/01-explored");
    let manifest = std::fs::read_to_string(exercise.join("Cargo.toml")).unwrap();
    file(
        &exercise.join("Cargo.toml"),
        &(manifest + "[dev-dependencies]\nharness.workspace = true\n"),
    );
    let processes = fixture.watch_processes("01-explored").await;
    let mut live = Live::start(&fixture, &["--port", "0"]);
    live.until("01-explored  all 1 tests pass").await;
    let save = |number| file(&exercise.join("src/lib.rs"), &format!("// {number}\n"));
    save(100);
    for number in 101..106 {
        live.until("01-explored  now in other schedules").await;
        let process = processes.next().await;
        save(number);
        process.ended().await;
        live.until("01-explored  all 1 tests pass").await;
    }
}

#[tokio::test]
async fn a_taken_port_is_told_and_the_next_free_one_is_used() {
    let fixture = half_done();
    let taken = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let mut live = Live::start(&fixture, &["--port", &port]);
    live.until(&format!("port {port} is taken")).await;
    live.until("http://127.0.0.1:").await;
}

#[cfg(unix)]
mod signals {
    use super::*;
    use rustix::process::Signal;

    #[tokio::test]
    async fn ctrl_c_while_a_test_runs_ends_it() {
        let fixture = Fixture::new().exercise(
            "01-stuck-live",
            "",
            "#[test] fn stuck() { alive() }",
            &["stuck"],
        );
        let processes = fixture.watch_processes("01-stuck-live").await;
        let live = Live::start(&fixture, &["--port", "0"]);
        let process = processes.next().await;
        assert_eq!(live.end(Signal::INT).await, 130);
        process.ended().await;
    }

    #[tokio::test]
    async fn a_program_that_is_killed_leaves_no_test_behind() {
        let fixture = Fixture::new().exercise(
            "01-killed",
            "",
            "#[test] fn stuck() { alive() }",
            &["stuck"],
        );
        let processes = fixture.watch_processes("01-killed").await;
        let mut live = Live::start(&fixture, &["--port", "0"]);
        let process = processes.next().await;
        live.child.kill().await.unwrap();
        process.ended().await;
    }

    #[tokio::test]
    async fn a_program_that_is_killed_leaves_no_cargo_behind() {
        let fixture =
            Fixture::new().exercise("01-killed-build", "", "#[test] fn passes() {}", &["passes"]);
        let processes = fixture.watch_processes("01-killed-build").await;
        let script = format!("{}\nfn main() {{ alive() }}", common::ALIVE);
        file(
            &fixture.root.join("exercises/01-killed-build/build.rs"),
            &script,
        );
        let mut live = Live::start(&fixture, &["check"]);
        let process = processes.next().await;
        live.child.kill().await.unwrap();
        process.ended().await;
    }

    #[tokio::test]
    async fn ctrl_c_while_cargo_builds_ends_it() {
        let fixture =
            Fixture::new().exercise("01-builds-live", "", "#[test] fn passes() {}", &["passes"]);
        let processes = fixture.watch_processes("01-builds-live").await;
        let script = format!("{}\nfn main() {{ alive() }}", common::ALIVE);
        file(
            &fixture.root.join("exercises/01-builds-live/build.rs"),
            &script,
        );
        for arguments in [&["--port", "0"][..], &["check"], &["hint", "1"]] {
            let live = Live::start(&fixture, arguments);
            let process = processes.next().await;
            assert_eq!(live.end(Signal::INT).await, 130);
            process.ended().await;
        }
    }

    #[tokio::test]
    async fn asked_to_end_with_pages_open_it_ends_too() {
        let fixture = half_done();
        for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
            let mut live = Live::start(&fixture, &["--port", "0"]);
            let line = live.until("http://127.0.0.1:").await;
            let (_, rest) = line.split_once("127.0.0.1:").unwrap();
            let port: u16 = rest.split('/').next().unwrap().parse().unwrap();
            let mut page = tokio::net::TcpStream::connect(("127.0.0.1", port))
                .await
                .unwrap();
            let request = format!(
                "GET /api/exercises/half/events HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n"
            );
            tokio::io::AsyncWriteExt::write_all(&mut page, request.as_bytes())
                .await
                .unwrap();
            let mut lines = BufReader::new(page).lines();
            while !lines
                .next_line()
                .await
                .unwrap()
                .unwrap()
                .starts_with("data: ")
            {}
            assert_eq!(live.end(signal).await, 130);
        }
    }
}
