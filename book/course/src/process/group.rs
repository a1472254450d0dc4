//! A process and all that it starts, ended together. Dropping a [`Group`] ends the whole family: this is how a check
//! that is replaced, a test that never ends and Ctrl-C leave nothing behind. A program that is killed drops nothing: see
//! `guard.rs`.
//!
//! A process that leaves its family on purpose (`setsid` on Unix) is out of reach.

use std::{io, process::ExitStatus};
use tokio::process::{ChildStderr, ChildStdout, Command};

pub use platform::Group;

#[cfg(unix)]
mod platform {
    use super::*;
    use crate::process::guard;
    use rustix::process::{Pid, Signal, kill_process_group};
    use tokio::process::Child;

    /// A process group of its own: the terminal's Ctrl-C does not reach it, we do.
    #[derive(Debug)]
    pub struct Group {
        child: Child,
        /// The group has its first process's number, also after that process has ended.
        id: Option<Pid>,
    }

    impl Group {
        pub fn spawn(mut command: Command) -> io::Result<Self> {
            let child = command.process_group(0).spawn()?;
            let id = child.id().and_then(|id| Pid::from_raw(id.cast_signed()));
            id.inspect(|id| guard::begins(*id));
            Ok(Self { child, id })
        }

        pub fn take_stdout(&mut self) -> Option<ChildStdout> {
            self.child.stdout.take()
        }

        pub fn take_stderr(&mut self) -> Option<ChildStderr> {
            self.child.stderr.take()
        }

        /// Waits for the first process alone: what it started may live longer.
        ///
        /// # Cancel safety
        /// Cancel safe: a second call waits on.
        pub async fn wait(&mut self) -> io::Result<ExitStatus> {
            self.child.wait().await
        }

        /// Ends every process of the group at once. Tokio reaps the first one in the background.
        pub fn kill(&mut self) {
            // `take`: once ended, the number may be given to a stranger.
            if let Some(id) = self.id.take() {
                // The only error is "no such group": all have ended already.
                let _ = kill_process_group(id, Signal::KILL);
                guard::ended(id);
            }
        }
    }
}

#[cfg(windows)]
mod platform {
    use super::*;
    use process_wrap::tokio::{ChildWrapper, CommandWrap, JobObject, KillOnDrop};

    /// A job object: what the process starts belongs to it too. The system closes it when this program ends, however it
    /// ends, and `KillOnDrop` lets it end the processes then.
    #[derive(Debug)]
    pub struct Group {
        child: Box<dyn ChildWrapper>,
    }

    impl Group {
        pub fn spawn(command: Command) -> io::Result<Self> {
            let child = CommandWrap::from(command)
                .wrap(KillOnDrop)
                .wrap(JobObject)
                .spawn()?;
            Ok(Self { child })
        }

        pub fn take_stdout(&mut self) -> Option<ChildStdout> {
            self.child.stdout().take()
        }

        pub fn take_stderr(&mut self) -> Option<ChildStderr> {
            self.child.stderr().take()
        }

        /// Waits for the first process alone: what it started may live longer.
        pub async fn wait(&mut self) -> io::Result<ExitStatus> {
            // `inner`: the job's own `wait` is for all of its processes.
            self.child.inner_mut().wait().await
        }

        /// Ends every process of the job at once.
        pub fn kill(&mut self) {
            // The only error is that all have ended already.
            let _ = self.child.start_kill();
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.kill();
    }
}
