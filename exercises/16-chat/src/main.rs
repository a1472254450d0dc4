//! Your server as a program: `cargo run -p chat`. Talk to it with `nc 127.0.0.1 7000`; Ctrl-C says goodbye to all.

use chat::{Limits, serve};
use clap::{Parser, builder::RangedU64ValueParser};
use std::{io, process::exit, time::Duration};
use tokio::{net::TcpListener, signal::ctrl_c};

/// A chat server
#[derive(Parser)]
struct Flags {
    /// Where to listen: 0.0.0.0:7000 for other machines too, 127.0.0.1:0 for any port that is free
    #[arg(default_value = "127.0.0.1:7000")]
    address: String,

    /// Bytes of a line from a client, without its end
    #[arg(long, default_value_t = Limits::default().line, value_parser = limit())]
    line: usize,

    /// Lines that may wait for a client which does not read, beside those in the buffers of its connection
    #[arg(long, default_value_t = Limits::default().waiting, value_parser = limit())]
    waiting: usize,

    /// Seconds that clients have at the end, to read what waits for them
    #[arg(long, default_value_t = 5)]
    grace: u64,
}

fn limit() -> RangedU64ValueParser<usize> {
    RangedU64ValueParser::new().range(1..=100_000)
}

#[tokio::main]
pub async fn main() -> io::Result<()> {
    let flags = Flags::parse();
    // What your server says by `tracing::info!` and its kin comes to stderr.
    tracing_subscriber::fmt().with_writer(io::stderr).init();
    let listener = TcpListener::bind(&flags.address)
        .await
        .unwrap_or_else(|error| {
            eprintln!("cannot listen on {}: {error}", flags.address);
            eprintln!(
                "try another address, or any port that is free: cargo run -p {} -- 127.0.0.1:0",
                env!("CARGO_PKG_NAME")
            );
            exit(1)
        });
    println!("listening on {}", listener.local_addr()?);
    let limits = Limits {
        line: flags.line,
        waiting: flags.waiting,
    };
    let shutdown = serve(listener, limits);
    ctrl_c().await?;
    println!("stopping (Ctrl-C once more: at once)");
    tokio::select! {
        () = shutdown.stop(Duration::from_secs(flags.grace)) => Ok(()),
        // A second one: now.
        pressed = ctrl_c() => pressed,
    }
}
