//! Processes that end with their test, however it ends.

use rustix::process::{Pid, Signal, kill_process_group};
use std::{
    fs,
    os::unix::process::CommandExt,
    process::{Child, Command},
    thread,
    time::{Duration, Instant},
};

/// How long a program may take to end after it was asked to.
const PATIENCE: Duration = Duration::from_secs(10);

/// A process and all that it started, as one process group. Dropping it ends them all.
pub struct Group {
    leader: Child,
}

impl Group {
    pub fn spawn(command: &mut Command) -> std::io::Result<Self> {
        Ok(Self {
            leader: command.process_group(0).spawn()?,
        })
    }

    pub fn leader(&mut self) -> &mut Child {
        &mut self.leader
    }

    /// Whether one of them still runs. (Those that have ended and that nobody has asked about yet do not count.)
    fn is_alive(&self) -> bool {
        let processes = fs::read_dir("/proc")
            .expect("these tests need Linux")
            .flatten();
        let stats =
            processes.filter_map(|process| fs::read_to_string(process.path().join("stat")).ok());
        // PID (NAME) STATE PARENT GROUP …: the name may contain anything.
        let mut fields = stats.filter_map(|stat| Some(stat.rsplit_once(") ")?.1.to_owned()));
        fields.any(|fields| {
            let mut fields = fields.split(' ');
            let (state, group) = (fields.next(), fields.nth(1));
            state != Some("Z") && group == Some(&self.leader.id().to_string())
        })
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let id = Pid::from_child(&self.leader);
        // Asked first, so that it can end what it started in groups of their own.
        let _ = kill_process_group(id, Signal::TERM);
        let asked = Instant::now();
        while self.is_alive() && asked.elapsed() < PATIENCE {
            thread::sleep(Duration::from_millis(10));
        }
        let _ = kill_process_group(id, Signal::KILL);
        let _ = self.leader.wait();
    }
}
