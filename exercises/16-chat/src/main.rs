//! Your server as a program: `cargo run -p chat`, or `cargo run -p chat -- 0.0.0.0:7000` to listen to other machines too. Talk to it
//! with `nc 127.0.0.1 7000`; Ctrl-C says goodbye to all.

use chat::{Limits, serve};
use std::{env, io, process::exit, time::Duration};
use tokio::{net::TcpListener, signal::ctrl_c};

/// So long clients may take to read what waits for them, before the server ends without them.
const GRACE: Duration = Duration::from_secs(5);

#[tokio::main]
pub async fn main() -> io::Result<()> {
    let address = env::args().nth(1).unwrap_or("127.0.0.1:7000".into());
    let listener = TcpListener::bind(&address).await.unwrap_or_else(|error| {
        eprintln!("cannot listen on {address}: {error}");
        eprintln!(
            "try another address, or any port that is free: cargo run -p chat -- 127.0.0.1:0"
        );
        exit(1)
    });
    println!("listening on {}", listener.local_addr()?);
    let shutdown = serve(listener, Limits::default());
    ctrl_c().await?;
    println!("stopping");
    tokio::select! {
        () = shutdown.stop(GRACE) => Ok(()),
        // A second one: now.
        pressed = ctrl_c() => pressed,
    }
}
