//! Runs a command to its end or its limit and keeps an excerpt of what it said. For commands that learners wrote:
//! they may spin, print without end, or leave children behind.

use crate::process::{excerpt::Excerpt, group::Group, plain};
use std::{
    io,
    pin::pin,
    process::{ExitStatus, Stdio},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt},
    process::Command,
    time::timeout,
};

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// By itself.
    Exited(ExitStatus),
    /// By us, at its limit.
    OutOfTime,
}

impl End {
    /// Whether it ended by itself, with exit code 0.
    pub fn is_success(self) -> bool {
        matches!(self, Self::Exited(status) if status.success())
    }
}

/// A command that has ended, with all that it started.
#[derive(Debug)]
pub struct Finished {
    /// How it ended.
    pub end: End,
    /// At most 16 KiB of its stdout, without what a terminal would obey: see [`plain`].
    pub stdout: String,
    /// At most 16 KiB of its stderr, in the same way.
    pub stderr: String,
}

/// How long output may still come after all processes that we know of were ended. Only a process that left its group
/// can hold a pipe open; nobody waits for that one.
const LEFT_OVER: Duration = Duration::from_secs(1);

/// Runs `command` until it ends, or for `limit`. No process that it started outlives this call, however it ends.
///
/// # Errors
/// The command could not be started.
///
/// # Cancel safety
/// Dropping the future ends the processes.
pub async fn run(command: Command, limit: Duration) -> io::Result<Finished> {
    run_with(command, Stdio::null(), limit).await
}

/// The same, with something to read on stdin.
///
/// # Errors
/// As [`run`].
///
/// # Cancel safety
/// As [`run`].
pub async fn run_with(mut command: Command, stdin: Stdio, limit: Duration) -> io::Result<Finished> {
    command
        .stdin(stdin)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut group = Group::spawn(command)?;
    let (mut stdout, mut stderr) = (Excerpt::default(), Excerpt::default());
    let end = follow(&mut group, limit, &mut stdout, &mut stderr).await?;
    Ok(Finished {
        end,
        stdout: plain::text(&stdout.into_text()),
        stderr: plain::text(&stderr.into_text()),
    })
}

async fn follow(
    group: &mut Group,
    limit: Duration,
    stdout: &mut Excerpt,
    stderr: &mut Excerpt,
) -> io::Result<End> {
    let (out, err) = (group.take_stdout(), group.take_stderr());
    let mut reading = pin!(async { tokio::join!(drain(out, stdout), drain(err, stderr)) });
    let mut all_read = false;

    let ended = {
        let mut ending = pin!(timeout(limit, group.wait()));
        loop {
            // Both at once: a process whose full pipe nobody reads would never end.
            tokio::select! {
                ended = &mut ending => break ended,
                _ = &mut reading, if !all_read => all_read = true,
            }
        }
    };
    // Also after a normal end: what the process left behind holds our pipes open, and the learner's machine busy.
    group.kill();
    if !all_read {
        // An error says that the time is over: what was read until now is what there is.
        let _ = timeout(LEFT_OVER, reading).await;
    }
    match ended {
        Ok(status) => Ok(End::Exited(status?)),
        Err(_) => Ok(End::OutOfTime),
    }
}

/// Reads to the end, so that the writer is never held up, and keeps an excerpt.
async fn drain(pipe: Option<impl AsyncRead + Unpin>, excerpt: &mut Excerpt) {
    let Some(mut pipe) = pipe else { return };
    let mut buffer = vec![0; 64 * 1024];
    // A pipe that cannot be read counts as ended: the exit code still tells the result.
    while let Ok(count @ 1..) = pipe.read(&mut buffer).await {
        excerpt.push(&buffer[..count]);
    }
}
