//! The servers: the solution of chapter 16, the same on an actor library, and the other designs that are right.

use std::io::{self, Read};
use tokio::{net::TcpListener, runtime::Runtime, task::spawn_blocking};

/// Names the server that this process is to be.
pub const NAME: &str = "CHAT_SERVER";

pub const ALL: [&str; 5] = ["actors", "kameo", "mutex", "hub", "broadcast"];

/// As the page calls it.
pub fn words(name: &str) -> &'static str {
    match name {
        "actors" => "an actor for each room (the solution)",
        "kameo" => "the same on Kameo",
        "mutex" => "`Arc<Mutex>`",
        "hub" => "one hub",
        _ => "a room is a broadcast channel",
    }
}

#[allow(dead_code)] // what only a learner needs
#[path = "../../../../solutions/16-chat/src/lib.rs"]
mod actors;
#[allow(dead_code)]
#[path = "../../../../solutions/16-chat/accepted/room_is_a_broadcast.rs"]
mod broadcast;
#[allow(dead_code)]
#[path = "../../../../solutions/16-chat/accepted/one_hub.rs"]
mod hub;
#[allow(dead_code)]
#[path = "../../../../solutions/16-chat/accepted/shared_state.rs"]
mod mutex;

mod on_kameo;

/// Serves until its stdin ends. The first line that it prints is its address.
pub fn run(name: &str) {
    let runtime = Runtime::new().expect("a runtime can be started");
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        println!("{}", listener.local_addr().expect("it is bound"));
        // Dropping the Shutdown at the end ends the server.
        match name {
            "actors" => until_the_end(actors::serve(listener, actors::Limits::default())).await,
            "kameo" => until_the_end(on_kameo::serve(listener, actors::Limits::default())).await,
            "mutex" => until_the_end(mutex::serve(listener, mutex::Limits::default())).await,
            "hub" => until_the_end(hub::serve(listener, hub::Limits::default())).await,
            _ => until_the_end(broadcast::serve(listener, broadcast::Limits::default())).await,
        }
    });
}

async fn until_the_end<S>(_shutdown: S) {
    let stdin = spawn_blocking(|| io::stdin().read_to_end(&mut Vec::new()));
    let _ = stdin.await; // an error is an end, too
}
