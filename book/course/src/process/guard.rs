//! Ends what this program started if it is killed itself (`kill -9`), and so cannot do it.
//!
//! The guard is this program once more, in a process of its own that waits at the end of a pipe. It is told of each process
//! group that begins and of each that has ended. When the program ends, however it ends, the system closes the pipe, and
//! the guard kills the groups that are left. On Windows the system does the same by itself: see `group.rs`.

#[cfg(unix)]
pub use unix::{ARGUMENT, begins, ended, stand, start};

#[cfg(unix)]
mod unix {
    use rustix::process::{Pid, Signal, kill_process_group};
    use std::{
        collections::BTreeSet,
        env,
        io::{self, BufRead, Write},
        os::unix::process::CommandExt,
        process::{ChildStdin, Command, Stdio},
        sync::OnceLock,
    };

    /// With this argument the program is the guard. It is none of the commands.
    pub const ARGUMENT: &str = "--guard";

    /// The pipe to the guard, from the program's begin to its end. There is none in tests of this library.
    static PIPE: OnceLock<ChildStdin> = OnceLock::new();

    /// Starts the guard. If that fails there is none, and all else goes on.
    pub fn start() {
        let Ok(program) = env::current_exe() else {
            return;
        };
        let guard = Command::new(program)
            .arg(ARGUMENT)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // Ctrl-C is for the program.
            .process_group(0)
            .spawn();
        if let Some(pipe) = guard.ok().and_then(|mut guard| guard.stdin.take()) {
            // An error: it was started already.
            let _ = PIPE.set(pipe);
        }
    }

    /// A process group has begun.
    pub fn begins(id: Pid) {
        tell('+', id);
    }

    /// A process group was killed: its number may be given to a stranger.
    pub fn ended(id: Pid) {
        tell('-', id);
    }

    fn tell(sign: char, id: Pid) {
        if let Some(mut pipe) = PIPE.get() {
            // In one piece, so that two threads' lines stay apart. An error: the guard was killed, and nobody guards.
            let line = format!("{sign}{}\n", id.as_raw_nonzero());
            let _ = pipe.write_all(line.as_bytes());
        }
    }

    /// Is the guard, until the program has ended.
    pub fn stand() {
        let mut groups = BTreeSet::new();
        for line in io::stdin().lock().lines().map_while(Result::ok) {
            match (line.get(..1), line.get(1..).and_then(|id| id.parse().ok())) {
                (Some("+"), Some(id)) => _ = groups.insert(id),
                (Some("-"), Some(id)) => _ = groups.remove(&id),
                _ => {}
            }
        }
        for id in groups.into_iter().filter_map(Pid::from_raw) {
            // The only error is "no such group": all have ended already.
            let _ = kill_process_group(id, Signal::KILL);
        }
    }
}
