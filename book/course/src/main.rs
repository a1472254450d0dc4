//! `cargo course`: see `cli.rs` for the commands, and the README for everything else.

use anyhow::Context;
use clap::{Parser, error::ErrorKind};
#[cfg(unix)]
use course::process::guard;
use course::{cli::Cli, terminal};
use std::{process, time::Duration};
use tokio::{runtime::Builder, select, task::spawn_blocking};

/// How long what is under way may take to end after the command was dropped.
const GRACE: Duration = Duration::from_secs(2);

/// The exit code of a program that was ended by Ctrl-C.
const INTERRUPTED: u8 = 130;

fn main() -> anyhow::Result<()> {
    #[cfg(unix)]
    if std::env::args().nth(1).as_deref() == Some(guard::ARGUMENT) {
        guard::stand();
        return Ok(());
    }
    let cli = Cli::try_parse().unwrap_or_else(|error| {
        // An error says that nobody reads any more.
        let _ = error.print();
        if error.kind() == ErrorKind::InvalidSubcommand {
            terminal::note("an exercise's name comes after a command: `cargo course check recipe`");
        }
        process::exit(error.exit_code())
    });
    #[cfg(unix)]
    guard::start();
    // Two runtimes: signals are still heard while the other one, with all actors, is being shut down.
    let signals = Builder::new_current_thread().enable_all().build();
    let signals =
        signals.context("the system gives us no event queue: close some programs and try again")?;
    let actors = Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    let actors =
        actors.context("the system gives us no threads: close some programs and try again")?;

    let code = signals.block_on(async {
        let mut command = actors.spawn(cli.run());
        let code = select! {
            ended = &mut command => match ended? {
                Ok(code) => code,
                Err(error) => {
                    terminal::error(&error);
                    1
                }
            },
            signal = shutdown_signal() => {
                signal?;
                INTERRUPTED
            }
        };
        // This drops the command and every actor, and with them all processes that they started.
        let shutdown = spawn_blocking(move || actors.shutdown_timeout(GRACE));
        select! {
            _ = shutdown => {}
            _ = shutdown_signal() => {}
        }
        anyhow::Ok(code)
    })?;
    process::exit(code.into())
}

/// Waits for Ctrl-C, or for any other of the system's ways to ask a program to end.
#[cfg(unix)]
async fn shutdown_signal() -> anyhow::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hangup = signal(SignalKind::hangup())?;
    select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
        _ = hangup.recv() => {}
    }
    Ok(())
}

/// Waits for Ctrl-C, or for any other of the system's ways to ask a program to end.
#[cfg(windows)]
async fn shutdown_signal() -> anyhow::Result<()> {
    use tokio::signal::windows;
    let mut interrupt = windows::ctrl_c()?;
    let mut pause = windows::ctrl_break()?;
    let mut close = windows::ctrl_close()?;
    select! {
        _ = interrupt.recv() => {}
        _ = pause.recv() => {}
        _ = close.recv() => {}
    }
    Ok(())
}
