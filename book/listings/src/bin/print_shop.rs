//! A program that ends well: `cargo run -p listings --bin print_shop -- 2 10` has three posters to print, two seconds each, and ten
//! seconds of grace. Press Ctrl-C, or send it a SIGTERM; press Ctrl-C twice; or give it less grace than it needs.
//!
//! It ends with 0 when all that was accepted has been printed, with 1 when it had to give something up, and with 130 at the second signal.

use std::{process::ExitCode, time::Duration};
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
    time::sleep,
};

const POSTERS: u32 = 3;

// ANCHOR: main
#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let (each, grace) = times()?;
    let mut signals = Signals::listen()?; // before there is anything to lose
    let (mut press, stop) = open(each);
    println!("ready");

    signals.next().await;
    println!("closing");
    let _ = stop.send(());
    Ok(tokio::select! {
        done = &mut press => {
            done?; // a panic of the press
            println!("all printed");
            ExitCode::SUCCESS
        }
        () = sleep(grace) => {
            println!("the grace is over");
            ExitCode::FAILURE
        }
        () = signals.next() => ExitCode::from(130),
    })
}
// ANCHOR_END: main

/// What a poster takes, and the grace: in seconds, from the command line.
fn times() -> anyhow::Result<(Duration, Duration)> {
    let mut seconds = std::env::args().skip(1).map(|word| word.parse());
    let mut next = |default| seconds.next().unwrap_or(Ok(default));
    let (each, grace) = (next(2.0)?, next(10.0)?);
    Ok((
        Duration::try_from_secs_f64(each)?,
        Duration::try_from_secs_f64(grace)?,
    ))
}

// ANCHOR: signals
#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    /// From now on these signals do not end the process by themselves any more.
    fn listen() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    /// Returns when the process is told to end: by Ctrl-C, or by the service manager that runs it.
    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
// ANCHOR_END: signals

#[cfg(windows)]
struct Signals(tokio::signal::windows::CtrlC);

#[cfg(windows)]
impl Signals {
    fn listen() -> std::io::Result<Self> {
        tokio::signal::windows::ctrl_c().map(Self)
    }

    async fn next(&mut self) {
        self.0.recv().await;
    }
}

/// A press that has accepted some posters, and what closes it.
fn open(each: Duration) -> (JoinHandle<()>, oneshot::Sender<()>) {
    let (sender, mut mailbox) = mpsc::channel(8);
    for poster in 1..=POSTERS {
        sender.try_send(poster).expect("there is a slot for each");
    }
    let (stop, mut stopped) = oneshot::channel();
    let press = tokio::spawn(async move {
        let _customer = sender; // somebody who could order more: without `close`, the mailbox never ends
        let mut open = true;
        loop {
            tokio::select! {
                biased;
                _ = &mut stopped, if open => {
                    open = false;
                    mailbox.close();
                }
                poster = mailbox.recv() => {
                    let Some(poster) = poster else { break };
                    sleep(each).await;
                    println!("printed {poster}");
                }
            }
        }
    });
    (press, stop)
}
