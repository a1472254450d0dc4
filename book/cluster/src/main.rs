//! `cargo run -p cluster -- node a` on as many machines as you like, and `cargo run -p cluster -- client` on any.

use anyhow::Context;
use clap::{Parser, Subcommand};
use cluster::{Buckets, Node, SequencerHandle};
use std::{
    collections::HashSet,
    process::ExitCode,
    time::{Duration, Instant},
};
use tokio::{signal::ctrl_c, time::sleep};

/// Numbers from a room that lives on one of many nodes.
#[derive(Parser)]
struct Options {
    /// Address of the NATS server
    #[arg(long, global = true, default_value = "127.0.0.1:4222")]
    server: String,
    /// Name of the room
    #[arg(long, global = true, default_value = "rust")]
    room: String,
    #[command(subcommand)]
    part: Part,
}

#[derive(Subcommand)]
enum Part {
    /// Be a machine on which the room can live, until Ctrl-C
    Node {
        /// A name of its own
        name: String,
    },
    /// Ask for number after number
    Client {
        /// For how many seconds
        #[arg(long, default_value_t = 20)]
        seconds: u64,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Options::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(Options { server, room, part }: Options) -> anyhow::Result<()> {
    let client = cluster::connect(&server).await?;
    match part {
        Part::Node { name } => {
            let buckets = Buckets::open(&client).await?;
            let node = Node {
                client: client.clone(),
                buckets,
                name,
                room,
            };
            node.run(stopped()).await;
            client.flush().await.context("the last words are lost")
        }
        Part::Client { seconds } => {
            let handle = SequencerHandle::new(client, &room, Duration::from_millis(500));
            ask(&handle, Duration::from_secs(seconds)).await;
            Ok(())
        }
    }
}

/// Ready at Ctrl-C. Where that cannot be heard, never.
async fn stopped() {
    if ctrl_c().await.is_err() {
        std::future::pending().await
    }
}

/// Asks one after the other, and prints each silence and what came in all.
async fn ask(handle: &SequencerHandle, time: Duration) {
    let start = Instant::now();
    let (mut told, mut twice, mut largest) = (HashSet::new(), 0, 0);
    let mut silent_since = None;
    while start.elapsed() < time {
        match handle.next_number().await {
            Ok(number) => {
                if let Some(since) = silent_since.take() {
                    let [at, lasted] = [start.elapsed(), Instant::now() - since];
                    println!(
                        "{:5.1} s: {number}, after {:.1} s",
                        at.as_secs_f64(),
                        lasted.as_secs_f64()
                    );
                }
                twice += usize::from(!told.insert(number));
                largest = largest.max(number);
            }
            Err(error) => {
                if silent_since.is_none() {
                    silent_since = Some(Instant::now());
                    println!("{:5.1} s: {error}", start.elapsed().as_secs_f64());
                }
                sleep(Duration::from_millis(20)).await;
            }
        }
    }
    println!(
        "{} numbers, {twice} of them twice, the largest {largest}",
        told.len()
    );
}
