//! Clients that talk as fast as they hear, and what they measure.

use crate::servers;
use std::{
    env, fs,
    io::{BufRead, BufReader as StdReader},
    process::{Child, Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
    runtime::Runtime,
    sync::Barrier,
    task::JoinSet,
};

/// So many are in a room: one speaks, two never read, the others listen.
const ROOM: usize = 20;

#[derive(Clone, Copy)]
pub struct Measured {
    /// Lines a second, by all that listen.
    pub heard: f64,
    /// Milliseconds from the `SAY` to the `SAID`: half of the lines came sooner.
    pub median: f64,
    /// And 99 of 100.
    pub late: f64,
    /// KiB of the server's memory, when all were there and nobody had spoken.
    pub memory: f64,
}

pub fn measure(server: &str, clients: usize, time: Duration) -> Measured {
    let mut server = Server::start(server);
    let runtime = Runtime::new().expect("a runtime can be started");
    let before = server.memory();
    let measured = runtime.block_on(async {
        let begin = Instant::now();
        let all_in = Arc::new(Barrier::new(clients + 1));
        let go = Arc::new(Barrier::new(clients + 1));
        let mut tasks = JoinSet::new();
        for number in 0..clients {
            let stream = TcpStream::connect(&server.address).await;
            let stream = stream.expect("the server listens, and files may be opened: `ulimit -n`");
            stream.set_nodelay(true).expect("a socket");
            let (all_in, go) = (Arc::clone(&all_in), Arc::clone(&go));
            tasks.spawn(client(
                number,
                BufReader::new(stream),
                begin,
                time,
                all_in,
                go,
            ));
        }
        all_in.wait().await;
        let memory = server.memory().saturating_sub(before);
        go.wait().await;
        let mut late: Vec<u32> = tasks.join_all().await.into_iter().flatten().collect();
        late.sort_unstable();
        let at = |part: f64| {
            let micros = late.get((late.len() as f64 * part) as usize);
            f64::from(micros.copied().unwrap_or(0)) / 1000.0
        };
        Measured {
            heard: late.len() as f64 / time.as_secs_f64(),
            median: at(0.5),
            late: at(0.99),
            memory: memory as f64 / clients as f64,
        }
    });
    drop(server.child.stdin.take());
    let _ = server.child.wait();
    measured
}

struct Server {
    child: Child,
    address: String,
}

impl Server {
    fn start(name: &str) -> Self {
        let mut child = Command::new(env::current_exe().expect("this program has a path"))
            .env(servers::NAME, name)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("this program can be started");
        let mut address = String::new();
        let stdout = child.stdout.take().expect("it is piped");
        let read = StdReader::new(stdout).read_line(&mut address);
        read.expect("the server says its address");
        let address = address.trim().to_owned();
        Self { child, address }
    }

    /// KiB that it has in memory; 0 where there is no /proc.
    fn memory(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()));
        let status = status.unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
        kib.unwrap_or(0)
    }
}

/// Microseconds from said to heard, of each line that it hears.
async fn client(
    number: usize,
    mut stream: BufReader<TcpStream>,
    begin: Instant,
    time: Duration,
    all_in: Arc<Barrier>,
    go: Arc<Barrier>,
) -> Vec<u32> {
    let (room, place) = (number / ROOM, number % ROOM);
    let mut line = format!("NICK c{number}\nJOIN r{room}\n");
    let written = stream.write_all(line.as_bytes()).await;
    written.expect("the server is there");
    let joined = format!("JOINED r{room} c{number}\n");
    while line != joined {
        line.clear();
        stream
            .read_line(&mut line)
            .await
            .expect("the server is there");
    }
    all_in.wait().await;
    go.wait().await;
    let end = Instant::now() + time;
    let mut late = Vec::new();
    match place {
        1 | 2 => tokio::time::sleep(time).await,
        _ => {
            let listens = async {
                if place == 0 {
                    says(&mut stream, begin).await;
                }
                while let Some(said) = hears(&mut stream, &mut line).await {
                    let now = begin.elapsed().as_micros() as u64;
                    late.push(now.saturating_sub(said) as u32);
                    if place == 0 {
                        says(&mut stream, begin).await;
                    }
                }
            };
            // Nobody may be left to speak.
            let _ = tokio::time::timeout_at(end.into(), listens).await;
        }
    }
    late
}

async fn says(stream: &mut BufReader<TcpStream>, begin: Instant) {
    let line = format!("SAY {}\n", begin.elapsed().as_micros());
    let _ = stream.write_all(line.as_bytes()).await; // its time may be over
}

/// When the next line was said, in microseconds. What is no `SAID` is passed over.
async fn hears(stream: &mut BufReader<TcpStream>, line: &mut String) -> Option<u64> {
    loop {
        line.clear();
        let read = stream.read_line(line).await.ok()?;
        if read == 0 {
            return None;
        }
        if line.starts_with("SAID") {
            return line.trim_end().rsplit(' ').next()?.parse().ok();
        }
    }
}
