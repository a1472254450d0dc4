//! The program of chapter 13 as a process: signals in, lines and an exit code out. No test depends on how long anything takes.

#![cfg(unix)]

use rustix::process::{Pid, Signal, kill_process};
use std::{
    io::{BufRead, BufReader, Lines},
    process::{Child, ChildStdout, Command, ExitStatus, Stdio},
};

/// Longer than any test waits, in seconds.
const FOR_EVER: &str = "3600";

struct PrintShop {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl PrintShop {
    /// Starts it, and waits until it listens to signals.
    fn start(each: &str, grace: &str) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_print_shop"))
            .args([each, grace])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut shop = Self { child, lines };
        shop.says("ready");
        shop
    }

    fn says(&mut self, line: &str) {
        assert_eq!(self.lines.next().unwrap().unwrap(), line);
    }

    fn signal(&self, signal: Signal) {
        let pid = Pid::from_child(&self.child);
        kill_process(pid, signal).unwrap();
    }

    /// What it said to its end, and how it ended.
    fn ends(mut self) -> (Vec<String>, ExitStatus) {
        let lines = self.lines.by_ref().map(Result::unwrap).collect();
        (lines, self.child.wait().unwrap())
    }
}

impl Drop for PrintShop {
    /// A test that failed leaves no process behind.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Page: "A program that ends well": told to end by either signal, it prints what it has accepted.
#[test]
fn what_was_accepted_is_printed() {
    for signal in [Signal::TERM, Signal::INT] {
        let shop = PrintShop::start("0.1", FOR_EVER);
        shop.signal(signal);
        let (lines, status) = shop.ends();
        let printed: Vec<_> = lines
            .iter()
            .filter(|line| line.starts_with("printed"))
            .collect();
        assert_eq!(printed, ["printed 1", "printed 2", "printed 3"]);
        assert!(lines.contains(&"closing".to_owned()));
        assert_eq!(lines.last().unwrap(), "all printed");
        assert_eq!(status.code(), Some(0));
    }
}

/// Page: "A program that ends well": when the grace is over, it ends, and says so.
#[test]
fn the_grace_ends() {
    let mut shop = PrintShop::start(FOR_EVER, "0.01");
    shop.signal(Signal::TERM);
    shop.says("closing");
    let (lines, status) = shop.ends();
    assert_eq!(lines, ["the grace is over"]);
    assert_eq!(status.code(), Some(1));
}

/// Page: "A program that ends well": whoever presses Ctrl-C again does not want to wait.
#[test]
fn a_second_signal_ends_it_at_once() {
    let mut shop = PrintShop::start(FOR_EVER, FOR_EVER);
    shop.signal(Signal::INT);
    shop.says("closing");
    shop.signal(Signal::INT);
    let (lines, status) = shop.ends();
    assert!(lines.is_empty());
    assert_eq!(status.code(), Some(130));
}

/// Page: "A program that ends well": it goes on until it is told to end.
#[test]
fn without_a_signal_it_goes_on() {
    let mut shop = PrintShop::start("0", FOR_EVER);
    for poster in 1..=3 {
        shop.says(&format!("printed {poster}"));
    }
    assert!(shop.child.try_wait().unwrap().is_none());
    shop.signal(Signal::TERM);
    let (lines, status) = shop.ends();
    assert_eq!(lines, ["closing", "all printed"]);
    assert!(status.success());
}
